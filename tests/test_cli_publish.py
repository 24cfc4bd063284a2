"""`ivr publish`: what it plays before anybody hears it, and what keeps it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr.cli import main
from tests.test_handbook import TINY

CALLS = """\
begin:
  - dial: 1500
calls:
  Jam layanan:
    - press: 1
    - hear: buka pukul delapan
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVR_STATE", str(tmp_path / "state"))
    for name, text in {**TINY, "calls/office.yaml": CALLS}.items():
        path = tmp_path / "flows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "flows"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_the_scripts_are_played_first(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("publish", str(tiny)) == 0
    assert ", 1 call tried\n" in capsys.readouterr().out


def test_a_call_that_goes_otherwise_keeps_the_flows_back(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tiny / "calls" / "office.yaml"
    script.write_text(CALLS.replace("delapan", "sembilan"))
    assert run("publish", str(tiny)) == 1
    told = capsys.readouterr().err
    assert f"{script}:6:7: Jam layanan" in told
    assert "--untested" in told
    assert told.endswith("\nnothing was published: 1 call of 1 did not go as written\n")
    assert run("bundles") == 0
    assert "nothing was published yet" in capsys.readouterr().out
    assert run("publish", str(tiny), "--untested") == 0
    assert ", untested\n" in capsys.readouterr().out


def test_a_stale_translation_keeps_the_flows_back(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IVR_FLOWS", str(tiny))
    hotline, hello = tiny / "hotline.yaml", tiny / "hello.yaml"
    hotline.write_text(hotline.read_text().replace("[id]", "[id, en]"))
    run("texts", "missing")
    wanted = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("#")]
    (tiny / "texts").mkdir()
    (tiny / "texts" / "en.yaml").write_text("".join(f"{line} Hello.\n" for line in wanted))
    run("texts", "status")
    assert f"{len(wanted)} never accepted" in capsys.readouterr().out
    assert run("texts", "accept") == 0
    run("texts", "status")
    assert "never accepted" not in capsys.readouterr().out
    hello.write_text(hello.read_text().replace("lima belas", "enam belas"))
    assert run("texts", "stale") == 1
    assert "\n# now: Hello.\n" in capsys.readouterr().out
    assert run("publish", str(tiny)) == 1
    told = capsys.readouterr().err
    assert "[stale-text]" in told
    last = "nothing was published: 1 translation is stale; change it, or `ivr texts accept ID`\n"
    assert told.endswith(last)
    assert run("publish", str(tiny), "--untested") == 0


def test_differences_are_told_in_indonesian(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IVR_FLOWS", str(tiny))
    assert run("publish", str(tiny)) == 0
    capsys.readouterr()
    assert run("diff", "--language", "id") == 0
    assert capsys.readouterr().out == "tidak ada perbedaan\n"
    hotline = tiny / "hotline.yaml"
    hotline.write_text(f"{hotline.read_text()}limits:\n  turns: 77\n")
    assert run("diff", "--language", "id") == 1
    assert capsys.readouterr().out == "layanan, limits: turns kini 77, sebelumnya 500\n"


def test_a_note_is_one_line(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for note in ("one\ntwo", "\x1b[2J"):
        assert run("publish", str(tiny), "--note", note) == 2
        assert "--note: the note has more than one line" in capsys.readouterr().err


def test_a_refusal_is_told_to_people_and_programs(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hello = tiny / "hello.yaml"
    hello.write_text(hello.read_text() + "  lost: {type: nothing}\n  more: {type: nothing}\n")
    for more in ([], ["--at", "2999-01-01T10:00"]):
        assert run("publish", str(tiny), "--json", *more) == 1
        told = capsys.readouterr()
        plain = json.loads(told.out)
        assert plain["published"] is False
        assert plain["why"] == f"{len(plain['faults'])} faults"
        assert told.err.endswith(f"\nnothing was published: {plain['why']}\n")


def test_bundles_are_listed_on_the_clock_of_the_hotline(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hotline, hello = tiny / "hotline.yaml", tiny / "hello.yaml"
    hotline.write_text(hotline.read_text() + "timezone: Asia/Jayapura\n")
    run("publish", str(tiny))
    hello.write_text(hello.read_text().replace("lima belas", "enam belas"))
    run("publish", str(tiny), "--untested")
    run("rollback")
    capsys.readouterr()
    assert run("bundles") == 0
    head, back, second, first = capsys.readouterr().out.splitlines()
    assert head.split() == ["bundle", "from", "state", "act", "scripts", "by", "note"]
    assert " WIT  in force  rollback  " in back
    assert "untested" not in back
    assert "publish   untested" in second
    assert "publish   1 tried" in first


def test_a_time_that_is_none_is_told_as_everywhere(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("publish", str(tiny), "--at", "31/12/2026") == 2
    assert "Give both in this form: 2026-12-25T10:00" in capsys.readouterr().err


def test_coverage_needs_all_calls(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test", str(tiny), "--coverage", "-k", "Jam") == 2
    assert "coverage needs all calls" in capsys.readouterr().err


def test_a_diagram_says_where_it_is(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IVR_FLOWS", str(tiny))
    file = tiny.parent / "flows.mmd"
    assert run("diagram", "-o", str(file)) == 0
    assert capsys.readouterr().out == f"wrote {file}\n"
