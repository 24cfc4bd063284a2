"""How soon a caller hears what a key does."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.telephony.engine import Engine
from tests.telephony.visits import call_up

pytestmark = pytest.mark.telephony

NewCaller = Callable[[], str]
CALLS, KEYS = 4, 8


async def test_a_prompt_stops_at_the_key(engine: Engine, pbx: Instance, caller: NewCaller) -> None:
    async def cut(phone: Phone) -> float:
        call = await call_up(phone, pbx, "1502", caller())
        await call.wait_sound()
        await call.wait(0.4)
        (press,) = await call.press("1")
        quiet = await call.wait_quiet(300)
        await call.hangup()
        return quiet - press.began

    async with Phone() as phone:
        after = await asyncio.gather(*(cut(phone) for _ in range(CALLS)))
    assert max(after) < 0.2


async def test_the_next_prompt_comes_at_once(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    """From the end of the key to the first sound of the next prompt, journal and all."""

    async def press(phone: Phone, keys: str) -> list[float]:
        call = await call_up(phone, pbx, "1501", caller())
        await call.wait(0.5)
        took = []
        for key in keys:
            (press,) = await call.press(key)
            took.append(await call.wait_sound(since=press.ended) - press.ended)
            await call.wait(0.7)
        await call.press("#")
        await call.ended(within=10)
        return took

    async with Phone() as phone:
        calls = await asyncio.gather(*(press(phone, "12345678"[:KEYS]) for _ in range(CALLS)))
    took = sorted(one for call in calls for one in call)
    sys.stderr.write(
        f"\nkey to prompt: median {statistics.median(took) * 1000:.0f} ms, "
        f"longest {took[-1] * 1000:.0f} ms of {len(took)}\n"
    )
    assert statistics.median(took) < 0.1
    assert took[-1] < 0.5
