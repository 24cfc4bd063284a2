"""No tone of a secret is in a recording, whatever breaks while it is keyed.

The caller's old telephone sounds every key on the line, which is what a recording would hold; that
the engine takes the keys is up to the telephone events of RFC 4733, as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import soundfile

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.tones import key_tones
from tests.disguises import find_leaks, find_spread, list_files
from tests.faults.proxy import Proxy, running_proxy
from tests.telephony.conftest import SHORT
from tests.telephony.engine import SLOW, Engine, Story, manager_settings
from tests.telephony.visits import call_up
from tests.tones import find_keys

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(120)]

BEFORE, AFTER, CODE, NIK = "369", "258", "147014", "3273264708806403"
"""Keys that an old telephone sounds: two rows that a recording must hold, and two secrets."""


@asynccontextmanager
async def masked(state: Path, pbx: Instance) -> AsyncIterator[tuple[Engine, Proxy]]:
    """An engine whose manager interface is behind a proxy."""
    async with running_proxy(pbx.ports.ami) as proxy:
        settings = manager_settings(pbx, proxy.port)
        engine = Engine(state, SHORT, SLOW, settings=settings)
        await asyncio.to_thread(point_at, pbx, engine.address)
        await asyncio.to_thread(engine.start)
        await proxy.logged_in()
        try:
            yield engine, proxy
        finally:
            await asyncio.to_thread(engine.stop)


async def hear(call: Call, since: float | None = None) -> None:
    """Listen to a prompt until its end."""
    await call.wait_sound(since=since, at_least_ms=200)
    await call.wait_quiet(600)


async def to_the_secret(phone: Phone, pbx: Instance, number: str, *, dialled: str = "1507") -> Call:
    """Up to the end of the question for the number; the tones of BEFORE are recorded."""
    call = await call_up(phone, pbx, dialled, number)
    await hear(call)
    await call.speak(key_tones(BEFORE))
    await call.press("1")
    await hear(call)
    return call


async def type_the_secret(call: Call) -> None:
    """Every tone sounds, the keys arrive, and the last digits are read back."""
    await call.speak(key_tones(CODE, tone_ms=100, gap_ms=100))
    await call.press(f"{CODE}#")
    await hear(call)


async def to_the_end(call: Call) -> None:
    """Up to the end of the call; the tones of AFTER are recorded."""
    await call.press("1")
    await hear(call)
    await call.speak(key_tones(AFTER))
    await call.press("1")
    await call.ended(within=15)


def check_tones(engine: Engine, story: Story, *parts: str) -> None:
    """What sounds in each recording of the call, in order, and on what legs."""
    for leg, wanted in (("in", parts), ("mix", parts), ("out", ("",) * len(parts))):
        paths = engine.recordings.glob(f"{story.summary.call}*.{leg}.wav")
        ordered = sorted(paths, key=lambda path: path.stat().st_mtime)
        assert [find_keys(soundfile.read(path)[0]) for path in ordered] == list(wanted), leg
    assert story.summary.outcome == "rahasia"


async def test_the_last_tone_of_a_secret_is_in_no_recording(
    pbx: Instance, caller: Callable[[], str], tmp_path: Path
) -> None:
    """The caller answers the reading back with a key whose tone sounds on after its event."""
    number = caller()
    async with masked(tmp_path / "engine", pbx) as (engine, _), Phone() as phone:
        call = await to_the_secret(phone, pbx, number)
        await call.speak(key_tones(CODE[:5]))
        await call.press(f"{CODE}#")
        await call.wait_sound(at_least_ms=200)
        last = key_tones(CODE[5], tone_ms=160, gap_ms=20)
        await asyncio.gather(call.press("1", tone_ms=40, gap_ms=20), call.speak(last))
        await hear(call)
        await call.speak(key_tones(AFTER))
        await call.press("1")
        await call.ended(within=15)
        story = await engine.story(number, noted="recording.sealed", count=1)
    check_tones(engine, story, BEFORE + AFTER)


async def test_a_mute_that_is_not_confirmed_stops_the_recording(
    pbx: Instance, caller: Callable[[], str], tmp_path: Path
) -> None:
    """The connection is there and dead: the confirmation does not come."""
    number = caller()
    async with masked(tmp_path / "engine", pbx) as (engine, proxy), Phone() as phone:
        call = await call_up(phone, pbx, "1507", number)
        await hear(call)
        await call.speak(key_tones(BEFORE))
        proxy.open = False
        await call.press("1")
        await hear(call)
        await type_the_secret(call)
        await to_the_end(call)
        story = await engine.story(number, noted="recording.sealed", count=2)
    check_tones(engine, story, BEFORE, AFTER)


async def test_a_connection_that_breaks_in_a_secret_lets_nothing_into_a_recording(
    pbx: Instance, caller: Callable[[], str], tmp_path: Path
) -> None:
    number = caller()
    async with masked(tmp_path / "engine", pbx) as (engine, proxy), Phone() as phone:
        call = await to_the_secret(phone, pbx, number)
        await call.speak(key_tones(CODE[:2]))
        proxy.open = False
        proxy.cut()
        await call.speak(key_tones(CODE[2:]))
        await call.press(f"{CODE}#")
        await hear(call)
        await to_the_end(call)
        story = await engine.story(number, noted="recording.sealed", count=2)
    check_tones(engine, story, BEFORE, AFTER)


def files_with(digits: str, engine: Engine, pbx: Instance) -> list[str]:
    """The files of the engine and of Asterisk in which the digits stand, in any disguise."""
    found = []
    for path in list_files(engine.state, pbx.directory):
        with suppress(FileNotFoundError):  # a scratch file whose call has ended
            data = path.read_bytes()
            if find_leaks(data, [digits]) or find_spread(data, [digits]):
                found.append(path.name)
    return found


async def sound_and_press(call: Call, keys: str) -> None:
    """Key by key, as a tone in the sound and as an event."""
    for key in keys:
        await call.speak(key_tones(key, tone_ms=100, gap_ms=40))
        await call.press(key)


async def test_an_engine_that_is_killed_while_a_number_is_keyed_leaves_nothing_of_it(
    pbx: Instance, caller: Callable[[], str], tmp_path: Path
) -> None:
    """The caller goes on keying, before, while nobody is there, and after: the number counts."""
    number = caller()
    async with masked(tmp_path / "engine", pbx) as (engine, _), Phone() as phone:
        call = await to_the_secret(phone, pbx, number, dialled="1508")
        await sound_and_press(call, NIK[:9])
        assert await asyncio.to_thread(files_with, NIK[:9], engine, pbx) == []
        await asyncio.to_thread(engine.kill)
        await sound_and_press(call, NIK[9:12])
        assert await asyncio.to_thread(files_with, NIK[:9], engine, pbx) == []
        await asyncio.to_thread(engine.start)
        await sound_and_press(call, NIK[12:])
        await call.press("#")
        await hear(call)
        await to_the_end(call)
        story = await engine.story(number, noted="recording.sealed", count=2)
    check_tones(engine, story, BEFORE, AFTER)
    assert await asyncio.to_thread(files_with, NIK[:9], engine, pbx) == []
    [taken] = story.all("call.taken_over")
    assert taken["step"] == "collect"
    [accepted] = story.all("input.accepted")
    assert (accepted["length"], accepted["value"]["$secret"]["valid"]) == (16, True)
    [[since, until]], nothing = [one["muted"] for one in story.all("recording.sealed")]
    assert 0 < since < story.all("recording.sealed")[0]["legs"]["in"]["length"]
    assert until is None
    assert nothing == []
