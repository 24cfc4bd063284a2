"""What the engine does after a crash, and after the caller has hung up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import (
    Digits,
    Ended,
    HungUp,
    Keys,
    Played,
    RecordingSet,
    Resumed,
    Silence,
)
from ivr.engine.steps import Menu
from ivr.engine.values import Personal
from tests.talk import Talk, kinds

Begin = Callable[..., Talk]

MENU = """
  main:
    type: menu
    say: Silakan.
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: main}
"""


# After a crash


@pytest.mark.parametrize("stage", ["menu", "say", "collect", "confirm"])
def test_a_step_is_repeated_after_one_apology(talk: Begin, stage: str) -> None:
    call = talk("""
  main:
    type: menu
    say: Satu.
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: ask}
  ask: {type: collect, say: Kode., digits: "2", into: code, confirm: all, next: main}
""")
    if stage != "menu":
        call.press("1")
    if stage in ("collect", "confirm"):
        call.listen()
    if stage == "confirm":
        call.hear(Digits(Personal("12"), 2, "length", 0))
    before = call.said
    call.hear(Resumed())
    assert call.told == ["call.resumed"]
    assert call.event("call.resumed").step == ("menu" if stage == "confirm" else stage)
    assert call.said == ["engine.resumed", *before]
    call.hear(Resumed())
    assert call.said == ["engine.resumed", *before]


def test_the_apology_is_told_as_heard_and_not_said_again(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Resumed())
    call.hear(Silence(9000))
    played = call.event("prompt.played")
    assert [one.prompt for one in played.utterances] == [
        "engine.resumed",
        "main.main.say",
        "main.main.options.on",
    ]
    assert call.said == ["hotline.on_silence.1", "main.main.say", "main.main.options.on"]


def test_counters_and_place_survive_the_crash(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Silence(0))
    call.press("5")
    call.hear(Resumed())
    assert (call.run.silences, call.run.wrongs, call.node) == (1, 1, "main.main")
    call.hear(Silence(0))
    assert isinstance(call.step, Menu)
    call.hear(Silence(0))
    assert call.node == "person.person"


def test_a_call_that_is_over_cannot_be_taken_up(talk: Begin) -> None:
    call = talk("  end: {type: hangup}\n")
    call.hear(Ended())
    with pytest.raises(AssertionError, match="the call is over"):
        call.hear(Resumed())


# Hangups

LISTEN = """
  one: {type: say, say: Satu., next: two}
  two:
    type: menu
    say: Dua.
    options: [{key: 1, name: on, label: lanjut, next: three}]
    on_hangup: told
  three: {type: say, say: Tiga., next: four}
  four: {type: menu, say: Empat., options: [{key: 1, name: on, label: lanjut, next: five}]}
  five: {type: set, recording: "on", next: six}
  six: {type: collect, say: Kode., digits: "2", into: code, confirm: all, next: told}
  told: {type: hangup, say: Terima kasih., outcome: informasi}
"""


@pytest.mark.parametrize(
    ("turns", "outcome"),
    [
        ([], "putus_ivr"),
        ([Played(1)], "informasi"),
        ([Played(1), Keys("1", 1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1), Keys("1", 1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1), Keys("1", 1), RecordingSet(True)], "putus_ivr"),
    ],
)
def test_a_hangup_goes_on_with_what_needs_no_caller(
    talk: Begin, turns: list[Played | Keys | RecordingSet], outcome: str
) -> None:
    call = talk(LISTEN)
    for one in turns:
        call.hear(one)
    assert call.step is not None
    assert call.hear(HungUp(250)) is None
    assert call.event("call.ended").outcome == outcome
    assert call.event("call.ended").turns == call.run.turn == len(turns) + 2
    assert call.event("caller.hung_up").heard == 250
    assert not call.run.present


def test_nothing_is_said_to_a_caller_who_has_gone(talk: Begin) -> None:
    call = talk(LISTEN)
    call.hear(HungUp(1))
    assert call.step is None
    assert "prompt.played" in call.told
    assert kinds(call.all)[-1] == "call.ended"
