"""The machine's clock is set an hour on, and back, while a call is in progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.phone.agent import Phone
from ivr.recordings.sealing import SEALED
from tests.telephony.conftest import SHORT
from tests.telephony.engine import Engine
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

HOUR = 3600
SET_CLOCK = ("-m", "tests.faults.clock_process")
"""An engine whose clock the test sets."""


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The file that says how far the engine's clock is from the true one."""
    path = tmp_path / "offset"
    path.write_text("0")
    return path


@pytest.fixture
def engine(tmp_path: Path, clock: Path, pbx: Instance) -> Iterator[Engine]:
    engine = Engine(tmp_path / "engine", SHORT, SET_CLOCK, settings={"TEST_CLOCK": str(clock)})
    engine.start()
    point_at(pbx, engine.address)
    yield engine
    engine.stop()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_a_call_goes_on_when_the_clock_is_set(
    engine: Engine, clock: Path, pbx: Instance, caller: Callable[[], str], step: int
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1505", number)
        await engine.reached(number, "talk")
        await call.wait_sound()
        _set(clock, step)
        [stepped] = await engine.noted("clock.stepped")
        assert abs(stepped["milliseconds"] - step * 1000) < 2000
        await call.wait(1.0)
        assert call.ending is None
        await call.press("1")
        assert (await call.ended(within=10)).by == "far end"
    story = await engine.story(number, noted=SEALED)
    assert story.summary.outcome == "rekaman"
    assert timedelta(0) < story.turns[-1].at - story.turns[0].at < timedelta(minutes=1)
    [sealed] = story.all(SEALED)
    assert sealed["expected"] < 60_000
    engine.check_store()


def _set(clock: Path, offset: int) -> None:
    """All at once: a process reads the file at each look at the clock."""
    new = clock.with_suffix(".new")
    new.write_text(str(offset))
    os.replace(new, clock)
