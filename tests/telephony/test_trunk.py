"""The trunk examples in a real Asterisk: no warning, keys in every form."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import CONF, Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    read_problems,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.tones import key_tones
from tests.telephony.engine import Engine

pytestmark = pytest.mark.telephony

EVERY_KEY = "1234567890*#"
"""The flow `ladder` takes each as a turn of its own and ends at #."""


def configure(place: Path, *trunks: str) -> Path:
    """The shipped configuration with these examples included."""
    conf = place / "conf"
    shutil.copytree(CONF, conf)
    pjsip = conf / "pjsip.conf"
    text = pjsip.read_text()
    for trunk in trunks:
        line = f'#include "local/trunk-{trunk}.conf"'
        assert f";{line}" in text
        text = text.replace(f";{line}", line)
    pjsip.write_text(text)
    modules = conf / "modules.conf"
    if "keys-info" in trunks:
        modules.write_text(
            modules.read_text().replace(";load = res_pjsip_dtmf", "load = res_pjsip_dtmf")
        )
    return conf


@contextmanager
def running(asterisk: Asterisk, place: Path, conf: Path, engine: str) -> Iterator[Instance]:
    settings = Settings(ports=find_ports(), engines=(engine,), name=f"trunk-{place.name[-8:]}")
    yield start_instance(asterisk, place / "pbx", settings, conf=conf)
    stop_instance(place / "pbx")


Press = Callable[[Call, str], Awaitable[None]]


async def by_events(call: Call, keys: str) -> None:
    await call.press(keys)


async def by_info(call: Call, keys: str) -> None:
    await call.inform(keys)


async def by_tones(call: Call, keys: str) -> None:
    """Without the last gap: the engine hangs up after the last key."""
    await call.speak(key_tones(keys, tone_ms=80, gap_ms=80)[: -80 * 8])


async def key_ladder(
    pbx: Instance, engine: Engine, caller: str, events: int | None, press: Press
) -> str:
    async with Phone(events=events) as phone:
        call = await phone.dial("1501", port=pbx.ports.sip, caller=caller)
        await call.answered(within=10)
        await call.wait_sound()
        await press(call, EVERY_KEY)
        await call.ended(within=20)
    return (await engine.story(caller)).keys


async def test_keys_by_info_and_by_events_on_one_trunk(
    asterisk: Asterisk, engine: Engine, tmp_path: Path, caller: Callable[[], str]
) -> None:
    conf = configure(tmp_path, "keys-info")
    with running(asterisk, tmp_path, conf, engine.address) as pbx:
        first, second = await asyncio.gather(
            key_ladder(pbx, engine, caller(), None, by_info),
            key_ladder(pbx, engine, caller(), 101, by_events),
        )
        assert (first, second) == (EVERY_KEY, EVERY_KEY)
        assert read_problems(pbx) == []


async def test_keys_as_tones_and_by_events_on_one_trunk(
    asterisk: Asterisk, engine: Engine, tmp_path: Path, caller: Callable[[], str]
) -> None:
    conf = configure(tmp_path, "keys-inband")
    with running(asterisk, tmp_path, conf, engine.address) as pbx:
        first, second = await asyncio.gather(
            key_ladder(pbx, engine, caller(), None, by_tones),
            key_ladder(pbx, engine, caller(), 101, by_events),
        )
        assert (first, second) == (EVERY_KEY, EVERY_KEY)
        assert read_problems(pbx) == []


async def test_tones_are_no_keys_on_a_trunk_with_events(
    engine: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    """The default listens to RFC 4733 alone: a voice that sounds like a key presses none."""
    number = caller()
    async with Phone() as phone:
        call = await phone.dial("1501", port=pbx.ports.sip, caller=number)
        await call.answered(within=10)
        await call.wait_sound()
        await call.speak(key_tones("12"))
        await call.press("3#")
        await call.ended(within=20)
    assert (await engine.story(number)).keys == "3#"
