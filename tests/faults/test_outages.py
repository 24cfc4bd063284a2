"""The engine is killed in every phase of a call and started again: the caller notices a pause.

In a round many callers come to a phase of their call, wait for each other, and act so that the
engine dies in the midst of it. In every other round the engine that follows is killed as well.
Telephones, Asterisk and engines are real; each next engine is a fresh process.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.engine.steps import RECOVERY, Recovery
from ivr.phone.agent import Phone
from tests.faults.outage import NUMBER, PHASES, SPOKEN, STAY, Outage, Phase, Visitor
from tests.telephony.engine import ROOT, SLOW, Engine, Story

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(1800)]

NewCaller = Callable[[], str]

FLOWS = ROOT / "tests" / "data" / "flows" / "kill"
ROUNDS = 24 if os.environ.get("IVR_SOAK") else 2

LEFT = 45.0
"""Seconds until the message of a caller who left in an outage has its number: the engine first
waits for him, see `ivr.app.ORPHAN`."""

PATIENCE = 8.0
"""Seconds that the dialplan waits for an engine, see `ivr.asterisk.pbx.config`."""

SEALED = 10.0
"""Seconds until the recordings of a call that is over are sealed."""


@pytest.fixture
def engine(tmp_path: Path, pbx: Instance) -> Iterator[Engine]:
    engine = Engine(tmp_path / "engine", FLOWS, SLOW)
    point_at(pbx, engine.address)
    engine.start()
    yield engine
    engine.stop()


async def visit(visitor: Visitor) -> None:
    call = await visitor.phase.act(visitor)
    ending = await call.ended(within=STAY)
    assert ending.by == ("far end" if visitor.phase.stays else "us"), visitor.phase.act.__name__


async def play_round(
    engine: Engine, pbx: Instance, caller: NewCaller, number: int
) -> tuple[list[Visitor], list[float]]:
    chance = random.Random(number)
    async with Phone() as phone, asyncio.TaskGroup() as group:
        outage = Outage(phone, pbx, asyncio.Barrier(len(PHASES) + 1))
        outage.again = chance.uniform(0.3, 2.5) if number % 2 else None
        visitors = [
            Visitor(phase, caller(), random.Random(chance.random()), outage) for phase in PHASES
        ]
        killing = group.create_task(outage.kill(engine))
        for visitor in visitors:
            group.create_task(visit(visitor))
    return visitors, killing.result()


def check(visitor: Visitor, story: Story) -> None:
    phase = visitor.phase
    assert story.summary.outcome == phase.outcome
    assert story.keys == phase.options
    taken = [event["value"] for event in story.all("input.accepted")]
    assert [v["$personal"] if isinstance(v, dict) else v for v in taken] == list(phase.values)
    right = [event["right"] for event in story.all("input.confirmed")]
    assert right == [True] * (NUMBER in phase.values)
    assert not {"input.wrong", "input.rejected", "input.silent", "step.failed"} & {*story.kinds}
    check_take_overs(phase, story)
    check_case(visitor, story)
    check_recordings(visitor, story)


def check_take_overs(phase: Phase, story: Story) -> None:
    """By the table of recoveries: an apology and the prompt again, or the recording as it was."""
    steps = taken_over(story)
    assert set(steps) <= set(phase.steps.split())
    assert steps or not phase.sure
    resumed = Counter(str(event["step"]) for event in story.all("call.resumed"))
    repeated = Counter(step for step in steps if RECOVERY[step] is Recovery.REPEAT)
    assert resumed <= repeated
    assert set(resumed) == set(repeated)
    sorry = [turn.step for turn in story.turns if turn.outcome["type"] == "resumed"]
    assert all("engine.resumed" in str(step) for step in sorry) or not phase.stays


def check_case(visitor: Visitor, story: Story) -> None:
    """The message is whole; its number is given once, and whoever is still there hears it."""
    messages = story.all("message.recorded")
    numbers = [event["number"]["$personal"] for event in story.all("case.opened")]
    assert len(messages) == len(numbers) == visitor.phase.case
    if not numbers:
        return
    assert messages[0]["length"] >= 0.9 * SPOKEN * 1000
    asked = [turn.step for turn in story.turns if numbers[0] in str(turn.step)]
    assert bool(asked) == visitor.phase.stays
    if visitor.phase.stays and visitor.outage.again is None:
        heard = [event for event in story.all("prompt.played") if event["heard"] > 0]
        assert any(numbers[0] in str(event["utterances"]) for event in heard)


def check_recordings(visitor: Visitor, story: Story) -> None:
    """A new segment after each death, and every segment sealed.

    An engine that dies between the seal and the end of its work leaves a seal to be made again; it
    must be the same. Calls in which two engines died have a test of their own.
    """
    if visitor.phase.stays:
        continued = story.all("recording.continued")
        assert len(continued) <= len(taken_over(story))
        assert continued or not visitor.phase.sure
    seals = {(event["recording"], str(event["legs"])) for event in story.all("recording.sealed")}
    begun, sealed = recordings(story)
    assert len(seals) == len(sealed)
    assert sealed == begun or visitor.outage.again is not None


def taken_over(story: Story) -> list[str]:
    return [str(event["step"]) for event in story.all("call.taken_over")]


def recordings(story: Story) -> tuple[set[str], set[str]]:
    """The recordings that were begun in the call, and those that were sealed."""
    begun = {event["recording"] for event in story.all("recording.switched")}
    begun |= {event["outcome"]["recording"] for event in story.all("recording.continued")}
    return begun, {event["recording"] for event in story.all("recording.sealed")}


async def read_sealed(engine: Engine, caller: str) -> Story:
    """A call that is over, once its recordings are sealed or the patience is at its end."""
    story = await engine.story(caller, within=LEFT)
    limit = time.monotonic() + SEALED
    while (found := recordings(story))[0] != found[1] and time.monotonic() < limit:
        await asyncio.sleep(0.2)
        story = await engine.story(caller)
    return story


async def read_story(engine: Engine, visitor: Visitor) -> Story:
    if visitor.outage.again is None:
        return await read_sealed(engine, visitor.caller)
    return await engine.story(visitor.caller, within=LEFT)


def report(visitors: list[Visitor], stories: list[Story], needed: list[float]) -> None:
    steps = Counter(step for story in stories for step in taken_over(story))
    waits = sorted(one.waited for one in visitors if one.waited is not None)
    sys.stderr.write(
        f"\n{len(needed)} engines killed in {len(stories)} calls; calls were taken over "
        f"{steps.total()} times: {', '.join(f'{step} {n}' for step, n in steps.most_common())}\n"
        f"next engine listening after {statistics.median(needed):.2f} s "
        f"(at most {max(needed):.2f} s); from the death to the next sound in the telephone: "
        f"median {statistics.median(waits):.2f} s, p95 {waits[int(len(waits) * 0.95)]:.2f} s, "
        f"at most {waits[-1]:.2f} s ({len(waits)} callers)\n"
    )


async def test_no_call_is_lost_when_the_engine_is_killed(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    visitors: list[Visitor] = []
    needed: list[float] = []
    for number in range(ROUNDS):
        came, times = await play_round(engine, pbx, caller, number)
        visitors += came
        needed += times
    stories = [await read_story(engine, one) for one in visitors]
    report(visitors, stories, needed)
    for number, (visitor, story) in enumerate(zip(visitors, stories, strict=True)):
        try:
            check(visitor, story)
        except AssertionError as fault:
            fault.add_note(f"{visitor.phase.act.__name__}, round {number // len(PHASES)}")
            fault.add_note(f"{story.kinds} {story.noted} {taken_over(story)}")
            raise
    engine.check_store()


async def test_a_recording_is_sealed_by_the_engine_after_next(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    """Two deaths in one search: the segment between them counts as well."""
    number = caller()
    async with Phone() as phone:
        call = await phone.dial("1502", port=pbx.ports.sip, caller=number)
        await call.answered()
        await call.press("22")
        await call.wait(0.5)
        for _ in range(2):
            engine.kill()
            await asyncio.to_thread(engine.start)
            await call.wait(1.0)
        await call.press("1")
        await call.ended(within=STAY)
    begun, sealed = recordings(await read_sealed(engine, number))
    assert sealed == begun


async def test_a_recording_is_sealed_when_the_engine_dies_at_the_end_of_its_call(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await phone.dial("1500", port=pbx.ports.sip, caller=number)
        await call.answered()
        await call.wait(0.5)
        await call.hangup()
    await engine.story(number)
    engine.kill()
    await asyncio.to_thread(engine.start)
    begun, sealed = recordings(await read_sealed(engine, number))
    assert sealed == begun


async def test_nobody_waits_while_recordings_are_sealed(engine: Engine) -> None:
    """Marks of a dead engine whose files never came, each of which takes its whole patience."""
    engine.kill()
    names = [f"01M86B0NMG3866456R1AXRSDF{n}-1" for n in range(3)]
    for name in names:
        (engine.recordings / f"{name}.open").write_text("gone")
    await asyncio.to_thread(engine.start, within=PATIENCE)
    limit = time.monotonic() + 30
    while left := list(engine.recordings.glob("*.open")):
        assert time.monotonic() < limit, left
        await asyncio.sleep(0.1)
    engine.check_store()
