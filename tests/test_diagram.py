"""Pictures of flows: complete, escaped, with faults marked, also where little could be read."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.cli.diagram import lay_out
from ivr.errors import SetupError
from ivr.flow.assembly import Examined, examine
from ivr.flow.diagram.dot import write_dot
from ivr.flow.diagram.flows import draw_flows
from ivr.flow.diagram.mermaid import write_mermaid
from ivr.flow.diagram.overview import draw_overview
from ivr.flow.diagram.picture import Picture
from ivr.flow.loader import load_directory, load_phrases
from tests.flow_cases import BAD, DATA, GOOD, read_case, read_directory

ROOT = Path(__file__).parent.parent
GOLDEN = DATA.parent / "diagrams"
HEALTH = ("health", *(f"health/{name}" for name in ("beds", "facilities", "information")))
SVG = "{http://www.w3.org/2000/svg}"
TIP = "{http://www.w3.org/1999/xlink}title"


def office(**changed: bytes) -> Examined:
    files = {**read_directory(GOOD), **{f"{name}.yaml": data for name, data in changed.items()}}
    return examine(files, load_phrases())


@pytest.mark.parametrize("name", ["tax.mmd", "tax.dot", "overview.mmd"])
def test_pictures_are_as_they_were(name: str, request: pytest.FixtureRequest) -> None:
    """`pytest --update` rewrites them; the difference is read."""
    plan = office().plan
    picture = draw_flows(plan, ["tax"], {}) if "tax" in name else draw_overview(plan, {})
    written = write_dot(picture) if name.endswith(".dot") else write_mermaid(picture)
    if request.config.getoption("--update"):
        (GOLDEN / name).write_text(written, "utf-8")
    assert (GOLDEN / name).read_text("utf-8") == written


def test_every_exit_has_an_arrow_or_a_word() -> None:
    bundle = load_directory(ROOT / "flows")
    plan = examine(read_directory(ROOT / "flows"), load_phrases()).plan
    for name, flow in bundle.flows.items():
        picture = draw_flows(plan, [name], {})
        boxes = {box.id: box for box in picture.boxes()}
        assert {box.name for box in boxes.values()} >= set(flow.nodes)
        for box in boxes.values():
            for row in box.rows:
                assert bool(row.target) != bool(row.word)
                assert not row.target or row.target in boxes
            if box.kind in ("menu", "choose", "lookup"):
                assert box.rows
        assert "missing" not in {box.kind for box in boxes.values()}


def draw_all(examined: Examined) -> list[Picture]:
    plan = examined.plan
    each = [draw_flows(plan, [name], {}) for name in plan.flows]
    return [draw_overview(plan, {}), draw_flows(plan, list(plan.flows), {}), *each]


def test_nothing_that_is_broken_lacks_a_picture() -> None:
    for path in BAD[::5]:
        examined = examine(read_case(path).files, load_phrases())
        for picture in draw_all(examined):
            assert write_mermaid(picture).startswith("flowchart LR\n")
            assert write_dot(picture).endswith("}\n")


HOSTILE = b"""\
flow: tax
title: '"]; <script>alert(1)</script> \\N %% &amp;'
start: main
nodes:
  main:
    type: menu
    say: '"> <svg onload="x"> ${x} \\" {{n}}'
    options:
      - key: 1
        name: end
        label: 'a|b"] --> c; click <b>'
        next: nowhere
  typo:
    typ: say
"""


def test_what_is_written_stays_text() -> None:
    examined = office(tax=HOSTILE)
    picture = draw_flows(examined.plan, ["tax"], {("tax", "main"): ['<"fault">']})
    svg = lay_out(write_dot(picture)).decode()
    root = ElementTree.fromstring(svg)
    assert "script" not in {element.tag.removeprefix(SVG) for element in root.iter()}
    shown = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    assert '"]; <script>alert(1)</script> \\N %% &amp; (tax)' in shown.replace("\xa0", " ")
    assert '<"fault">' in {link.get(TIP) for link in root.iter(f"{SVG}a")}
    for line in write_mermaid(picture).splitlines():
        assert re.fullmatch(r'[^"]*("[^"|<\[\]{}]*(<br>[^"|<\[\]{}]*)*"[^"]*)*', line), line


def test_what_does_not_exist_and_what_cannot_be_read_is_drawn() -> None:
    picture = draw_flows(office(tax=HOSTILE).plan, ["tax"], {})
    kinds = {box.name: box.kind for box in picture.boxes()}
    assert kinds["nowhere"] == "missing"
    assert kinds["typo"] == "unread"


def run(*arguments: str, flows: Path = ROOT / "flows") -> Result:
    return CliRunner().invoke(cli, ["diagram", *arguments], env={"IVR_FLOWS": str(flows)})


def test_sixty_nodes_as_svg(tmp_path: Path) -> None:
    """Each node has its name in the picture, and each group its flow's title."""
    out = tmp_path / "health.svg"
    assert run(*HEALTH, "health/membership", "-o", str(out)).exit_code == 0
    root = ElementTree.fromstring(out.read_bytes())
    shown = {"".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")}
    bundle = load_directory(ROOT / "flows")
    flows = [bundle.flows[name] for name in (*HEALTH, "health/membership")]
    assert sum(len(flow.nodes) for flow in flows) >= 60
    for flow in flows:
        assert f"{flow.title} ({flow.flow})" in shown
        assert set(flow.nodes) <= shown


def test_a_fault_is_red_and_says_what_it_is(tmp_path: Path) -> None:
    for name, data in read_directory(GOOD).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data.replace(b"found: tell", b"found: tel"))
    assert run("tax", "-o", str(tmp_path / "tax.svg"), flows=tmp_path).exit_code == 0
    root = ElementTree.fromstring((tmp_path / "tax.svg").read_bytes())
    tips = {link.get(TIP) for link in root.iter(f"{SVG}a")}
    assert "there is no node 'tel'; did you mean 'tell'?" in tips
    assert any(one.get("fill") == "#c00000" for one in root.iter(f"{SVG}polygon"))
    told = run("tax", "--language", "id", flows=tmp_path)
    assert "maksud Anda" in told.output
    assert "\n  class " in told.output


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    assert str(run("taxx").exception) == (
        f"{ROOT / 'flows'}: there is no flow taxx\n  Did you mean tax?"
    )
    told = run("tax", "-o", str(tmp_path / "tax.png")).exception
    assert str(told).endswith("Let it end in .svg or .mmd.")
    (tmp_path / "tax.yaml").write_text("[")
    broken = str(run("tax", flows=tmp_path).exception)
    assert broken.startswith(f"{tmp_path / 'tax.yaml'}: of this flow nothing can be read")
    with pytest.raises(SetupError, match="apt-get install graphviz"):
        lay_out("", program="no-such-dot")
    with pytest.raises(SetupError, match="could not lay the picture out"):
        lay_out("digraph {")
