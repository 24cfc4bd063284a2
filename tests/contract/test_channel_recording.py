"""The suite of the port `Channel`: messages and the recording of the call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.engine.outcomes import (
    HungUp,
    Keys,
    Played,
    Recorded,
    RecordingSet,
    Resumed,
    Silence,
    Unable,
)
from ivr.engine.steps import PlayBack, Say, SetRecording
from ivr.ports import Channel
from ivr.simulator import (
    Leave,
    Press,
    Quiet,
    Speak,
    Wait,
)
from tests.contract.channel_ends import ENDS, MENU, PROMPT, RECORD, End


@pytest.fixture(params=list(ENDS))
def end(request: pytest.FixtureRequest) -> End:
    return ENDS[request.param]()


async def test_a_message_is_recorded_until_the_finish_key(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Press("#"))
    outcome = await channel.perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert (outcome.recording, outcome.ended) == ("a-1", "finish")
    assert 2500 <= outcome.length <= 3500
    assert outcome.size > 0
    assert len(outcome.sha256) == 64
    assert isinstance(await channel.perform(MENU, "a-2"), Silence)


async def test_a_message_ends_by_silence(end: End) -> None:
    outcome = await end.open(Quiet(), Speak(3000)).perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert (outcome.recording, outcome.ended) == ("a-1", "silence")


async def test_a_message_of_nothing_has_no_length(end: End) -> None:
    outcome = await end.open(Quiet(), Press("#")).perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert outcome.length == 0


async def test_keys_typed_before_a_message_do_not_end_it(end: End) -> None:
    channel = end.open(Press("1#"), Quiet(), Speak(3000), Press("#"))
    assert isinstance(await channel.perform(MENU, "a-1"), Keys)
    outcome = await channel.perform(RECORD, "a-2")
    assert isinstance(outcome, Recorded)
    assert 2500 <= outcome.length <= 3500


async def test_a_message_is_kept_when_the_caller_hangs_up(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Leave())
    outcome = await channel.perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert (outcome.recording, outcome.ended) == ("a-1", "hangup")
    assert outcome.length >= 2500
    assert isinstance(await channel.perform(MENU, "a-2"), HungUp)


async def test_a_message_ends_at_its_limit(end: End) -> None:
    outcome = await end.open(Quiet(), Speak(30_000)).perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert outcome.ended == "limit"
    assert 9_000 <= outcome.length <= 11_000


async def test_a_short_pause_does_not_end_a_message(end: End) -> None:
    channel = end.open(Quiet(), Speak(2000), Wait(800), Speak(2000), Press("5"), Press("#"))
    outcome = await channel.perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    assert outcome.ended == "finish"
    assert 3_500 <= outcome.length <= 5_500
    assert isinstance(await channel.perform(MENU, "a-2"), Silence)


async def test_a_caller_who_leaves_before_the_tone_has_left_no_message(end: End) -> None:
    outcome = await end.open(Wait(300), Leave()).perform(RECORD, "a-1")
    assert isinstance(outcome, HungUp)
    second = end.again()
    assert not isinstance(await second.perform(RECORD, "a-1", fresh=False), Recorded)


async def test_another_engine_finds_the_message(end: End) -> None:
    first = end.open(Quiet(), Speak(3000), Press("#"))
    made = await first.perform(RECORD, "a-1")
    second = end.again()
    second.restore(first.position())
    found = await second.perform(RECORD, "a-1", fresh=False)
    assert isinstance(made, Recorded)
    assert isinstance(found, Recorded)
    assert found.ended == "unknown"
    assert (found.recording, found.length, found.size, found.sha256) == (
        made.recording,
        made.length,
        made.size,
        made.sha256,
    )


async def test_another_engine_finds_no_message_that_was_not_begun(end: End) -> None:
    first = end.open()
    assert isinstance(await first.perform(Say(PROMPT), "a-1"), Played)
    second = end.again()
    second.restore(first.position())
    assert await second.perform(RECORD, "a-2", fresh=False) == Resumed()


async def test_the_recording_of_the_call_begins_and_ends(end: End) -> None:
    channel = end.open()
    assert await channel.perform(SetRecording(True), "a-1") == RecordingSet(True, "a-1")
    assert channel.position()["recording"]
    assert await channel.perform(SetRecording(False), "a-2") == RecordingSet(False, None)
    assert not channel.position()["recording"]


async def recorded(channel: Channel) -> PlayBack:
    """The step that plays the message of a caller who speaks now."""
    outcome = await channel.perform(RECORD, "a-1")
    assert isinstance(outcome, Recorded)
    return PlayBack(outcome.recording, outcome.sha256, outcome.length)


async def test_a_message_is_played_to_its_end(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Press("#"))
    step = await recorded(channel)
    outcome = await channel.perform(step, "a-2")
    assert outcome == Played(step.length, interrupted=False)


async def test_a_key_ends_a_message_that_is_played_and_stays_for_the_next_step(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Press("#"), Wait(500), Press("1"))
    outcome = await channel.perform(await recorded(channel), "a-2")
    assert isinstance(outcome, Played)
    assert outcome.interrupted
    assert 400 <= outcome.heard <= 1000
    assert await channel.perform(MENU, "a-3") == Keys("1", 0, 0)


async def test_a_key_that_waits_leaves_a_message_unplayed(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Press("#2"))
    outcome = await channel.perform(await recorded(channel), "a-2")
    assert outcome == Played(0, interrupted=True)


async def test_a_caller_who_leaves_while_a_message_is_played(end: End) -> None:
    channel = end.open(Quiet(), Speak(3000), Press("#"), Wait(500), Leave())
    outcome = await channel.perform(await recorded(channel), "a-2")
    assert isinstance(outcome, HungUp)


async def test_a_message_that_is_not_there_cannot_be_played(end: End) -> None:
    channel = end.open()
    outcome = await channel.perform(PlayBack("b-1", "00" * 32, 3000), "a-1")
    assert outcome == Unable("message_missing")


async def test_star_alone_waits_a_moment_for_a_second_star(end: End) -> None:
    """And then both are used up: the next key belongs to the next step."""
    menu = replace(MENU, keys=("1", "*", "**"))
    channel = end.open(Press("*"), Wait(1500), Press("**1"))
    assert await channel.perform(menu, "a-1") == Keys("*", 0, 0)
    twice = await channel.perform(menu, "a-2")
    assert isinstance(twice, Keys)
    assert twice.keys == "**"
    assert await channel.perform(menu, "a-3") == Keys("1", 0, 0)
