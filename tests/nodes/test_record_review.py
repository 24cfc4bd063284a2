"""The review of a message: the second half of the kind `record`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.engine.outcomes import HungUp, Played, Silence, Unable
from ivr.engine.steps import Menu, OpenCase, PlayBack, Record
from tests.nodes.test_record import OPENED, PLAIN, RECORD, SPOKEN
from tests.talk import Talk

Begin = Callable[..., Talk]

REVIEWED = RECORD.replace("    case: pengaduan", "    case: pengaduan\n    review: true")
SECOND = replace(SPOKEN, recording="call-2", length=2400, sha256="cd" * 32)


def reviewed(talk: Begin, text: str = REVIEWED) -> Talk:
    """A call in the review of its first take."""
    call = talk(text)
    call.hear(SPOKEN)
    return call


def kept(call: Talk) -> tuple[str, str]:
    """Which take the last turn kept and why; its case is being opened."""
    told = call.event("message.kept")
    assert call.step == OpenCase("pengaduan", told.recording)
    return told.recording, told.how


def test_a_review_asks_with_its_keys_and_the_universal_ones(talk: Begin) -> None:
    call = reviewed(talk)
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("#", "1", "2", "3", "*", "7", "0")
    assert call.said == ["engine.review_keep", "engine.review_listen", "engine.review_again"]
    assert [one.values["key"].value for one in call.step.utterances] == ["1", "2", "3"]
    assert call.told == ["prompt.played", "message.recorded"]


@pytest.mark.parametrize("key", ["1", "#"])
def test_the_key_and_the_finish_key_keep_the_message(talk: Begin, key: str) -> None:
    call = reviewed(talk)
    call.press(key)
    assert kept(call) == ("call-1", "key")
    call.hear(OPENED)
    assert call.said == ["main.tell.say"]
    assert call.run.frame.variables["message"] == {"seconds": 5, "number": OPENED.number}


def test_the_caller_hears_the_message_and_is_asked_again(talk: Begin) -> None:
    call = reviewed(talk)
    call.press("2")
    assert call.step == PlayBack("call-1", "ab" * 32, 4600)
    call.hear(Played(1200, interrupted=True))
    told = call.event("message.played")
    assert (told.recording, told.sha256, told.heard) == ("call-1", "ab" * 32, 1200)
    assert told.interrupted
    assert call.said[0] == "engine.review_keep"


def test_another_take_takes_the_place_of_the_first(talk: Begin) -> None:
    call = reviewed(talk)
    call.press("3")
    assert isinstance(call.step, Record)
    assert call.said == ["engine.review_speak"]
    call.hear(SECOND)
    assert call.event("message.rejected").recording == "call-1"
    assert call.event("message.recorded").recording == "call-2"
    call.press("1")
    assert kept(call) == ("call-2", "key")


def test_a_take_in_which_nothing_is_said_leaves_the_first(talk: Begin) -> None:
    call = reviewed(talk)
    call.press("3")
    call.hear(replace(SECOND, length=0))
    assert call.said[0] == "engine.review_nothing"
    assert "message.rejected" not in call.told
    call.press("2")
    assert call.step == PlayBack("call-1", "ab" * 32, 4600)


def test_a_caller_speaks_five_times_at_most(talk: Begin) -> None:
    call = reviewed(talk)
    for _ in range(4):
        call.press("3")
        call.hear(SECOND)
    assert call.said == ["engine.review_keep", "engine.review_listen"]
    call.press("3")
    assert call.event("input.wrong").keys == "3"


def test_silence_asks_again_and_then_keeps_the_message(talk: Begin) -> None:
    call = reviewed(talk)
    for count in (1, 2):
        call.hear(Silence(0))
        assert call.event("input.silent").count == count
        assert call.said[:2] == ["hotline.on_silence.1", "engine.review_keep"]
    call.hear(Silence(0))
    assert kept(call) == ("call-1", "silence")
    call.hear(OPENED)
    assert call.said == ["main.tell.say"]


def test_wrong_keys_keep_the_message_and_its_own_way_out_is_taken(talk: Begin) -> None:
    own = "    review: true\n    tries: 1\n    on_give_up: {say: Baik., next: nothing}"
    call = reviewed(talk, REVIEWED.replace("    review: true", own))
    call.press("8")
    assert kept(call) == ("call-1", "wrong_key")
    call.hear(OPENED)
    assert call.said == ["main.speak.on_give_up", "main.nothing.say"]


def test_an_attempt_that_leads_away_keeps_the_message(talk: Begin) -> None:
    own = "    review: true\n    on_silence: [{next: nothing}]"
    call = reviewed(talk, REVIEWED.replace("    review: true", own))
    call.hear(Silence(0))
    assert kept(call) == ("call-1", "silence")
    call.hear(OPENED)
    assert call.said == ["main.nothing.say"]


@pytest.mark.parametrize(("key", "node"), [("0", "person.person"), ("7", "main.speak")])
def test_a_universal_key_keeps_the_message_before_it_leads_away(
    talk: Begin, key: str, node: str
) -> None:
    call = reviewed(talk)
    call.press(key)
    assert call.event("universal.used").keys == key
    assert kept(call) == ("call-1", "universal")
    call.hear(OPENED)
    assert call.node == node


def test_repeat_asks_again(talk: Begin) -> None:
    call = reviewed(talk)
    call.press("*")
    assert call.said[0] == "engine.review_keep"


@pytest.mark.parametrize("before", [[], ["2"], ["3"]], ids=["asked", "listening", "again"])
def test_a_hangup_in_the_review_keeps_the_message(talk: Begin, before: list[str]) -> None:
    call = reviewed(talk)
    for key in before:
        call.press(key)
    call.hear(HungUp(0))
    assert kept(call) == ("call-1", "hangup")
    call.hear(OPENED)
    assert call.step is None
    assert call.event("call.ended").outcome == "tiket"


@pytest.mark.parametrize(("length", "recording"), [(2400, "call-2"), (0, "call-1")])
def test_a_hangup_in_another_take_keeps_what_was_said_last(
    talk: Begin, length: int, recording: str
) -> None:
    call = reviewed(talk)
    call.press("3")
    call.hear(replace(SECOND, length=length, ended="hangup"))
    assert kept(call) == (recording, "hangup")


def test_a_hangup_in_the_first_take_needs_no_review(talk: Begin) -> None:
    call = talk(REVIEWED)
    call.hear(replace(SPOKEN, ended="hangup"))
    assert kept(call) == ("call-1", "hangup")


@pytest.mark.parametrize("key", ["2", "3"])
def test_a_fault_of_ours_keeps_the_message(talk: Begin, key: str) -> None:
    call = reviewed(talk)
    call.press(key)
    call.hear(Unable("message_missing"))
    assert kept(call) == ("call-1", "fault")
    call.hear(OPENED)
    assert call.said == ["engine.fault", "main.tell.say"]


def test_the_limit_of_the_call_keeps_the_message(talk: Begin) -> None:
    call = reviewed(talk)
    call.at = call.at.replace(hour=9)
    call.press("2")
    assert kept(call) == ("call-1", "limit")
    call.hear(OPENED)
    assert call.said == ["engine.goodbye"]


def test_a_message_without_a_case_can_be_reviewed(talk: Begin) -> None:
    call = reviewed(talk, PLAIN.replace("into: message", "into: message\n    review: true"))
    call.press("1")
    assert call.event("message.kept").how == "key"
    assert call.said == ["main.tell.say"]
    assert call.run.frame.variables == {"message": {"seconds": 5}}


def test_the_keys_are_the_nodes_own(talk: Begin) -> None:
    own = "    review: true\n    review_keys: {keep: 4, listen: 5, again: 7}"
    call = reviewed(talk, REVIEWED.replace("    review: true", own))
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("#", "4", "5", "7", "*", "0")
    call.press("7")
    assert call.said == ["engine.review_speak"]


def test_an_outcome_that_no_review_has_is_a_fault_of_ours(talk: Begin) -> None:
    with pytest.raises(AssertionError, match="a review does not end in played"):
        reviewed(talk).hear(Played(1))
