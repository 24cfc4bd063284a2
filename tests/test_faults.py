"""Every fault code is explained: its meaning, a wrong example, and a right one that mends it."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.flow import messages
from tests.fault_docs import (
    DOCS,
    EXPLANATIONS,
    mend,
    read_example,
    read_sections,
    write_docs,
    write_explanations,
)
from tests.flow_cases import DATA, find_faults, read_case

EXAMPLES = {code: one for code in messages.CODES if (one := read_example(code)) is not None}
IN_PROSE = {
    *("file-name", "unused-table"),
    *("no-hotline", "unreadable-file", "yml-file", "too-large", "not-utf8", "empty-file"),
    *("unreadable-character", "too-many-parts", "override-expired", "no-holidays"),
}
"""What no lines of a file can show: these say in words what is wrong and right."""


def test_every_code_is_explained() -> None:
    assert set(read_sections(DOCS.read_text("utf-8"))) == set(messages.CODES)
    assert set(EXAMPLES) == set(messages.CODES) - IN_PROSE


@pytest.mark.parametrize("code", sorted(IN_PROSE))
def test_others_say_what_is_wrong_and_right(code: str) -> None:
    meaning = read_sections(DOCS.read_text("utf-8"))[code]
    assert "Wrong: " in meaning
    assert "Right: " in meaning


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_right_lines_mend_the_fault(code: str) -> None:
    """The wrong ones stand in a directory that has the fault (tests/test_checks.py)."""
    mended = mend(read_case(DATA / "bad" / f"{code}.case").files, EXAMPLES[code])
    assert mended is not None, "the wrong lines stand in no file"
    _, faults = find_faults(mended)
    assert code not in [fault.code for fault in faults]


def test_docs_show_the_examples(request: pytest.FixtureRequest) -> None:
    """`pytest --update` rewrites the examples, and what `ivr explain` reads."""
    text = DOCS.read_text("utf-8")
    made = write_docs(text, EXAMPLES)
    explained = json.dumps(write_explanations(text, EXAMPLES), indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--update"):
        DOCS.write_text(made, "utf-8")
        EXPLANATIONS.write_text(explained, "utf-8")
    assert DOCS.read_text("utf-8") == made
    assert EXPLANATIONS.read_text("utf-8") == explained


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments])


def test_command_explains_a_code() -> None:
    assert explain("key-prefix").output == (
        "key-prefix (fault): A key begins with another that means something already, so it could"
        " never be reached.\n\n"
        "tax.yaml:23:9: nodes.main.options.3.key: the key 12 begins with 1, which means something"
        " itself [key-prefix]\n\n"
        "wrong:\n    - key: 12\n\nright:\n    - key: 3\n"
    )
    told = explain("key-prefix", "--language", "id").output
    assert told.startswith("key-prefix (kesalahan)\n\ntax.yaml:23:9: ")
    assert "\n\nsalah:\n    - key: 12\n\nbenar:\n    - key: 3\n\n" in told
    assert told.endswith("hanya ada dalam bahasa Inggris: ivr explain key-prefix\n")


def test_command_explains_in_indonesian_what_has_no_example() -> None:
    assert explain("unreadable-file", "--language", "id").output == (
        "unreadable-file (kesalahan)\n\n"
        "berkas tidak dapat dibaca: …; perbaiki izinnya, atau singkirkan\n\n"
        "Penjelasan lebih panjang hanya ada dalam bahasa Inggris: ivr explain unreadable-file\n"
    )


def test_no_example_has_an_english_remark() -> None:
    """They are shown with Indonesian messages, too: what is commented out is YAML."""
    for code, example in EXAMPLES.items():
        for line in f"{example.wrong}\n{example.right}".splitlines():
            if line.startswith("# "):
                assert re.fullmatch(r"# (flows/\S+\.yaml|[a-z_.]+: .+)", line), code


def test_command_takes_what_is_written_in_brackets_and_guesses() -> None:
    assert explain("[key-prefix]").output == explain("key-prefix").output
    assert "Did you mean key-prefix?" in str(explain("key-prefx").exception)
    assert json.loads(explain("yml-file", "--json").output)["severity"] == "fault"


def test_every_code_can_be_asked_for() -> None:
    for code in messages.CODES:
        for language in ("en", "id"):
            assert explain(code, "--language", language).exit_code == 0
