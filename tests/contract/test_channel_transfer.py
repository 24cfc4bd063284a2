"""The suite of the port `Channel`: the caller is handed to an officer and comes back."""

from __future__ import annotations

from typing import Literal

import pytest

from ivr.engine.outcomes import HungUp, Keys, Resumed, Silence, Transferred
from ivr.engine.steps import Transfer
from ivr.simulator import Does, Leave, Officer, Press, Quiet, Wait
from tests.contract.channel_ends import ENDS, MENU, PROMPT, End

QUEUE = Transfer(PROMPT, "queue", "line", 20_000, ("1",))
DIAL = Transfer(PROMPT, "dial", "desk", 20_000, ("1",))


@pytest.fixture(params=list(ENDS))
def end(request: pytest.FixtureRequest) -> End:
    return ENDS[request.param]()


@pytest.mark.parametrize("step", [QUEUE, DIAL])
async def test_an_officer_answers_talks_and_hangs_up(end: End, step: Transfer) -> None:
    channel = end.open(Officer("answers", 2_000, 3_000), Quiet(), Press("2"))
    outcome = await channel.perform(step, "a-1")
    assert isinstance(outcome, Transferred)
    assert (outcome.result, outcome.key) == ("ended", "")
    assert 1_500 <= outcome.waited <= 4_000
    assert 2_500 <= outcome.talked <= 5_000
    assert outcome.heard > 500


@pytest.mark.parametrize(
    ("step", "does", "result"),
    [
        (QUEUE, "full", "queue_full"),
        (QUEUE, "closed", "queue_closed"),
        (QUEUE, "no_answer", "no_answer"),
        (DIAL, "busy", "busy"),
        (DIAL, "no_answer", "no_answer"),
        (DIAL, "unreachable", "failed"),
    ],
)
async def test_an_attempt_that_reaches_nobody_says_why(
    end: End, step: Transfer, does: Does, result: Literal["busy"]
) -> None:
    outcome = await end.open(Officer(does)).perform(step, "a-1")
    assert isinstance(outcome, Transferred)
    assert (outcome.result, outcome.talked) == (result, 0)


@pytest.mark.parametrize("step", [QUEUE, DIAL])
async def test_a_key_ends_the_waiting_and_others_mean_nothing(end: End, step: Transfer) -> None:
    channel = end.open(
        Officer("no_answer"), Quiet(), Wait(1_000), Press("5"), Wait(500), Press("1")
    )
    outcome = await channel.perform(step, "a-1")
    assert isinstance(outcome, Transferred)
    assert (outcome.result, outcome.key, outcome.talked) == ("key", "1", 0)
    assert outcome.waited >= 1_000
    assert isinstance(await channel.perform(MENU, "a-2"), Silence)


async def test_a_key_in_the_prompt_ends_the_waiting_before_it_begins(end: End) -> None:
    channel = end.open(Officer("answers"), Wait(300), Press("1"))
    outcome = await channel.perform(QUEUE, "a-1")
    assert isinstance(outcome, Transferred)
    assert (outcome.result, outcome.key, outcome.waited) == ("key", "1", 0)
    assert outcome.heard < 1_500


async def test_keys_in_the_talk_are_no_choices(end: End) -> None:
    acts = (Quiet(), Wait(1_500), Press("12"), Wait(3_000), Quiet(), Press("2"))
    channel = end.open(Officer("answers", 500, 3_000), *acts)
    outcome = await channel.perform(QUEUE, "a-1")
    assert isinstance(outcome, Transferred)
    assert outcome.result == "ended"
    answer = await channel.perform(MENU, "a-2")
    assert isinstance(answer, Keys)
    assert answer.keys == "2"
    assert answer.heard > 500


@pytest.mark.parametrize(("after", "talked"), [(60_000, 0), (500, 1)])
async def test_a_caller_may_leave_while_waiting_or_in_the_talk(
    end: End, after: int, talked: int
) -> None:
    channel = end.open(Officer("answers", after, 9_000), Quiet(), Wait(3_000), Leave())
    outcome = await channel.perform(QUEUE, "a-1")
    assert isinstance(outcome, Transferred)
    assert outcome.result == "left"
    assert bool(outcome.talked) == bool(talked)
    assert await channel.perform(MENU, "a-2") == HungUp(0)


async def test_a_caller_who_leaves_in_the_prompt_is_gone(end: End) -> None:
    outcome = await end.open(Wait(300), Leave()).perform(QUEUE, "a-1")
    assert isinstance(outcome, HungUp)


async def test_another_engine_learns_how_it_ended(end: End) -> None:
    first = end.open(Officer("answers", 500, 1_000))
    outcome = await first.perform(DIAL, "a-1")
    assert isinstance(outcome, Transferred)
    again = end.again()
    again.restore(first.position())
    learned = await again.perform(DIAL, "a-1", fresh=False)
    assert isinstance(learned, Transferred)
    assert (learned.result, learned.waited) == ("ended", outcome.waited)


async def test_another_engine_learns_that_it_never_began(end: End) -> None:
    first = end.open()
    position = first.position()
    again = end.again()
    again.restore(position)
    assert await again.perform(DIAL, "a-1", fresh=False) == Resumed()
