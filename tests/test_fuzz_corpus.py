"""Bytes that fuzzing found worth keeping, fed again without a fuzzer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "data" / "fuzz"
LARGEST = 1 << 20
"""Bytes of the whole corpus."""


@pytest.mark.parametrize("name", TARGETS)
def test_kept_bytes_break_nothing(name: str) -> None:
    files = sorted((CORPUS / name).iterdir())
    assert files
    for file in files:
        TARGETS[name](file.read_bytes())


def test_every_corpus_has_its_target_and_is_small() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < LARGEST


def test_make_fuzz_runs_every_target() -> None:
    [line] = re.findall(r"^FUZZ := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert set(line.split()) == set(TARGETS)
