"""Keys in bursts, faster than a thumb, each of which is a turn: none is lost, none counts twice."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable
from itertools import cycle

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.telephony.engine import Engine

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(600)]

SOAK = bool(os.environ.get("IVR_SOAK"))
CALLS, BURSTS = (20, 50) if SOAK else (8, 15)
"""Calls at once, and bursts in each."""

APART = 0.15
"""Seconds between the beginnings of two calls."""

DIGITS = 8
PACES = [(40, 20), (60, 40), (80, 60), (40, 60), (80, 20)]
"""Milliseconds of tone and of gap; below 45 ms of gap Asterisk begins to mistrust a key."""


def draw(chance: random.Random) -> str:
    """Eight keys; in every other burst some of them come twice or more in a row."""
    if chance.random() < 0.5:
        return "".join(chance.choices("0123456789*", k=DIGITS))
    pairs = "".join(key * chance.randint(1, 4) for key in chance.choices("0123456789*", k=DIGITS))
    return pairs[:DIGITS]


async def call_in_bursts(phone: Phone, pbx: Instance, caller: str, seed: int) -> str:
    """Press burst after burst; returns the keys. The calls begin one after the other."""
    chance = random.Random(seed)
    pressed = ""
    await asyncio.sleep(APART * seed)
    call = await phone.dial("1501", port=pbx.ports.sip, caller=caller)
    await call.answered()
    paces = cycle(PACES[seed % len(PACES) :] + PACES[: seed % len(PACES)])
    for _ in range(BURSTS):
        tone, gap = next(paces)
        keys = draw(chance)
        await call.press(keys, tone_ms=tone, gap_ms=gap)
        pressed += keys
        await call.wait(chance.uniform(0.1, 0.5))
    await call.press("#")
    await call.ended(within=20)
    return pressed + "#"


async def test_no_key_of_a_burst_is_lost_or_counts_twice(
    own_engine: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    callers = [caller() for _ in range(CALLS)]
    async with Phone() as phone:
        pressed = await asyncio.gather(
            *(call_in_bursts(phone, pbx, one, seed) for seed, one in enumerate(callers))
        )
    read = [(await own_engine.story(one)).keys for one in callers]
    wrong = [(kept, true) for kept, true in zip(read, pressed, strict=True) if kept != true]
    sys.stderr.write(
        f"\n{CALLS * BURSTS} bursts of {DIGITS} keys in {CALLS} calls at once: "
        f"{len(wrong)} calls with a wrong key\n"
    )
    assert not wrong
    own_engine.check_store()
