"""The suite of the port `Channel`. An adapter joins by a fixture that plays a caller's acts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import pytest

from ivr.engine.outcomes import (
    Ended,
    Escaped,
    HungUp,
    Keys,
    Passed,
    Played,
    Recorded,
    RecordingSet,
    Resumed,
    Silence,
)
from ivr.engine.steps import Collect, Hangup, Menu, Record, Say, SetRecording, Timing
from ivr.engine.utterance import Utterance
from ivr.ports import Channel, Input
from ivr.simulator import (
    Act,
    Leave,
    Line,
    Press,
    Quiet,
    ScriptedCaller,
    Simulator,
    Speak,
    Wait,
)

TIMING = Timing(first_key=3000, next_key=1000, total=8000)
PROMPT = (Utterance("test.prompt", "id", "Selamat datang di layanan ini."),)
MENU = Menu(PROMPT, ("1", "2", "*"), TIMING)
NOTICE = Menu(PROMPT, ("8",), TIMING, pass_on=True)
FRESH = Menu(PROMPT, ("1", "2"), TIMING, flush=True)
COLLECT = Collect(PROMPT, 3, 5, "#", ("*0",), TIMING)
RECORD = Record(PROMPT, limit=10_000, silence=2_000, finish="#")


class End(Protocol):
    """A caller's end of a line, for the suite."""

    def open(self, *acts: Act) -> Channel:
        """A channel to a caller who does this."""

    def again(self) -> Channel:
        """The same line as another engine finds it, before `restore`."""


class SimulatedEnd:
    def __init__(self) -> None:
        self.caller = ScriptedCaller()
        self.line = Line()

    def open(self, *acts: Act) -> Channel:
        self.caller.acts = list(acts)
        return Simulator(self.caller, self.line)

    def again(self) -> Channel:
        return Simulator(self.caller, self.line)


ENDS: dict[str, Callable[[], End]] = {"simulator": SimulatedEnd}


@pytest.fixture(params=list(ENDS))
def end(request: pytest.FixtureRequest) -> End:
    return ENDS[request.param]()


async def test_a_prompt_is_played_to_its_end(end: End) -> None:
    outcome = await end.open().perform(Say(PROMPT), "a-1")
    assert isinstance(outcome, Played)
    assert outcome.heard > 500
    assert not outcome.interrupted


async def test_a_key_cuts_a_prompt_and_stays_for_the_next_step(end: End) -> None:
    channel = end.open(Wait(300), Press("2"))
    outcome = await channel.perform(Say(PROMPT), "a-1")
    assert isinstance(outcome, Played)
    assert outcome.interrupted
    assert 0 < outcome.heard < 1500
    assert await channel.perform(MENU, "a-2") == Keys("2", 0, 0)


async def test_a_notice_is_not_cut_and_its_keys_stay_too(end: End) -> None:
    channel = end.open(Wait(300), Press("2"))
    outcome = await channel.perform(Say(PROMPT, barge_in=False), "a-1")
    assert isinstance(outcome, Played)
    assert not outcome.interrupted
    assert await channel.perform(MENU, "a-2") == Keys("2", 0, 0)


async def test_a_prompt_is_skipped_when_keys_were_typed_ahead(end: End) -> None:
    channel = end.open(Press("12"))
    assert isinstance(await channel.perform(Say(PROMPT), "a-1"), Played)
    assert await channel.perform(MENU, "a-2") == Keys("1", 0, 0)
    assert await channel.perform(Say(PROMPT), "a-3") == Played(0, interrupted=True)
    assert await channel.perform(MENU, "a-4") == Keys("2", 0, 0)


async def test_a_key_after_the_prompt_tells_how_long_it_took(end: End) -> None:
    outcome = await end.open(Quiet(), Wait(700), Press("2")).perform(MENU, "a-1")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "2"
    assert outcome.heard > 500
    assert 600 <= outcome.waited < 2000


async def test_a_key_in_the_prompt_waited_for_nothing(end: End) -> None:
    outcome = await end.open(Wait(300), Press("2")).perform(MENU, "a-1")
    assert isinstance(outcome, Keys)
    assert (outcome.keys, outcome.waited) == ("2", 0)
    assert 0 < outcome.heard < 1500


async def test_a_wrong_key_is_an_answer_too(end: End) -> None:
    outcome = await end.open(Quiet(), Press("5")).perform(MENU, "a-1")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "5"


async def test_no_key_is_silence_and_then_the_channel_goes_on(end: End) -> None:
    channel = end.open(Wait(6000), Press("1"))
    assert isinstance(await channel.perform(MENU, "a-1"), Silence)
    outcome = await channel.perform(MENU, "a-2")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "1"


async def test_a_sequence_that_stops_half_way_is_a_wrong_key(end: End) -> None:
    step = Menu(PROMPT, ("1", "88"), TIMING)
    outcome = await end.open(Quiet(), Press("8")).perform(step, "a-1")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "8"


async def test_a_notice_passes_on_after_silence(end: End) -> None:
    assert isinstance(await end.open().perform(NOTICE, "a-1"), Passed)


async def test_a_notice_leaves_other_keys_to_the_next_step(end: End) -> None:
    channel = end.open(Wait(300), Press("1"))
    assert isinstance(await channel.perform(NOTICE, "a-1"), Passed)
    assert await channel.perform(MENU, "a-2") == Keys("1", 0, 0)


async def test_what_was_typed_ahead_can_be_thrown_away(end: End) -> None:
    channel = end.open(Press("11"), Quiet(), Press("2"))
    assert await channel.perform(Say(PROMPT), "a-1") == Played(0, interrupted=True)
    outcome = await channel.perform(FRESH, "a-2")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "2"


@pytest.mark.parametrize(
    ("typed", "digits", "ended"),
    [
        ("123#", "123", "finish"),
        ("1#", "1", "finish"),
        ("#", "", "finish"),
        ("12345", "12345", "length"),
        ("1234", "1234", "silence"),
    ],
)
async def test_digits_are_gathered(end: End, typed: str, digits: str, ended: str) -> None:
    outcome = await end.open(Quiet(), Press(typed)).perform(COLLECT, "a-1")
    assert isinstance(outcome, Input)
    assert (outcome.digits, outcome.ended) == (digits, ended)
    assert outcome.heard > 500


async def test_digits_may_come_slowly(end: End) -> None:
    acts = [act for key in "1234" for act in (Press(key), Wait(800))]
    outcome = await end.open(Quiet(), *acts, Press("#")).perform(COLLECT, "a-1")
    assert isinstance(outcome, Input)
    assert (outcome.digits, outcome.ended) == ("1234", "finish")


async def test_digits_must_come_to_an_end(end: End) -> None:
    acts = [act for _ in range(12) for act in (Press("1"), Wait(800))]
    step = Collect(PROMPT, 3, 16, "#", (), TIMING)
    outcome = await end.open(Quiet(), *acts).perform(step, "a-1")
    assert isinstance(outcome, Input)
    assert 8 <= len(outcome.digits) <= 11


async def test_no_digits_are_silence(end: End) -> None:
    assert isinstance(await end.open().perform(COLLECT, "a-1"), Silence)


async def test_an_escape_leaves_the_digits(end: End) -> None:
    outcome = await end.open(Quiet(), Press("12*0")).perform(COLLECT, "a-1")
    assert isinstance(outcome, Escaped)
    assert outcome.keys == "*0"


async def test_a_finish_key_that_comes_late_is_nobodys_and_cuts_nothing(end: End) -> None:
    channel = end.open(Quiet(), Press("12345"), Wait(300), Press("#"), Quiet(), Press("2"))
    assert isinstance(await channel.perform(COLLECT, "a-1"), Input)
    outcome = await channel.perform(MENU, "a-2")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "2"
    assert outcome.heard > 500
    assert outcome.waited > 0


async def test_a_burst_of_keys_serves_many_steps(end: End) -> None:
    channel = end.open(Press("1123452*"))
    assert isinstance(await channel.perform(Say(PROMPT), "a-0"), Played)
    assert await channel.perform(MENU, "a-1") == Keys("1", 0, 0)
    assert await channel.perform(COLLECT, "a-2") == Input("12345", "length", 0, 0)
    assert await channel.perform(MENU, "a-3") == Keys("2", 0, 0)
    assert await channel.perform(MENU, "a-4") == Keys("*", 0, 0)


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


async def test_the_last_words_end_the_call(end: End) -> None:
    outcome = await end.open(Press("1")).perform(Hangup(PROMPT), "a-1")
    assert isinstance(outcome, Ended)
    assert outcome.heard > 500


async def test_a_caller_who_leaves_in_a_prompt_is_told_with_what_was_heard(end: End) -> None:
    outcome = await end.open(Wait(300), Leave()).perform(Say(PROMPT), "a-1")
    assert isinstance(outcome, HungUp)
    assert outcome.heard < 1500


@pytest.mark.parametrize("step", [MENU, COLLECT, NOTICE])
async def test_a_caller_who_leaves_while_waiting_is_gone(end: End, step: Menu | Collect) -> None:
    channel = end.open(Quiet(), Wait(300), Leave())
    assert isinstance(await channel.perform(step, "a-1"), HungUp)


@pytest.mark.parametrize(
    "step", [Say(PROMPT), MENU, COLLECT, RECORD, SetRecording(True), Hangup(PROMPT)]
)
async def test_nothing_is_done_for_a_caller_who_has_gone(
    end: End, step: Say | Menu | Collect | Record | SetRecording | Hangup
) -> None:
    channel = end.open(Leave())
    assert isinstance(await channel.perform(Say(PROMPT), "a-1"), HungUp)
    assert await channel.perform(step, "a-2") == HungUp(0)


async def test_keys_before_a_hangup_are_not_lost(end: End) -> None:
    channel = end.open(Press("12"), Leave())
    assert isinstance(await channel.perform(Say(PROMPT), "a-0"), Played)
    assert await channel.perform(MENU, "a-1") == Keys("1", 0, 0)
    assert await channel.perform(MENU, "a-2") == Keys("2", 0, 0)
    assert isinstance(await channel.perform(MENU, "a-3"), HungUp)


async def test_another_engine_goes_on_with_the_keys(end: End) -> None:
    first = end.open(Press("112345"), Wait(300), Press("#2"))
    assert isinstance(await first.perform(Say(PROMPT), "a-0"), Played)
    assert await first.perform(MENU, "a-1") == Keys("1", 0, 0)
    position = json.loads(json.dumps(first.position()))
    assert await first.perform(COLLECT, "a-2") == Input("12345", "length", 0, 0)

    again = end.again()
    again.restore(position)
    assert await again.perform(COLLECT, "a-2") == Input("12345", "length", 0, 0)
    position = json.loads(json.dumps(again.position()))

    last = end.again()
    last.restore(position)
    outcome = await last.perform(MENU, "a-3")
    assert isinstance(outcome, Keys)
    assert outcome.keys == "2"


async def test_the_caller_may_be_told_to_wait(end: End) -> None:
    channel = end.open(Quiet(), Press("1"))
    await channel.hold(PROMPT)
    assert isinstance(await channel.perform(MENU, "a-1"), Keys)


async def test_the_channel_is_left(end: End) -> None:
    channel = end.open()
    await channel.perform(Hangup(), "a-1")
    await channel.close(done=True)
