"""The engine is killed while people are talking to it: the call goes on, and nothing is lost.

The phases are those of a call; in each round all calls are brought to theirs, the engine is killed
with -9 and started again at once. Then each caller goes on as if nothing had happened.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.voice import make_voice
from tests.telephony.engine import Engine, Story
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(1200)]

SOAK = bool(os.environ.get("IVR_SOAK"))
ROUNDS = 10 if SOAK else 2
KILLS = 50 if SOAK else 10
PATIENCE = 5
"""Deaths of an engine that a caller who is being served bears in one call (IVR_DEATHS)."""

NewCaller = Callable[[], str]


@dataclass
class Kill:
    """The moment: `ready` callers are in their phase, `restarted` sends them on.

    Those whose phase is short begin it when the others are in theirs (`near`).
    """

    ready: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    near: asyncio.Event = field(default_factory=asyncio.Event)
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    restarted: asyncio.Event = field(default_factory=asyncio.Event)

    async def meet(self) -> None:
        """Say that the phase is reached, and wait for the next engine."""
        self.ready.release()
        await self.restarted.wait()


Phase = Callable[[Call, Kill], Awaitable[None]]


async def in_a_prompt(call: Call, kill: Kill) -> None:
    await call.press("1")
    await call.wait(0.3)
    await kill.meet()
    await call.wait_sound()
    await call.press("2")


async def between_two_keys(call: Call, kill: Kill) -> None:
    await call.wait(0.3)
    await call.press("12")
    await kill.meet()
    await call.wait(0.3)
    await call.press("34#1")


async def typing_on(call: Call, kill: Kill) -> None:
    """Keys before, while nobody is there, and after."""
    await call.press("01234")
    kill.ready.release()
    await kill.dead.wait()
    await call.press("56789")
    await kill.restarted.wait()
    await call.press("**11#")


async def at_a_question(call: Call, kill: Kill) -> None:
    await call.press("12345")
    await call.wait(0.4)
    await kill.meet()
    await call.wait_sound()
    await call.press("1")


async def in_a_search(call: Call, kill: Kill) -> None:
    await call.press("22")
    await call.wait(0.6)
    await kill.meet()
    await call.press("1")


async def in_a_message(call: Call, kill: Kill) -> None:
    await call.press("#")
    await call.wait(0.5)
    await call.speak(make_voice(1.2))
    await kill.meet()
    await call.speak(make_voice(0.8))
    await call.press("#")
    await call.wait(1.0)
    await call.press("1")


async def leaving_a_message(call: Call, kill: Kill) -> None:
    """The caller hangs up when the next engine is there, which Asterisk does not know yet."""
    await call.press("#")
    await call.wait(0.5)
    await call.speak(make_voice(1.5))
    await kill.meet()
    await call.wait(0.2)
    await call.hangup()


async def gone_without_an_engine(call: Call, kill: Kill) -> None:
    """The caller hangs up while there is no engine."""
    await call.press("#")
    await call.wait(0.5)
    await call.speak(make_voice(1.5))
    kill.ready.release()
    await kill.dead.wait()
    await call.hangup()


async def just_after_hanging_up(call: Call, kill: Kill) -> None:
    await call.press("1")
    await call.wait(0.2)
    await call.hangup()
    await kill.meet()


async def in_a_recorded_call(call: Call, kill: Kill) -> None:
    await call.wait_sound()
    await call.wait_quiet(300)
    await call.wait_sound(at_least_ms=400)
    await kill.meet()
    await call.wait_sound()
    await call.wait(1.0)
    await call.press("1")


PHASES: dict[str, tuple[str, Phase, str]] = {
    "in a message": ("1503", in_a_message, "tiket"),
    "leaving a message": ("1503", leaving_a_message, "tiket"),
    "gone without an engine": ("1503", gone_without_an_engine, "tiket"),
    "in a recorded call": ("1505", in_a_recorded_call, "rekaman"),
}
SHORT: dict[str, tuple[str, Phase, str]] = {
    "in a prompt": ("1500", in_a_prompt, "petang"),
    "between two keys": ("1502", between_two_keys, "nomor"),
    "typing on": ("1501", typing_on, "tangga"),
    "at a question": ("1502", at_a_question, "nomor"),
    "in a search": ("1504", in_a_search, "kereta"),
    "just after hanging up": ("1500", just_after_hanging_up, "putus_ivr"),
}
"""Phases that last a second or so: name → number, what the caller does, how the call counts."""


async def live_through(phone: Phone, pbx: Instance, phase: str, caller: str, kill: Kill) -> None:
    """One call through the kill."""
    number, act, _ = {**PHASES, **SHORT}[phase]
    if phase in SHORT:
        await kill.near.wait()
    call = await call_up(phone, pbx, number, caller)
    await call.wait(0.3)
    await act(call, kill)
    await call.ended(within=30)


async def kill_once(engine: Engine, kill: Kill) -> None:
    for _ in PHASES:
        await kill.ready.acquire()
    kill.near.set()
    for _ in SHORT:
        await kill.ready.acquire()
    await asyncio.to_thread(engine.kill)
    kill.dead.set()
    await asyncio.sleep(0.3)  # so that who hangs up then meets nobody
    await asyncio.to_thread(engine.start)
    kill.restarted.set()


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_a_call_survives_in_every_phase(
    round_: int, own_engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    kill = Kill()
    expected = {phase: outcome for phase, (_, _, outcome) in {**PHASES, **SHORT}.items()}
    callers = {phase: caller() for phase in expected}
    async with Phone() as phone, asyncio.TaskGroup() as group:
        group.create_task(kill_once(own_engine, kill))
        for phase, number in callers.items():
            group.create_task(live_through(phone, pbx, phase, number, kill))
    # Asterisk notices nothing while it records, so a message without its caller takes the longest.
    told = {phase: await own_engine.story(one, within=45) for phase, one in callers.items()}
    assert {phase: story.summary.outcome for phase, story in told.items()} == expected
    check_nothing_is_lost(own_engine, told)
    own_engine.check_store()


def check_nothing_is_lost(engine: Engine, told: dict[str, Story]) -> None:
    for phase in ("in a prompt", "between two keys", "typing on", "at a question", "in a search"):
        assert told[phase].noted.count("call.taken_over") == 1, phase
    assert told["in a prompt"].keys == "12"
    assert told["typing on"].keys == "0123456789**11#"
    numbers = [
        turn.outcome["value"]["$personal"]
        for phase in ("between two keys", "at a question")
        for turn in told[phase].turns
        if turn.outcome["type"] == "digits"
    ]
    assert numbers == ["1234", "12345"]
    assert [event["result"] for event in told["in a search"].all("source.answered")] == ["found"]
    for phase in ("in a message", "leaving a message", "gone without an engine"):
        [message] = told[phase].all("message.recorded")
        assert (engine.recordings / f"{message['recording']}.wav").stat().st_size == message["size"]
        assert message["length"] > 1000
        [(cases,)] = engine.query(
            f"SELECT count(*) FROM opened_case WHERE call = '{told[phase].summary.call}'"
        )
        assert cases == 1, phase
    for phase in ("in a prompt", "at a question", "in a recorded call"):
        prompts = [
            one["prompt"]
            for event in told[phase].all("prompt.played")
            for one in event["utterances"]
        ]
        assert "engine.resumed" in prompts, phase
    assert len(told["in a recorded call"].all("recording.continued")) == 1


def was_given_up(story: Story, pressed: str) -> bool:
    """Whether the dialplan led the caller to the fallback: after the sixth death in one call."""
    deaths = story.noted.count("call.taken_over")
    return deaths >= PATIENCE and pressed.startswith(story.keys)


async def test_kill_after_kill_no_key_is_lost(
    own_engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    """Callers type and type, call after call, while the engine dies again and again."""
    over = asyncio.Event()
    pressed: dict[str, str] = {}

    async def keep_calling(phone: Phone, seed: int) -> None:
        chance = random.Random(seed)
        paces = cycle([(60, 40), (80, 60), (100, 100), (60, 60)])
        while not over.is_set():
            number = caller()
            keys = "".join(chance.choices("0123456789*", k=chance.randint(8, 20)))
            call = await call_up(phone, pbx, "1501", number)
            pressed[number] = ""
            while rest := keys[len(pressed[number]) :]:
                burst = rest[: chance.randint(1, 6)]
                tone, gap = next(paces)
                await call.press(burst, tone_ms=tone, gap_ms=gap)
                pressed[number] += burst
                await call.wait(chance.uniform(0.1, 0.6))
            await call.press("#")
            pressed[number] += "#"
            ending = await call.ended(within=30)
            assert ending.by == "far end"

    async def keep_killing() -> None:
        chance = random.Random(KILLS)
        try:
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.6, 1.6))
                await asyncio.to_thread(own_engine.kill)
                await asyncio.to_thread(own_engine.start)
        finally:
            over.set()

    async with Phone() as phone, asyncio.TaskGroup() as group:
        group.create_task(keep_killing())
        for seed in range(6):
            group.create_task(keep_calling(phone, seed))
    told = {number: await own_engine.story(number, within=30) for number in pressed}
    taken = sum(s.noted.count("call.taken_over") for s in await own_engine.stories())
    wrong = {
        number: (story.keys, pressed[number])
        for number, story in told.items()
        if story.keys != pressed[number] and not was_given_up(story, pressed[number])
    }
    sys.stderr.write(
        f"\n{KILLS} kills, {taken} calls taken over, {len(pressed)} calls, "
        f"{sum(map(len, pressed.values()))} keys: {len(wrong)} calls with a wrong key\n"
    )
    assert taken >= KILLS
    assert wrong == {}
    own_engine.check_store()
