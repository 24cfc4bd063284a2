from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from ivr.flow import messages
from ivr.flow.assembly import assemble
from ivr.flow.loader import load_phrases
from tests.flow_cases import BAD, read_case

ELSEWHERE = {"yml-file", "unreadable-file", "too-large", "too-many-parts"}
"""Codes that need a real directory or a large file: tests/test_loader.py."""


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_case_gives_its_faults_and_no_others(path: Path) -> None:
    case = read_case(path)
    bundle, faults = assemble(case.files, load_phrases())
    assert [str(fault) for fault in faults] == case.told
    assert path.stem.partition(".")[0] in [fault.code for fault in faults]
    assert (bundle is None) == any(fault.severity == "fault" for fault in faults)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_case_is_told_in_indonesian(path: Path) -> None:
    _, faults = assemble(read_case(path).files, load_phrases())
    for fault in faults:
        told = fault.tell("id")
        assert told.startswith(fault.place)
        assert told.endswith(f"[{fault.code}]")
        assert fault.sentence("id") != fault.sentence("en")
        assert fault.to_plain("id")["sentence"] == fault.sentence("id")


def test_every_code_has_a_case() -> None:
    covered = {path.stem.partition(".")[0] for path in BAD}
    assert covered == set(messages.CODES) - ELSEWHERE


def test_languages_have_the_same_sentences() -> None:
    english, indonesian = messages.LANGUAGES["en"], messages.LANGUAGES["id"]
    assert list(english) == list(indonesian)
    for code, sentence in english.items():
        assert _fields(sentence) == _fields(indonesian[code]), code
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_warnings_are_codes() -> None:
    assert set(messages.CODES) >= messages.WARNINGS


def test_a_broken_node_does_not_hide_faults_of_others() -> None:
    files = dict(read_case(BAD[0]).files)
    text = read_case(next(path for path in BAD if path.stem == "unknown-node")).files["tax.yaml"]
    text = text.replace(b"    tries: 2\n", b"").replace(
        b"      at_most: 3\n", b"      at_most: x\n"
    )
    text = text.replace(b"{days:number}", b"{dais:number}")
    _, faults = assemble({**files, "tax.yaml": text}, load_phrases())
    codes = [fault.code for fault in faults if fault.file == "tax.yaml"]
    assert {"number-expected", "unknown-node"} <= set(codes)
    assert "unreachable-node" not in codes
