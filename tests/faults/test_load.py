"""Many calls at once, each recorded and in the journal to its last key."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    read_problems,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.agent import Phone
from ivr.recordings.sealing import SEALED
from tests.faults.load import DIGITS, Load, copy_conf, run_load
from tests.faults.running import Make, metric, until
from tests.telephony.engine import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(300)]

FLOWS = ROOT / "tests" / "data" / "flows" / "load"
SOAK = bool(os.environ.get("IVR_SOAK"))
LOADS = [Load(100, 10, pause=1200)] * (5 if SOAK else 1)
MOST = 200
"""Calls at once that Asterisk has sound ports for."""

THUMBS = 5
"""Callers beside them whose keys are RTP events, at the pace of a thumb."""


@pytest.fixture
def pbx(asterisk: Asterisk, tmp_path: Path) -> Iterator[Instance]:
    """An Asterisk that takes keys by SIP INFO too, with sound ports for many calls."""
    found, conf = find_ports(), copy_conf(tmp_path / "conf")
    ports = replace(found, rtp_last=found.rtp_first + 2 * MOST)
    instance = start_instance(
        asterisk, tmp_path / "pbx", Settings(ports=ports, name="load"), conf=conf
    )
    yield instance
    stop_instance(instance.directory)


@pytest.fixture
def flows() -> Path:
    return FLOWS


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
async def test_every_call_is_whole(pbx: Instance, make: Make, load: Load, tmp_path: Path) -> None:
    engine = make()
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


async def test_one_engine_of_two_is_drained_under_load(
    pbx: Instance, make: Make, tmp_path: Path
) -> None:
    """Its calls stay until they end, new ones go to the other: none is dropped or handed over."""
    load = Load(200 if SOAK else 40, 10, pause=2500 if SOAK else 1200)
    engine = make(2, IVR_DRAIN="60")
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(run_load(load, pbx.ports.sip, tmp_path / "sipp"))
        await until(lambda: len(engine.query("SELECT * FROM live")) > load.calls // 2)
        os.kill(engine.processes()["engine 1"], signal.SIGTERM)
    result = calling.result()
    assert result.code == 0, result.said
    stories = [await engine.story(caller) for caller in result.pressed]
    assert [one.keys for one in stories] == list(result.pressed.values())
    assert all("call.taken_over" not in one.noted for one in stories)
    assert "engine-1 ended (exit code 0)" in engine.log.read_text()
    engine.check_store()


async def test_twice_as_many_calls_as_are_taken(pbx: Instance, make: Make, tmp_path: Path) -> None:
    """All at once: those that are taken do not suffer, the others hear an apology."""
    load = Load(60 if SOAK else 30, 60 if SOAK else 30, pause=1500)
    engine = make(IVR_MAX_CALLS=str(load.calls // 2))
    result = await run_load(load, pbx.ports.sip, tmp_path / "sipp")
    taken = await engine.stories()
    assert {one.summary.caller: one.keys for one in taken}.items() <= result.pressed.items()
    away = await metric(engine, 'ivr_calls_turned_away_total{how="apology"}')
    assert (len(taken), away) == (load.calls // 2, load.calls // 2)
    assert {one.summary.outcome for one in taken} == {"tangga"}
    engine.check_store()
