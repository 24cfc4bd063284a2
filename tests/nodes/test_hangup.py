from __future__ import annotations

from collections.abc import Callable

from ivr.engine.outcomes import Ended, HungUp, Unable
from ivr.engine.steps import Hangup
from tests.talk import Talk

Begin = Callable[..., Talk]

BYE = "  end: {type: hangup, say: Selamat jalan., outcome: selesai_mandiri}\n"


def test_it_says_the_last_words_and_ends_the_call(talk: Begin) -> None:
    call = talk(BYE)
    assert isinstance(call.step, Hangup)
    assert call.said == ["main.end.say"]
    assert call.hear(Ended(900)) is None
    assert call.told == ["prompt.played", "call.ended"]
    ended = call.event("call.ended")
    assert (ended.turns, ended.outcome) == (2, "selesai_mandiri")


def test_it_may_be_silent_and_counts_as_information(talk: Begin) -> None:
    call = talk("  end: {type: hangup}\n")
    assert call.step == Hangup()
    call.hear(Ended())
    assert call.told == ["call.ended"]
    assert call.event("call.ended").outcome == "informasi"


def test_a_caller_who_leaves_in_the_last_words_has_been_served(talk: Begin) -> None:
    call = talk(BYE)
    assert call.hear(HungUp(100)) is None
    assert call.told == ["prompt.played", "caller.hung_up", "call.ended"]
    assert call.event("call.ended").outcome == "selesai_mandiri"


def test_last_words_that_cannot_be_played_are_the_end_too(talk: Begin) -> None:
    call = talk(BYE)
    assert call.hear(Unable("SoundMissing")) is None
    assert call.event("call.ended").outcome == "selesai_mandiri"


def test_what_was_decided_before_is_how_the_call_counts(talk: Begin) -> None:
    call = talk(BYE)
    assert call.run.result == "selesai_mandiri"
