"""The suite of the port `Channel`: prompts, keys, the end of the call, another engine."""

from __future__ import annotations

import json

import pytest

from ivr.engine.outcomes import (
    Ended,
    Escaped,
    HungUp,
    Keys,
    Passed,
    Played,
    Silence,
)
from ivr.engine.steps import Collect, Hangup, Menu, Record, Say, SetRecording
from ivr.ports import Input
from ivr.simulator import (
    Leave,
    Press,
    Quiet,
    Wait,
)
from tests.contract.channel_ends import (
    COLLECT,
    ENDS,
    FRESH,
    MENU,
    NOTICE,
    PROMPT,
    RECORD,
    TIMING,
    End,
)


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
