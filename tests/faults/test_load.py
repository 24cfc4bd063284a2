"""A hundred calls at ten a second, each recorded and in the journal to its last key."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    point_at,
    read_problems,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.agent import Phone
from ivr.recordings.sealing import SEALED
from tests.faults.load import DIGITS, Load, copy_conf, run_load
from tests.telephony.engine import ROOT, Engine

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

FLOWS = ROOT / "tests" / "data" / "flows" / "load"
SOAK = bool(os.environ.get("IVR_SOAK"))
LOADS = [Load(100, 10, pause=1200)] * (5 if SOAK else 1)
MOST = 200
"""Calls at once that Asterisk has sound ports for."""

THUMBS = 5
"""Callers beside them whose keys are RTP events, at the pace of a thumb."""


@pytest.fixture
def loaded(asterisk: Asterisk, tmp_path: Path) -> Iterator[tuple[Instance, Engine]]:
    """An Asterisk that takes keys by SIP INFO too, and its engine."""
    found, conf = find_ports(), copy_conf(tmp_path / "conf")
    ports = replace(found, rtp_last=found.rtp_first + 2 * MOST)
    pbx = start_instance(asterisk, tmp_path / "pbx", Settings(ports=ports, name="load"), conf=conf)
    try:
        engine = Engine(tmp_path / "engine", FLOWS)
        engine.start()
        point_at(pbx, engine.address)
        yield pbx, engine
        engine.stop()
    finally:
        stop_instance(pbx.directory)


async def press_slowly(phone: Phone, port: int, caller: str, seed: int) -> str:
    """A caller with a thumb; returns the keys."""
    chance = random.Random(seed)
    call = await phone.dial("1501", port=port, caller=caller)
    await call.answered(within=20)
    keys = "".join(chance.choices(DIGITS, k=20)) + "#"
    for key in keys:
        await call.wait(chance.uniform(0.3, 0.9))
        await call.press(key, tone_ms=100, gap_ms=100)
    await call.ended(within=20)
    return keys


@pytest.mark.parametrize("load", LOADS)
async def test_every_call_is_whole(
    loaded: tuple[Instance, Engine], load: Load, tmp_path: Path
) -> None:
    pbx, engine = loaded
    thumbs = [f"0814{number:06}" for number in range(THUMBS)]
    async with Phone() as phone, asyncio.TaskGroup() as group:
        slow = [
            group.create_task(press_slowly(phone, pbx.ports.sip, caller, seed))
            for seed, caller in enumerate(thumbs)
        ]
        result = await run_load(load, pbx.ports.sip, tmp_path / "sipp")
    assert result.code == 0, result.said
    pressed = result.pressed | {
        caller: one.result() for caller, one in zip(thumbs, slow, strict=True)
    }
    for caller in pressed:
        await engine.story(caller, noted=SEALED)
    stories = await engine.stories()
    read = {one.summary.caller: one.keys for one in stories}
    wrong = [(read[caller], keys) for caller, keys in pressed.items() if read[caller] != keys]
    sys.stderr.write(f"\n{len(read)} calls, {load.rate} a second: {len(wrong)} with a wrong key\n")
    assert not wrong
    assert len(stories) == len(pressed)
    assert all(len(one.all(SEALED)) == 1 for one in stories)
    assert read_problems(pbx) == []
    engine.check_store()
