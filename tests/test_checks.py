from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from ivr.flow import messages
from ivr.flow.assembly import assemble
from ivr.flow.loader import load_phrases
from tests.flow_cases import BAD, GOOD, find_faults, read_case, read_directory

ELSEWHERE = {
    *("yml-file", "unreadable-file", "too-large", "too-many-parts"),
    *("override-expired", "no-holidays"),
}
"""Codes that need a real directory or a large file (tests/test_loader.py), or today's date
(tests/test_calendars.py)."""


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_case_gives_its_faults_and_no_others(path: Path) -> None:
    case = read_case(path)
    bundle, faults = find_faults(case.files)
    assert [str(fault) for fault in faults] == case.told
    assert path.stem.partition(".")[0] in [fault.code for fault in faults]
    told = [fault for fault in faults if not fault.file.startswith("calls/")]
    assert (bundle is None) == any(fault.severity == "fault" for fault in told)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_case_is_told_in_indonesian(path: Path) -> None:
    _, faults = find_faults(read_case(path).files)
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
    files = read_directory(GOOD)
    text = files["tax.yaml"].replace(b"at_most: 3", b"at_most: x")
    text = text.replace(b"found: tell", b"found: tel").replace(b"{days:number}", b"{days:numbers}")
    text = text.replace(
        b"    found: tel\n    not_found: ask\n", b"    found: tell\n    not_found: ak\n"
    )
    _, faults = assemble({**files, "tax.yaml": text}, load_phrases())
    assert [fault.code for fault in faults] == ["speech-kind", "number-expected", "unknown-node"]


def test_a_broken_head_does_not_hide_faults_of_nodes() -> None:
    files = read_directory(GOOD)
    text = files["tax.yaml"].replace(b"title: ", b"titel: ").replace(b"tries: 2", b"tries: two")
    text = text.replace(b"found: tell", b"found: tel")
    _, faults = assemble({**files, "tax.yaml": text}, load_phrases())
    codes = [fault.code for fault in faults]
    assert codes == ["missing-field", "unknown-field", "number-expected", "unknown-node"]
