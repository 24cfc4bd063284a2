"""Callers who are in every phase of a call when the engine dies, and what must come of it.

They press keys and speak as if nothing had happened; they look into no journal.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.voice import make_voice
from tests.telephony.engine import Engine

LEAD = 2.0
"""Seconds from the moment when all callers are where they should be to the engine's death."""

STAY = 40.0
"""Seconds after which a call that should end by itself has not."""

SPOKEN = 1.0
"""Seconds of a message."""

NUMBER = "48213"
"""The only number of five digits that the table has."""


@dataclass
class Outage:
    """What the callers of a round share: a telephone, an Asterisk, and the engine's death."""

    phone: Phone
    pbx: Instance
    gathering: asyncio.Barrier
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    again: float | None = None
    died: float = 0.0

    async def kill(self, engine: Engine) -> list[float]:
        """Kill the engine when all are ready; once more `again` seconds after the next has come.

        Returns how many seconds each next engine needed to come.
        """
        await self.gathering.wait()
        await asyncio.sleep(LEAD)
        needed = [await self._replace(engine)]
        if self.again is not None:
            await asyncio.sleep(self.again)
            needed.append(await self._replace(engine))
        return needed

    async def _replace(self, engine: Engine) -> float:
        begun = time.monotonic()
        engine.kill()
        self.died = self.died or begun
        self.killed.set()
        await asyncio.to_thread(engine.start)
        self.up.set()
        return time.monotonic() - begun


@dataclass
class Visitor:
    """A caller in one phase. `waited`: seconds from the engine's death to the next sound."""

    phase: Phase
    caller: str
    chance: random.Random
    outage: Outage
    waited: float | None = None

    async def dial(self, number: str) -> Call:
        port = self.outage.pbx.ports.sip
        call = await self.outage.phone.dial(number, port=port, caller=self.caller)
        await call.answered(within=20)
        return call

    async def before(self, least: float, most: float) -> None:
        """Wait for the others, and then until the engine has so many seconds to live."""
        await self.outage.gathering.wait()
        await asyncio.sleep(LEAD - self.chance.uniform(least, most))

    async def hear(self, call: Call) -> None:
        """Wait for the first sound after the engine's death."""
        await self.outage.killed.wait()
        died = call.clock() - (time.monotonic() - self.outage.died)
        self.waited = await call.wait_sound(since=died + 0.3, within=STAY) - died

    async def speak(self, call: Call) -> None:
        """Listen to the prompt and the tone, and say something."""
        await self.listen(call)
        await call.speak(make_voice(SPOKEN))

    async def listen(self, call: Call) -> None:
        await call.wait_sound()
        await call.wait_quiet(500)

    async def finish(self, call: Call) -> Call:
        """End the message, and press a key at some time in what follows."""
        await call.press("#")
        await self.hear(call)
        await call.wait(self.chance.uniform(0, 3))
        await call.press("1")
        return call


async def in_an_announcement(visitor: Visitor) -> Call:
    call = await visitor.dial("1500")
    await visitor.before(0.4, 1.5)
    await call.press("1")
    await visitor.hear(call)
    await call.wait(visitor.chance.uniform(0, 3))
    await call.press("2")
    return call


async def in_an_announcement_cut_short(visitor: Visitor) -> Call:
    call = await visitor.dial("1500")
    await visitor.before(0.4, 1.5)
    await call.press("1")
    await visitor.outage.killed.wait()
    await call.press("2")
    await visitor.hear(call)
    return call


async def between_keys(visitor: Visitor) -> Call:
    """Some keys before the death, the others when the next engine is there."""
    call = await visitor.dial("1501")
    split = visitor.chance.randint(1, 4)
    await visitor.before(0.8, 1.2)
    await call.press(NUMBER[:split])
    await visitor.outage.up.wait()
    await call.press(NUMBER[split:])
    await visitor.hear(call)
    await call.press("1")
    return call


async def among_keys(visitor: Visitor) -> Call:
    """One key after the other, through the death and the outage."""
    call = await visitor.dial("1501")
    await visitor.before(0.3, 1.2)
    await call.press(NUMBER, gap_ms=240)
    await visitor.hear(call)
    await call.press("1")
    return call


async def at_a_question(visitor: Visitor) -> Call:
    call = await visitor.dial("1501")
    await visitor.before(1.2, 1.9)
    await call.press(NUMBER)
    await visitor.hear(call)
    await call.press("1")
    return call


async def at_a_question_answered_in_the_outage(visitor: Visitor) -> Call:
    call = await visitor.dial("1501")
    await visitor.before(1.2, 1.9)
    await call.press(NUMBER)
    await visitor.outage.killed.wait()
    await call.press("1")
    return call


async def in_a_search(visitor: Visitor) -> Call:
    call = await visitor.dial("1502")
    await visitor.before(0.5, 1.5)
    await call.press("22")
    await visitor.hear(call)
    await call.wait(visitor.chance.uniform(0, 4))
    await call.press("1")
    return call


async def before_speaking(visitor: Visitor) -> Call:
    """The whole message is spoken in the outage."""
    call = await visitor.dial("1503")
    await visitor.listen(call)
    await visitor.before(0, 0)
    await visitor.outage.killed.wait()
    await call.speak(make_voice(SPOKEN))
    return await visitor.finish(call)


async def after_speaking(visitor: Visitor) -> Call:
    call = await visitor.dial("1503")
    await visitor.speak(call)
    await visitor.before(0, 0)
    await (visitor.outage.up if visitor.chance.random() < 0.5 else visitor.outage.killed).wait()
    return await visitor.finish(call)


async def after_a_message(visitor: Visitor) -> Call:
    """The engine dies when the message has just ended; the tone of the key takes 80 ms."""
    call = await visitor.dial("1503")
    await visitor.speak(call)
    await visitor.before(0.06, 0.16)
    return await visitor.finish(call)


async def hangs_up_speaking(visitor: Visitor) -> Call:
    call = await visitor.dial("1504")
    await visitor.speak(call)
    await visitor.before(0, 0.04)
    await call.hangup()
    return call


async def hangs_up_in_the_outage(visitor: Visitor) -> Call:
    """No engine is there to be told that the caller is gone."""
    call = await visitor.dial("1504")
    await visitor.speak(call)
    await visitor.before(0, 0)
    await visitor.outage.killed.wait()
    await call.hangup()
    assert not visitor.outage.up.is_set()
    return call


async def leaves_in_the_outage(visitor: Visitor) -> Call:
    call = await visitor.dial("1500")
    await visitor.before(0.4, 1.5)
    await call.press("1")
    await visitor.outage.killed.wait()
    await call.hangup()
    return call


async def in_the_last_words(visitor: Visitor) -> Call:
    call = await visitor.dial("1505")
    await visitor.before(0.4, 1.5)
    await call.press("1")
    await visitor.hear(call)
    return call


async def at_the_beginning(visitor: Visitor) -> Call:
    """Dials in the moment of death."""
    await visitor.before(0, 0.3)
    call = await visitor.dial("1500")
    await visitor.outage.up.wait()
    await call.press("12")
    return call


@dataclass(frozen=True)
class Phase:
    """Where in a call the engine dies, and what the journal must say of it in the end.

    `steps` are those in which the call may be taken over, `sure` that it is. `options` are the keys
    of the menus, `values` the digits that were taken, `stays` whether the caller is there to the
    end.
    """

    act: Callable[[Visitor], Awaitable[Call]]
    outcome: str
    steps: str
    options: str = ""
    values: tuple[str, ...] = ()
    case: bool = False
    stays: bool = True
    sure: bool = True


PHASES = [
    Phase(in_an_announcement, "kabar", "say menu hangup", "12"),
    Phase(in_an_announcement_cut_short, "kabar", "say menu hangup", "12"),
    Phase(between_keys, "ada", "collect menu lookup hangup", values=(NUMBER,)),
    Phase(among_keys, "ada", "collect menu lookup hangup", values=(NUMBER,)),
    Phase(at_a_question, "ada", "menu lookup hangup", values=(NUMBER,)),
    Phase(at_a_question_answered_in_the_outage, "ada", "menu lookup hangup", values=(NUMBER,)),
    Phase(in_a_search, "temuan", "lookup menu hangup", "1", ("22",)),
    Phase(before_speaking, "tiket", "record menu hangup", "1", case=True),
    Phase(after_speaking, "tiket", "record menu hangup", "1", case=True),
    Phase(after_a_message, "tiket", "record open_case menu hangup", "1", case=True),
    Phase(hangs_up_speaking, "tiket", "record open_case", case=True, stays=False, sure=False),
    Phase(hangs_up_in_the_outage, "tiket", "record", case=True, stays=False),
    Phase(leaves_in_the_outage, "putus_ivr", "say", "1", stays=False),
    Phase(in_the_last_words, "akhir", "hangup", "1"),
    Phase(at_the_beginning, "kabar", "set_recording menu say hangup", "12", sure=False),
]
