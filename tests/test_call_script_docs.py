"""docs/call-scripts.md is executed: its examples load and come true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.flow.loader import check_directory, load_directory
from ivr.scripts.checks import select
from ivr.scripts.loader import load_scripts
from ivr.scripts.model import VERBS
from ivr.scripts.running import run_scripts
from tests.handbook import read_files
from tests.test_handbook import TINY

DOCS = (Path(__file__).parent.parent / "docs" / "call-scripts.md").read_text()


@pytest.fixture
def documented(tmp_path: Path) -> Callable[[str], Path]:
    """The directory of the handbook's quick start with the examples of the docs, 1500 → a flow."""

    def write(flow: str) -> Path:
        hotline = TINY["hotline.yaml"].replace(": hello", f": {flow}")
        for name, text in {**TINY, **read_files(DOCS), "hotline.yaml": hotline}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("flow", "wanted", "calls"),
    [("hello", "hours", 1), ("hello", "office", 2), ("example_script", "trains", 3)],
)
def test_the_examples_of_the_docs_come_true(
    documented: Callable[[str], Path], flow: str, wanted: str, calls: int
) -> None:
    path = documented(flow)
    bundle = load_directory(path)
    scripts, faults = load_scripts(path, bundle)
    assert faults == []
    report = run_scripts(select(scripts, f"{wanted}:"), bundle)
    assert len(report.results) == calls
    assert [one.failure for one in report.failed] == []


def test_answers_of_sources_are_checked(documented: Callable[[str], Path]) -> None:
    path = documented("example_script")
    (path / "calls" / "trains.yaml").write_text(
        "calls:\n  A:\n    - dial: 1500\n    - lookups:\n        trains:\n"
        "          - failed\n          - found: {leaves: x}\n    - hear: x\n"
    )
    _, faults = load_scripts(path, check_directory(path)[0])
    assert [(fault.line, fault.code) for fault in faults] == [
        (7, "missing-field"),
        (7, "script-field"),
    ]


def test_every_step_stands_in_the_docs() -> None:
    assert [verb for verb in VERBS if f"`{verb}" not in DOCS] == []
