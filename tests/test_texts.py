"""Translations: coverage, stale marks, and how a designer lives with them in a text editor."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.errors import FlowError
from ivr.flow.acceptance import list_unpublishable
from ivr.flow.loader import check_directory
from tests.flow_cases import GOOD

ID = "tax.welcome.say"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "flows")
    return tmp_path / "flows"


def run(flows: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["texts", *arguments], env={"IVR_FLOWS": str(flows)})


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def codes(flows: Path) -> list[str]:
    return [fault.code for fault in check_directory(flows)[1]]


def test_a_changed_original_makes_its_translation_stale(flows: Path) -> None:
    assert run(flows, "accept").output == "en: 23 belong to their originals, 0 stale\n"
    assert codes(flows) == []
    change(flows / "tax.yaml", "say: Selamat datang.", "say: Selamat datang di kantor pajak.")
    bundle, faults = check_directory(flows)
    assert bundle is not None
    assert [(fault.code, fault.severity) for fault in faults] == [("stale-text", "warning")]
    assert faults[0].file == (flows / "texts/en.yaml").as_posix()
    assert list_unpublishable(faults) == faults
    ran = run(flows, "stale")
    assert ran.exit_code == 1
    original, now = "# Selamat datang di kantor pajak.\n", "# now: Welcome.\n"
    assert ran.output == f"# texts/en.yaml: 1\n{original}{now}{ID}:\n"


def test_changing_the_translation_too_is_enough(flows: Path) -> None:
    run(flows, "accept")
    change(flows / "tax.yaml", "say: Selamat datang.", "say: Selamat datang di kantor pajak.")
    change(flows / "texts/en.yaml", "say: Welcome.", "say: Welcome to the tax office.")
    assert codes(flows) == []
    run(flows, "accept")
    change(flows / "tax.yaml", "di kantor pajak.", "di kantor pajak kami.")
    assert codes(flows) == ["stale-text"]


@pytest.mark.parametrize("arguments", [(ID,), ("--all",)])
def test_a_designer_can_say_that_it_still_fits(flows: Path, arguments: tuple[str, ...]) -> None:
    run(flows, "accept")
    change(flows / "tax.yaml", "say: Selamat datang.", "say: Selamat datang!")
    assert run(flows, "accept").output == "en: 22 belong to their originals, 1 stale\n"
    assert codes(flows) == ["stale-text"]
    assert run(flows, "accept", *arguments).output.endswith(" 0 stale\n")
    assert codes(flows) == []


def test_without_anything_accepted_nothing_is_stale(flows: Path) -> None:
    change(flows / "tax.yaml", "say: Selamat datang.", "say: Selamat datang!")
    assert codes(flows) == []


def test_what_was_accepted_does_not_change_the_bundle(flows: Path) -> None:
    before, _ = check_directory(flows)
    run(flows, "accept")
    after, _ = check_directory(flows)
    assert before is not None
    assert after is not None
    assert before.hash == after.hash


def test_coverage(flows: Path) -> None:
    run(flows, "accept")
    change(flows / "tax.yaml", "say: Selamat datang.", "say: Selamat datang!")
    change(flows / "texts/en.yaml", "  english: English\n", "")
    measured = json.loads(run(flows, "status", "--json").output)["en"]
    parts = measured.pop("flows")
    assert measured.pop("unaccepted") == 0
    assert measured == {"texts": 22, "missing": 1, "stale": 1, "percent": 90}
    assert parts["tax"] == {"texts": 13, "missing": 1, "stale": 1, "percent": 84}
    assert parts["hotline"] == {"texts": 2, "missing": 0, "stale": 0, "percent": 100}
    told = run(flows, "status").output.splitlines()
    assert told[0] == "en: 90 % of 22, 1 missing, 1 stale"
    assert "  hotline: 100 % of 2" in told
    ran = run(flows, "missing")
    assert ran.exit_code == 1
    assert ran.output.endswith("# bahasa Inggris\ntax.main.options.english:\n")
    plain = json.loads(run(flows, "missing", "--json").output)
    assert plain == {"en": {"tax.main.options.english": "bahasa Inggris"}}


def test_faults_and_unknown_ids_are_told(flows: Path) -> None:
    told = str(run(flows, "accept", "tax.welcom.say").exception)
    assert told.endswith("there is no text tax.welcom.say\n  Did you mean tax.welcome.say?")
    change(flows / "texts/en.yaml", "  english: English\n", "")
    assert isinstance(run(flows, "accept").exception, FlowError)
    assert not (flows / "texts/en.accepted.yaml").exists()
