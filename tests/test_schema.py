"""The shipped schemas are what models and handbook make; `pytest --update` rewrites them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.cli import cli
from ivr.flow.loader import read_directory
from ivr.schema import FILES, PLACES, make_schemas
from tests.handbook import kind_of, read_meanings

ROOT = Path(__file__).parent.parent
SHIPPED = (ROOT / "ivr/schema", ROOT / "flows/.schema")
"""The package's own, which `ivr schema` writes, and what it wrote for the shipped flows."""

MADE = make_schemas(read_meanings())


@pytest.mark.parametrize("name", PLACES)
def test_shipped_is_what_the_models_make(name: str, request: pytest.FixtureRequest) -> None:
    made = json.dumps(MADE[name], indent=1, ensure_ascii=False) + "\n"
    for folder in SHIPPED:
        if request.config.getoption("--update"):
            (folder / f"{name}.json").write_text(made, "utf-8")
        assert (folder / f"{name}.json").read_text("utf-8") == made


@pytest.mark.parametrize("name", FILES)
def test_every_property_is_explained(name: str) -> None:
    parts = [MADE[name], *MADE[name]["$defs"].values()]
    for part in parts:
        for field, of in part.get("properties", {}).items():
            assert len(of["description"]) > 10, field
            assert "](" not in of["description"], field
        assert part.get("additionalProperties") is False


def test_no_value_is_null_and_no_name_is_an_inner_one() -> None:
    text = json.dumps(MADE)
    assert '"null"' not in text
    assert "otherwise" in text
    assert '"equals"' not in text


FLOWS = ROOT / "flows"
FILES_READ = [
    *read_directory(FLOWS)[0],
    *(f"calls/{one.name}" for one in (FLOWS / "calls").iterdir()),
]
WRITTEN = [file for file in FILES_READ if ".accepted." not in file]


@pytest.mark.parametrize("file", sorted(WRITTEN))
def test_shipped_flows_name_their_schema(file: str) -> None:
    first, *_ = (ROOT / "flows" / file).read_text("utf-8").splitlines()
    depth = "../" * file.count("/")
    assert first == f"# yaml-language-server: $schema={depth}.schema/{kind_of(file)}.json"


def test_command_writes_the_shipped_schemas(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["schema", "--write", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    written = {file.name: file.read_bytes() for file in (tmp_path / ".schema").iterdir()}
    assert written == {file.name: file.read_bytes() for file in SHIPPED[1].iterdir()}
    assert "hotline.yaml: # yaml-language-server: $schema=.schema/hotline.json\n" in ran.output
    assert "data/NAME.yaml: # yaml-language-server: $schema=../.schema/table.json\n" in ran.output


def test_command_shows_a_schema() -> None:
    ran = CliRunner().invoke(cli, ["schema", "sources"])
    assert json.loads(ran.output) == MADE["sources"]
    assert "flow: NAME.yaml\n" in CliRunner().invoke(cli, ["schema"]).output
