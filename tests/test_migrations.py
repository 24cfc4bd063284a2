"""Migrations: golden directories, comments and quotes kept, every fault a sentence.

`tests/data/migrations/<name>/before` becomes `after`; `pytest --update` rewrites `after`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.errors import UsageError
from ivr.flow.loader import check_directory
from ivr.flow.versions import LANGUAGE
from ivr.migrations import STEPS, Documents, Step, migrate
from tests.flow_cases import read_directory

ROOT = Path(__file__).parent
DATA = ROOT / "data" / "migrations"


def rename_first_key(documents: Documents) -> None:
    """As a version might rename a field, wherever it stands."""
    for document in documents.values():
        if isinstance(document, dict):
            for place in (document.get("defaults"), *document.get("nodes", {}).values()):
                if place and "first_key" in place:
                    at = list(place).index("first_key")
                    comment = place.ca.items.pop("first_key", None)
                    place.insert(at, "await_key", place.pop("first_key"))
                    if comment:
                        place.ca.items["await_key"] = comment


def count_keys(documents: Documents) -> None:
    for node in documents["main.yaml"]["nodes"].values():
        for option in node.get("options", []):
            option["key"] += 1


TWO = (Step(2, "first_key is now await_key", rename_first_key), Step(3, "keys move", count_keys))

GOLDEN = {"1": STEPS, "rename": TWO}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_directory_is_migrated(name: str, request: pytest.FixtureRequest) -> None:
    before = read_directory(DATA / name / "before")
    after = {**before, **migrate(before, GOLDEN[name])}
    if request.config.getoption("--update"):
        shutil.rmtree(DATA / name / "after", ignore_errors=True)
        for file, data in after.items():
            (DATA / name / "after" / file).parent.mkdir(parents=True, exist_ok=True)
            (DATA / name / "after" / file).write_bytes(data)
    golden = read_directory(DATA / name / "after")
    assert {file: data.decode() for file, data in after.items()} == {
        file: data.decode() for file, data in golden.items()
    }


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_migrated_stays_as_it_is(name: str) -> None:
    assert migrate(read_directory(DATA / name / "after"), GOLDEN[name]) == {}


def test_every_version_of_the_language_has_its_golden_directory() -> None:
    assert {str(version) for version in range(1, LANGUAGE + 1)} <= {x.name for x in DATA.iterdir()}
    assert [step.to for step in STEPS] == list(range(2, LANGUAGE + 1))


def test_the_golden_directory_of_the_present_version_has_no_fault() -> None:
    _, faults = check_directory(DATA / str(LANGUAGE) / "after")
    assert [str(fault) for fault in faults] == []


@pytest.mark.parametrize("flows", [ROOT.parent / "flows", ROOT / "data/flows/good/office"])
def test_real_flows_keep_every_byte_but_the_version(flows: Path) -> None:
    before = read_directory(flows)
    changed = migrate(before)
    assert changed.keys() <= {"hotline.yaml"}
    after = {**before, **changed}["hotline.yaml"]
    line = b"flow_language: 1\n"
    assert line in after
    assert after.replace(line, b"") == before["hotline.yaml"].replace(line, b"")


def test_line_ends_are_kept() -> None:
    files = {"hotline.yaml": b"hotline: desa\r\nlanguages: [id]\r\n"}
    changed = b"hotline: desa\r\nflow_language: 1\r\nlanguages: [id]\r\n"
    assert migrate(files) == {"hotline.yaml": changed}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "there is no hotline.yaml"),
        ({"hotline.yaml": b"a: [\n"}, "this file is not YAML"),
        ({"hotline.yaml": b"a: \xff\n"}, "this file is not YAML"),
        ({"hotline.yaml": b"a: 2026-02-30\n"}, "this file is not YAML"),
        ({"hotline.yaml": b"[" * 5000}, "this file is not YAML"),
        ({"hotline.yaml": b"- a\n"}, "cannot be read"),
        ({"hotline.yaml": b"hotline: a\nflow_language: soon\n"}, "cannot be read"),
        ({"hotline.yaml": b"hotline: a\nflow_language: 9\n"}, "of version 9 of the language"),
    ],
)
def test_what_cannot_be_migrated_is_told(files: dict[str, bytes], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        migrate(files)


OLD = read_directory(DATA / "1/before")["hotline.yaml"]
Capture = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_the_command_shows_first_and_writes_when_told(tmp_path: Path, capsys: Capture) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(DATA / "1" / "before", flows)
    (flows / ".hidden.yaml").write_text("a: [")
    (flows / "hotline.yaml").chmod(0o640)
    assert run("migrate", str(flows)) == 1
    said = capsys.readouterr()
    assert "+flow_language: 1" in said.out
    assert "1 file to change" in said.err
    assert read_directory(flows)["hotline.yaml"] == OLD
    assert run("migrate", str(flows), "--write") == 0
    assert (flows / "hotline.yaml").read_bytes() == (DATA / "1/after/hotline.yaml").read_bytes()
    assert (flows / "hotline.yaml").stat().st_mode & 0o777 == 0o640
    assert run("migrate", str(flows)) == 0
    assert run("migrate", str(tmp_path / "none")) == 2
