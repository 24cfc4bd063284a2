"""The whole service, supervisor and all, on a real Asterisk: who stands still is replaced, who is
told to go takes nobody along, and one caller too many does nobody else harm."""

from __future__ import annotations

import asyncio
import csv
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.errors import ChannelClosed
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from tests.faults.running import Make, NewCaller, fetch, find_ports, metric, reach, until
from tests.telephony.conftest import SHORT
from tests.telephony.engine import ROOT, SERVE, Engine, Story, find_port
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(700)]

FLOODS, FLOOD = (14, 60) if os.environ.get("IVR_SOAK") else (1, 12)
"""Calls of a flooder, one after another, and tens of keys in each: two of them are fifty keys a
second, in a soak for five minutes. Each key is a turn, and a call has 500 turns at most."""

GROWTH = 64 << 20
"""Bytes by which an engine may grow under a flood, however long it lasts."""


def resident(engine: Engine) -> int:
    """Bytes of memory of the engine's process."""
    statm = Path(f"/proc/{engine.processes()['engine 1']}/statm").read_text()
    return int(statm.split()[1]) * os.sysconf("SC_PAGESIZE")


def kinds(pbx: Instance) -> list[str]:
    """How each recorded call ended, in order: the last column of the CDR."""
    if not pbx.cdr.exists():
        return []
    return [row[-1] for row in csv.reader(pbx.cdr.read_text().splitlines())]


@dataclass
class Typists:
    """People who press key after key until they are told that it is over."""

    phone: Phone
    pbx: Instance
    over: asyncio.Event = field(default_factory=asyncio.Event)
    pressed: dict[str, str] = field(default_factory=dict)
    there: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def call(self, caller: str) -> None:
        chance = random.Random(caller)
        call = await call_up(self.phone, self.pbx, "1501", caller)
        self.pressed[caller] = ""
        await self._press(call, caller, "1")
        self.there.release()
        while not self.over.is_set():
            await call.wait(chance.uniform(0.2, 0.6))
            await self._press(call, caller, chance.choice("012345678"))
        await self._press(call, caller, "#")
        assert (await call.ended(within=30)).by == "far end"

    async def _press(self, call: Call, caller: str, key: str) -> None:
        await call.press(key)
        self.pressed[caller] += key


@asynccontextmanager
async def typing(pbx: Instance, callers: Sequence[str]) -> AsyncIterator[Typists]:
    """Callers who are in their calls when the block runs; it ends when their calls have ended."""
    async with Phone() as phone, asyncio.TaskGroup() as group:
        typists = Typists(phone, pbx)
        for caller in callers:
            group.create_task(typists.call(caller))
        for _ in callers:
            await typists.there.acquire()
        yield typists
        typists.over.set()


async def check(engine: Engine, typists: Typists) -> list[Story]:
    """No key was lost or used twice, no turn made twice."""
    stories = [await engine.story(one, within=30) for one in typists.pressed]
    assert [story.keys for story in stories] == list(typists.pressed.values())
    assert {story.summary.outcome for story in stories} == {"tangga"}
    return stories


async def test_an_engine_that_stands_still_is_replaced(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    engine = make(IVR_STALL="1")
    before = engine.processes()
    async with typing(pbx, [caller() for _ in range(3)]) as typists:
        os.kill(before["engine 1"], signal.SIGSTOP)
        await until(lambda: engine.processes().get("engine 1", 0) not in (0, *before.values()))
        await until(lambda: fetch(engine, "readyz")[0] == 200)
        await asyncio.sleep(1.5)
    stories = await check(engine, typists)
    assert [story.noted.count("call.taken_over") for story in stories] == [1, 1, 1]
    assert "stood still and was killed" in engine.log.read_text()
    assert await metric(engine, "ivr_process_restarts") == 1
    assert await metric(engine, "ivr_calls_taken_over_total") == 3
    counted = (engine.state / "metrics").iterdir()
    assert {path.stem.rpartition("_")[2] for path in counted} == {"engine"}, "one file for all"
    engine.check_store()


async def test_draining_one_engine_of_two_drops_no_call(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    """Calls in progress stay where they are; new ones go to the other engine at once."""
    engine = make(2, IVR_DRAIN="60")
    first = engine.processes()["engine 1"]
    async with typing(pbx, [caller() for _ in range(5)]) as typists:
        os.kill(first, signal.SIGTERM)
        await until(lambda: "5 calls may go on" in engine.log.read_text())
        async with typing(pbx, [caller()]) as late:
            await reach(engine, "ivr_calls_live", 6)
        [sixth] = await check(engine, late)
    stories = [*await check(engine, typists), sixth]
    assert all("call.taken_over" not in story.noted for story in stories)
    await until(lambda: engine.processes().get("engine 1", first) != first)
    assert "engine-1 ended (exit code 0)" in engine.log.read_text()
    engine.check_store()


async def test_calls_that_last_longer_than_the_drain_are_handed_over(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    engine = make(2, IVR_DRAIN="1")
    async with typing(pbx, [caller() for _ in range(5)]) as typists:
        os.kill(engine.processes()["engine 1"], signal.SIGTERM)
        await until(lambda: "5 calls are handed over" in engine.log.read_text())
        await asyncio.sleep(1.0)
    stories = await check(engine, typists)
    assert [story.noted.count("call.taken_over") for story in stories] == [1] * 5
    engine.check_store()


async def test_the_next_engine_takes_over_within_three_seconds(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    engine = make(2)
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1502", number)
        await call.press("12345")
        await call.wait_sound()
        await call.wait_quiet(800)
        killed = call.clock()
        os.kill(engine.processes()["engine 1"], signal.SIGKILL)
        heard = await call.wait_sound(since=killed, within=3.0)
        sys.stderr.write(f"\nthe next engine is heard {heard - killed:.2f} s after the kill\n")
        await call.press("1")
        await call.ended(within=20)
    story = await engine.story(number)
    assert story.noted.count("call.taken_over") == 1
    assert story.summary.outcome == "nomor"
    engine.check_store()


async def test_calls_outlive_the_writer(make: Make, pbx: Instance, caller: NewCaller) -> None:
    engine = make(2)
    before = engine.processes()
    async with typing(pbx, [caller() for _ in range(3)]) as typists:
        os.kill(before["writer"], signal.SIGKILL)
        await until(lambda: engine.processes().get("writer", 0) not in (0, before["writer"]))
        await until(lambda: fetch(engine, "readyz")[0] == 200)
        await asyncio.sleep(2.0)
    await check(engine, typists)
    assert engine.processes()["engine 1"] == before["engine 1"]
    engine.check_store()


async def test_one_caller_too_many_hears_an_apology(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    engine = make(IVR_MAX_CALLS="2", IVR_ALWAYS_ADMITTED="1502")
    written = len(kinds(pbx))
    refused, urgent = caller(), caller()
    async with typing(pbx, [caller() for _ in range(2)]) as typists:
        call = await call_up(typists.phone, pbx, "1501", refused)
        await call.wait_sound(at_least_ms=1500)
        assert (await call.ended(within=20)).by == "far end"
        call = await call_up(typists.phone, pbx, "1502", urgent)
        await call.press("123451")
        await call.ended(within=20)
    stories = await check(engine, typists)
    assert all("call.taken_over" not in story.noted for story in stories)
    assert (await engine.story(urgent)).summary.outcome == "nomor"
    assert len(await engine.stories()) == 3
    assert await metric(engine, 'ivr_calls_turned_away_total{how="apology"}') == 1
    await until(lambda: len(kinds(pbx)) == written + 4)
    assert sorted(kinds(pbx)[written:]) == ["done", "done", "done", "full"]
    engine.check_store()


async def test_two_engines_that_are_full_pass_on_before_they_apologise(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    engine = make(2, IVR_MAX_CALLS="1")
    async with typing(pbx, [caller()]) as first, typing(pbx, [caller()]) as second:
        call = await call_up(first.phone, pbx, "1501", caller())
        await call.wait_sound(at_least_ms=1500)
        await call.ended(within=20)
    await check(engine, first)
    await check(engine, second)
    assert await metric(engine, 'ivr_calls_turned_away_total{how="passed_on"}') == 2
    assert await metric(engine, 'ivr_calls_turned_away_total{how="apology"}') == 1


async def test_a_flood_of_keys_harms_nobody_else(
    make: Make, pbx: Instance, caller: NewCaller
) -> None:
    """Two callers send 25 keys a second each: others go on as ever, and what they do is bounded.

    At this pace, which no hand has, Asterisk now and then stores a key twice: a key that follows
    another within 45 ms is put back and read again.
    """
    engine = make()
    before = resident(engine)
    flooding = [[caller() for _ in range(FLOODS)] for _ in range(2)]

    async def flood(phone: Phone, numbers: Sequence[str]) -> None:
        for number in numbers:
            call = await call_up(phone, pbx, "1501", number)
            with suppress(ChannelClosed):  # at the limit of turns
                await call.press("0123456781" * FLOOD, tone_ms=20, gap_ms=20)
                await call.wait(1.0)
                await call.press("#")
            await call.ended(within=60)

    async with typing(pbx, [caller() for _ in range(3)]) as typists:
        await asyncio.gather(*(flood(typists.phone, numbers) for numbers in flooding))
    await check(engine, typists)
    stories = [await engine.story(number, within=30) for number in itertools.chain(*flooding)]
    for story in stories:
        assert story.summary.outcome == "tangga" or story.all("limit.reached")
        assert len(story.keys) <= 2 * 10 * FLOOD + 1
        assert len(story.turns) <= len(story.keys) + 5
    assert await metric(engine, "ivr_calls_failed_total") == 0
    await reach(engine, "ivr_journal_waiting", 0)
    grown = resident(engine) - before
    assert grown < GROWTH
    told = [len(story.keys) for story in stories]
    sys.stderr.write(
        f"\nof {10 * FLOOD} keys at 25 a second Asterisk stored {told}; "
        f"the engine grew by {grown / (1 << 20):.1f} MB\n"
    )
    engine.check_store()


def test_a_second_service_is_refused(make: Make) -> None:
    engine = make()
    second = subprocess.run(
        [sys.executable, "-m", "ivr", "--state", str(engine.state), "serve"],
        cwd=ROOT,
        env={**os.environ, "IVR_FLOWS": str(SHORT)},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 2
    assert f"process {engine.pid} serves calls from this state already" in second.stderr
    assert "Traceback" not in second.stderr
    assert fetch(engine, "livez") == (200, "alive\n")


def test_an_engine_without_its_supervisor_finds_the_store_locked(
    make: Make, tmp_path: Path
) -> None:
    """The store has a lock of its own, whoever starts the second writer."""
    engine = make()
    second = subprocess.run(
        [sys.executable, "-m", "ivr.processes", "engine", "1"],
        cwd=ROOT,
        env={
            **os.environ,
            "IVR_STATE": str(engine.state),
            "IVR_FLOWS": str(SHORT),
            "IVR_AGI_PORT": str(find_port()),
        },
        capture_output=True,
        text=True,
    )
    assert second.returncode == 2
    assert "is the writer of this store" in second.stderr


@pytest.mark.parametrize("engines", [1, 2])
def test_a_port_that_is_taken_ends_the_service(engines: int, tmp_path: Path) -> None:
    """The process says why, the supervisor who; nothing stays behind."""
    engine = Engine(tmp_path / "s", SHORT, (*SERVE, "--engines", str(engines)), find_ports(engines))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", engine.port + engines - 1))
        taken.listen()
        with pytest.raises(AssertionError, match="another program listens on this port") as told:
            engine.start()
    name = "engine" if engines == 1 else "engine-2"
    assert f"{name} could not be started (exit code 2)" in str(told.value)
    assert "Traceback" not in str(told.value)
    assert engine.end() == 2
