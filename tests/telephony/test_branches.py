"""Forty callers, three at a time, each on a branch of its own: on the line as on the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.scripts.ways import Way, ways_of
from tests.branch_walk import Look, Made, find_calls
from tests.telephony.engine import Engine
from tests.telephony.visits import visit
from tests.test_branches import SAMPLES, simulate
from tests.test_calls import shipped as load_shipped

pytestmark = [pytest.mark.telephony, pytest.mark.alone, pytest.mark.timeout(240)]

CALLS = 40
AT_ONCE = 3


def choose() -> list[Made]:
    """Calls of now, each on a way of its own, evenly picked.

    They wait for nothing, no officer has to do anything, and the tables answer what they ask.
    """
    made = find_calls(load_shipped(), [Look(datetime.now(UTC))], SAMPLES).calls
    alone = [call for call in made if not call.patient and "o(" not in call.keys]
    quick = [call for call in alone if set(call.answers) <= {"table"}]
    quick.sort(key=lambda call: (call.dialled, call.keys))
    return [quick[index * len(quick) // CALLS] for index in range(CALLS)]


def hasten(keys: str) -> str:
    """The same keys without listening: they wait in the call until something asks for them.

    A star at the end counts a second later, when no other one has followed it.
    """
    return keys.replace("*,h", "* w2 h").replace(",h", " w1 h").replace(",", " ")


async def simulate_at(at: datetime, call: Made) -> frozenset[Way]:
    """The ways of the call when it comes in at another time: officers may have gone home."""
    _, journal = await simulate(replace(call, at=at), hasten(call.keys))
    return ways_of(load_shipped(), journal.events)


async def test_forty_branches_on_the_line(
    shipped: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    lines = asyncio.Semaphore(AT_ONCE)

    async def call_once(call: Made) -> None:
        async with lines:
            begun = datetime.now(UTC)
            story = await visit(shipped, pbx, call.dialled, hasten(call.keys), caller())
        taken = ways_of(load_shipped(), story.events)
        expected = [await simulate_at(at, call) for at in (begun, datetime.now(UTC))]
        assert taken in expected, f"{call.dialled} {call.keys}: {sorted(taken ^ expected[0])}"
        assert story.events[-1]["type"] == "call.ended"

    async with asyncio.TaskGroup() as group:
        for call in choose():
            group.create_task(call_once(call))
