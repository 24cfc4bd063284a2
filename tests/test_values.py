"""Personal and secret values cannot be printed by accident, and survive JSON."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from string import Template

import pytest

from ivr.engine.asking import SourceAnswered
from ivr.engine.events import InputAccepted
from ivr.engine.messages import CaseOpened
from ivr.engine.outcomes import Digits, Found, Started
from ivr.engine.plain import (
    event_from_plain,
    event_to_plain,
    outcome_from_plain,
    outcome_to_plain,
    run_from_plain,
    run_to_plain,
    step_from_plain,
    step_to_plain,
)
from ivr.engine.run import Frame, Place, Run
from ivr.engine.steps import Lookup, Say
from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Personal, Secret, reveal
from ivr.ports import CallSummary, Input, LiveRow, NewCase, Secrets, Turn
from tests.talk import START

CANARY = "081234567890"
NUMBER = 8123456
VALUE = Personal(CANARY)
SECRET = Secret("s-1", 16, False, "checksum")

RUN = Run(
    call="c1",
    bundle="b1",
    dialled="1500",
    caller=VALUE,
    language="id",
    turn=3,
    frames=(
        Frame("main", "ask", {"a": VALUE, "n": Personal(NUMBER), "s": SECRET, "t": True, "i": 7}),
        Frame("more", "ask", {"answer": {"name": VALUE, "year": 2026, "none": None}}, "more"),
    ),
    stage="confirm",
    pending={"value": SECRET},
    trail=(Place("main", "ask", 1, {"a": VALUE}),),
    visits={"main.ask": 2},
    preface=(Utterance("p", "id", "{x}", {"x": Spoken(VALUE, "phone")}),),
    result="tiket",
    started=START,
    step=Lookup("people", {"nik": SECRET, "phone": VALUE, "year": 2026}),
)

PRINT: list[Callable[[object], str]] = [
    repr,
    str,
    lambda value: f"{value}",
    lambda value: f"{value!r:>40}",
    lambda value: f"{value!s} and {value!a}",
    lambda value: Template("$it").substitute(it=value),
    "%s".__mod__,
    "{}".format,
    lambda value: str([value]),
    lambda value: str({"key": value}),
    lambda value: str(copy.deepcopy(value)),
]

HOLDERS = [
    VALUE,
    Personal(NUMBER),
    Spoken(VALUE, "phone"),
    Utterance("p", "id", "{x}", {"x": Spoken(VALUE, "phone")}),
    Say((Utterance("p", "id", "{x}", {"x": Spoken(VALUE, "phone")}),)),
    Started("1500", VALUE),
    Digits(VALUE, 12, "finish", 0),
    Found({"name": VALUE, "n": Personal(NUMBER)}, "x"),
    InputAccepted("main", "ask", "phone", VALUE, 12),
    CaseOpened("main", "ask", "pesan", VALUE),
    SourceAnswered("main", "ask", "people", "found", "x", None, {"name": VALUE}),
    RUN,
    Secrets({"s-1": CANARY}),
    Input(CANARY, "finish", 0),
    NewCase("pesan", CANARY, "r1"),
    LiveRow("c1", "line", RUN, {}, Secrets({"s-1": CANARY}), START),
    Turn("c1", 1, START, {"a": CANARY}, [{"b": CANARY}], {"c": CANARY}),
    CallSummary("c1", START, None, "1500", CANARY, 1, None),
]


@pytest.mark.parametrize("show", PRINT, ids=range(len(PRINT)))
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_printing_never_shows_what_is_inside(holder: object, show: Callable[[object], str]) -> None:
    shown = show(holder)
    assert CANARY not in shown
    assert str(NUMBER) not in shown


def test_a_format_never_shows_what_is_inside() -> None:
    assert format(VALUE, ">40") == f"{VALUE:>40}" == "Personal(…)"


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_a_log_line_never_shows_what_is_inside(
    holder: object, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("ivr.test").warning("got %s and %r", holder, holder)
    assert CANARY not in caplog.text
    assert str(NUMBER) not in caplog.text


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: int(VALUE),  # type: ignore[call-overload]
        lambda: VALUE + "1",  # type: ignore[operator]
        lambda: VALUE < VALUE,  # type: ignore[operator]
        lambda: "%d".__mod__(VALUE),
        lambda: VALUE.value,  # type: ignore[attr-defined]
        lambda: json.dumps(VALUE),
        lambda: dict[Personal, int]()[VALUE],
        lambda: reveal(SECRET),
        lambda: Spoken(SECRET, "last4").text,
        lambda: run_from_plain({**run_to_plain(RUN), "turn": "x"}),
        lambda: run_from_plain({**run_to_plain(RUN), "caller": {"$personal": CANARY, "x": 1}}),
        lambda: run_from_plain(CANARY),
        lambda: outcome_from_plain({"type": "started", "dialled": 1, "caller": CANARY}),
        lambda: outcome_from_plain({"type": CANARY}),
        lambda: step_from_plain({"type": "say", "utterances": CANARY}),
        lambda: event_from_plain({"type": "case.opened", "number": CANARY}),
    ],
    ids=range(16),
)
def test_an_exception_never_shows_what_is_inside(mistake: Callable[[], object]) -> None:
    with pytest.raises((TypeError, AttributeError, KeyError, ValueError)) as refused:
        mistake()
    told = str(refused.value) + repr(refused.value) + str(refused.value.__context__)
    assert CANARY not in told


def test_data_that_cannot_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"^the data cannot be read: turn$"):
        run_from_plain({**run_to_plain(RUN), "turn": "x"})


def test_a_secret_has_no_digits_in_it() -> None:
    assert repr(SECRET) == "Secret(ref='s-1', length=16, valid=False, reason='checksum')"


def test_the_value_comes_out_by_one_word_only() -> None:
    assert VALUE.reveal() == CANARY
    assert reveal(VALUE) == CANARY
    assert reveal(7) == 7
    assert reveal(None) is None
    assert [name for name in dir(VALUE) if not name.startswith("_")] == ["reveal"]


def test_equal_values_are_equal() -> None:
    assert Personal("1") == Personal("1")
    assert Personal("1") != Personal(1)
    assert Personal("1") != "1"
    assert len({Personal("1"), Personal("1"), Personal("2")}) == 2


def test_a_run_survives_json() -> None:
    text = json.dumps(run_to_plain(RUN), allow_nan=False)
    assert run_from_plain(json.loads(text)) == RUN


def test_the_marks_in_json_are_the_reserved_keys() -> None:
    plain = run_to_plain(RUN)
    assert plain["caller"] == {"$personal": CANARY}
    assert plain["frames"][0]["variables"]["n"] == {"$personal": NUMBER}
    assert plain["pending"]["value"] == {
        "$secret": {"ref": "s-1", "length": 16, "valid": False, "reason": "checksum"}
    }


@pytest.mark.parametrize(
    "value", [0, 1, True, False, "0", "1", "true", "", None, -5, VALUE, SECRET]
)
def test_the_type_of_a_value_survives_json(value: object) -> None:
    found = Found({"x": value}, "")  # type: ignore[dict-item]
    again = outcome_from_plain(json.loads(json.dumps(outcome_to_plain(found))))
    assert isinstance(again, Found)
    assert again.fields["x"] == value
    assert type(again.fields["x"]) is type(value)


def test_steps_and_events_survive_json() -> None:
    step = Say((Utterance("p", "id", "{x}", {"x": Spoken(VALUE, "phone")}),), barge_in=False)
    assert step_from_plain(json.loads(json.dumps(step_to_plain(step)))) == step
    event = SourceAnswered("main", "ask", "people", "found", "x", None, {"name": VALUE, "n": 5})
    assert event_from_plain(json.loads(json.dumps(event_to_plain(event)))) == event
