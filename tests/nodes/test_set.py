from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import Digits, HungUp, RecordingSet, Unable
from ivr.engine.steps import Hangup, Say, SetRecording
from ivr.engine.values import Personal
from tests.talk import Talk

Begin = Callable[..., Talk]

END = "  end: {type: hangup}\n"


def test_texts_and_expressions_give_values_in_order(talk: Begin) -> None:
    call = talk(
        """
  make:
    type: set
    values: {a: "x{call.year}", b: "{a}-{call.day}"}
    compute: {n: call.month * 10, m: n + 1, due: "'2026-0' + string(call.month)"}
    next: end
"""
        + END
    )
    wanted = {"a": "x2026", "b": "x2026-2", "n": 30, "m": 31, "due": "2026-03"}
    assert call.run.frame.variables == wanted
    assert call.event("variables.set").values == wanted


def test_a_placeholder_alone_passes_the_value_itself(talk: Begin) -> None:
    call = talk("  make: {type: set, values: {y: '{call.year}'}, next: end}\n" + END)
    assert call.run.frame.variables == {"y": 2026}


def test_what_cannot_be_computed_has_no_value(talk: Begin) -> None:
    call = talk("  make: {type: set, compute: {n: 1 / 0}, next: end}\n" + END)
    assert call.run.frame.variables == {"n": None}


def test_what_comes_of_a_personal_value_is_personal(talk: Begin) -> None:
    call = talk(
        """
  ask: {type: collect, say: Kode., digits: "2", into: code, next: make}
  make:
    type: set
    values: {label: "No. {code}"}
    compute: {n: int(code) + 1, long: size(code) > 1, year: call.year}
    next: end
"""
        + END
    )
    call.hear(Digits(Personal("41"), 2, "length", 0))
    assert call.run.frame.variables == {
        "code": Personal("41"),
        "label": Personal("No. 41"),
        "n": Personal(42),
        "long": True,
        "year": 2026,
    }


@pytest.mark.parametrize(("word", "on"), [("on", True), ("off", False)])
def test_recording_is_a_step(talk: Begin, word: str, on: bool) -> None:
    call = talk(f"  make: {{type: set, recording: {word}, next: end}}\n" + END)
    assert call.step == SetRecording(on)
    call.hear(RecordingSet(on, "r1" if on else None))
    switched = call.event("recording.switched")
    assert (switched.on, switched.recording) == (on, "r1" if on else None)
    assert isinstance(call.step, Hangup)


RECORDING = """
  make: {type: set, recording: "on", next: hello}
  hello: {type: say, say: Halo., next: end}
"""


def test_a_recording_that_fails_does_not_stop_the_call(talk: Begin) -> None:
    call = talk(RECORDING + END)
    call.hear(Unable("SoundMissing"))
    assert isinstance(call.step, Say)


def test_a_hangup_while_the_recording_begins_ends_the_call(talk: Begin) -> None:
    call = talk(RECORDING + END)
    call.hear(HungUp())
    assert call.step is None
