"""The manager interface goes away, goes dead, refuses; Asterisk itself is started again.

Asterisk, engine and telephone are real. Calls go on, and both ends of the gap are in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import Instance, point_at, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.asterisk.pbx.process import kill_processes
from ivr.phone.agent import Phone
from ivr.phone.voice import make_voice
from tests.faults.proxy import Proxy, running_proxy
from tests.telephony.conftest import SHORT
from tests.telephony.engine import SLOW, Engine, manager_settings
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

NewCaller = Callable[[], str]

BACK = 6.0
"""Seconds until a connection that was cut must be back."""

SILENT = 12.0
"""Seconds until a connection that has gone dead must be found."""

CLOSED = 5.0
"""Seconds after the connection is back until every call of a dead Asterisk must be over."""


@asynccontextmanager
async def engine_behind(proxy: Proxy, pbx: Instance, state: Path) -> AsyncIterator[Engine]:
    engine = Engine(state, SHORT, SLOW, settings=manager_settings(pbx, proxy.port))
    await asyncio.to_thread(point_at, pbx, engine.address)
    await asyncio.to_thread(engine.start)
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.stop)


async def test_calls_go_on_when_the_connection_is_cut(
    pbx: Instance, caller: NewCaller, tmp_path: Path
) -> None:
    number = caller()
    async with (
        running_proxy(pbx.ports.ami) as proxy,
        engine_behind(proxy, pbx, tmp_path / "engine") as engine,
        Phone() as phone,
    ):
        call = await call_up(phone, pbx, "1506", number)
        await call.wait_sound()
        proxy.cut()
        await call.press("1")
        [gap] = await engine.noted("manager.returned")
        await call.press("11")
        ending = await call.ended(within=10)
        story = await engine.story(number, noted="line.ended")
    assert ending.by == "far end"
    assert (story.summary.outcome, story.keys) == ("tiga", "111")
    assert [event["cause"] for event in story.all("line.ended")] == [16]
    assert 0 < seconds(gap) < BACK


def seconds(gap: dict[str, str]) -> float:
    since, until = (datetime.fromisoformat(gap[end]) for end in ("since", "until"))
    return (until - since).total_seconds()


async def test_a_connection_that_has_gone_dead_is_found(
    pbx: Instance, caller: NewCaller, tmp_path: Path
) -> None:
    async with (
        running_proxy(pbx.ports.ami) as proxy,
        engine_behind(proxy, pbx, tmp_path / "engine") as engine,
    ):
        await proxy.logged_in()
        proxy.open = False
        dead = datetime.now(UTC)
        await proxy.reached(2, within=3 * SILENT)
        proxy.open = True
        [gap] = await engine.noted("manager.returned", within=2 * SILENT)
    assert (datetime.fromisoformat(gap["since"]) - dead).total_seconds() < SILENT


async def test_a_mute_that_comes_late_silences_no_later_recording(
    pbx: Instance, caller: NewCaller, tmp_path: Path
) -> None:
    """It reaches Asterisk when the next segment is being written already."""
    number = caller()
    async with (
        running_proxy(pbx.ports.ami) as proxy,
        engine_behind(proxy, pbx, tmp_path / "engine") as engine,
        Phone() as phone,
    ):
        await proxy.logged_in()
        call = await call_up(phone, pbx, "1507", number)
        await call.wait_sound(at_least_ms=200)
        await call.wait_quiet(700)
        proxy.hold()
        await call.press("1")
        await call.wait_sound(at_least_ms=200)
        await call.press("394857#1")  # fast: the engine must not take the connection for dead
        await proxy.heard(b"State: 0")
        proxy.release()
        await call.wait_sound(at_least_ms=200)
        await call.wait_quiet(700)
        await call.speak(make_voice(1.0))
        await call.press("1")
        await call.ended()
        story = await engine.story(number, noted="recording.sealed", count=2)
        first, second = story.all("recording.sealed")
        said, rate = soundfile.read(engine.recordings / second["legs"]["in"]["path"])
    assert b"State: 1" in proxy.asked
    assert [until for _, until in first["muted"]] == [None]
    [(since, until)] = second["muted"]
    assert 0 <= since < until < second["expected"]
    assert np.abs(said[round(until * rate / 1000) :]).max() > 0.03
    assert story.summary.outcome == "rahasia"


async def test_a_refused_login_is_tried_every_five_seconds_at_most(
    pbx: Instance, caller: NewCaller, tmp_path: Path
) -> None:
    number = caller()
    wrong = tmp_path / "wrong.secret"
    wrong.write_text("wrong")
    async with running_proxy(pbx.ports.ami) as proxy:
        settings = {**manager_settings(pbx, proxy.port), "IVR_AMI_SECRET": str(wrong)}
        engine = Engine(tmp_path / "engine", SHORT, SLOW, settings=settings)
        await asyncio.to_thread(point_at, pbx, engine.address)
        await asyncio.to_thread(engine.start)
        async with Phone() as phone:
            call = await call_up(phone, pbx, "1506", number)
            await call.press("111")
            await call.ended(within=10)
        await proxy.reached(3, within=30)
        story = await engine.story(number)
        await asyncio.to_thread(engine.stop)
    pauses = [b - a for a, b in pairwise(proxy.began)]
    assert min(pauses) >= 5.0
    assert story.summary.outcome == "tiga"
    assert story.all("line.ended") == []


@pytest.fixture
def mortal(asterisk: Asterisk, tmp_path: Path) -> Iterator[Instance]:
    """An Asterisk of this test alone."""
    directory = tmp_path / "pbx"
    yield start_instance(asterisk, directory, Settings(ports=find_ports(), name="mortal"))
    stop_instance(directory)


async def test_calls_end_at_once_when_asterisk_was_killed_and_started_again(
    asterisk: Asterisk, mortal: Instance, caller: NewCaller, tmp_path: Path
) -> None:
    numbers = {"1500": caller(), "1503": caller(), "1505": caller()}
    reach = manager_settings(mortal)
    engine = Engine(tmp_path / "engine", SHORT, SLOW, settings=reach)
    await asyncio.to_thread(point_at, mortal, engine.address)
    await asyncio.to_thread(engine.start)
    async with Phone() as phone:
        for dialled, number in numbers.items():
            call = await call_up(phone, mortal, dialled, number)
            await call.wait_sound()
        await asyncio.to_thread(kill_processes, mortal.directory)
    settings = Settings(ports=mortal.ports, name="mortal", engines=(engine.address,))
    again = await asyncio.to_thread(start_instance, asterisk, mortal.directory, settings)
    manager_settings(again)
    [gap] = await engine.noted("manager.returned")
    stories = [await engine.story(number) for number in numbers.values()]
    ends = [story.summary.ended for story in stories if story.summary.ended]
    late = max(ends) - datetime.fromisoformat(gap["until"])
    assert late.total_seconds() < CLOSED
    assert {story.summary.outcome for story in stories} == {"putus_ivr"}
    async with Phone() as phone:
        number = caller()
        call = await call_up(phone, again, "1506", number)
        await call.press("111")
        await call.ended(within=10)
    assert (await engine.story(number, noted="line.ended")).summary.outcome == "tiga"
    await asyncio.to_thread(engine.stop)
