from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import UsageError
from ivr.phone.script import HangUp, Keys, Listen, Speak, Step, Wait, parse_script


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        (" , 1", (Listen(), Keys("1"))),
        ("1,#,w2,12*A#,h", (
            Keys("1"), Listen(), Keys("#"), Listen(), Wait(2.0), Listen(), Keys("12*A#"),
            Listen(), HangUp(),
        )),
        ("w0.5 1v", (Wait(0.5), Keys("1"), Speak())),
        ("w2 1 2", (Wait(2.0), Keys("1"), Keys("2"))),
        ("w12", (Wait(12.0),)),
    ],
)  # fmt: skip
def test_script(text: str, steps: tuple[Step, ...]) -> None:
    assert parse_script(text) == steps


@pytest.mark.parametrize(
    ("text", "place"),
    [("1,x", "'x' at place 3"), ("w", "'w' at place 1"), ("1a", "'a' at place 2")],
)
def test_unknown_sign_is_named(text: str, place: str) -> None:
    with pytest.raises(UsageError, match=place):
        parse_script(text)


@given(st.text(alphabet="0123456789*#ABCD,vhw. x"))
def test_any_text_is_a_script_or_a_usage_error(text: str) -> None:
    try:
        steps = parse_script(text)
    except UsageError:
        return
    assert sum(isinstance(step, Listen) for step in steps) == text.count(",")
