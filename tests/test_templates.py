from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.templates import (
    SPEECH_KINDS,
    Placeholder,
    TemplateFault,
    list_placeholders,
    parse_template,
    whole_placeholder,
)
from ivr.speech.kinds import KINDS


def test_kinds_are_those_that_can_be_spoken() -> None:
    assert tuple(KINDS) == SPEECH_KINDS


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("Halo.", ("Halo.",)),
        ("{a}", (Placeholder("a"),)),
        ("Rp {amount:rupiah}!", ("Rp ", Placeholder("amount", "rupiah"), "!")),
        ("{ tax.status : text }", (Placeholder("tax.status", "text"),)),
        ("{a}{b}", (Placeholder("a"), Placeholder("b"))),
        ("{{a}}", ("{a}",)),
        ("{{{a}}}", ("{", Placeholder("a"), "}")),
        ("x{{y{a}", ("x{y", Placeholder("a"))),
    ],
)
def test_parts(text: str, parts: tuple[str | Placeholder, ...]) -> None:
    assert parse_template(text) == parts
    assert list_placeholders(text) == tuple(p for p in parts if isinstance(p, Placeholder))


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("ab {", "brace-alone", 3),
        ("ab } c", "brace-alone", 3),
        ("a {b {c}", "brace-alone", 2),
        ("{}", "placeholder-name", 0),
        ("x {A}", "placeholder-name", 2),
        ("{a.b.c}", "placeholder-name", 0),
        ("{a:}", "speech-kind", 0),
        ("{a:nummer}", "speech-kind", 0),
        ("{a:number:rupiah}", "speech-kind", 0),
    ],
)
def test_faults(text: str, code: str, offset: int) -> None:
    with pytest.raises(TemplateFault) as caught:
        parse_template(text)
    assert (caught.value.code, caught.value.offset) == (code, offset)


def test_whole_placeholder() -> None:
    assert whole_placeholder("{a.b}") == Placeholder("a.b")
    assert whole_placeholder(" {a}") is None
    assert whole_placeholder("a") is None
    assert Placeholder("a.b").variable == "a"


@given(st.text())
def test_doubled_braces_are_characters(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert "".join(map(str, parse_template(doubled))) == text


@given(st.text(alphabet="{}a.: ", max_size=12))
def test_any_text_is_a_template_or_has_a_fault_in_it(text: str) -> None:
    fault = find_fault(text)
    assert fault is None or text[fault.offset] in "{}"


def find_fault(text: str) -> TemplateFault | None:
    try:
        parse_template(text)
    except TemplateFault as fault:
        return fault
    return None
