"""Sounds that vanish or are cut short under a running engine: nobody stays in silence."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import Instance, point_at, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.agent import Phone
from tests.telephony.conftest import SHORT
from tests.telephony.engine import Engine
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.fixture
def line(asterisk: Asterisk, tmp_path: Path) -> Iterator[tuple[Instance, Engine]]:
    """An engine with sounds of its own, and an Asterisk that apologises in them."""
    engine = Engine(tmp_path / "engine", SHORT)
    (engine.state / "sounds").unlink()
    engine.start()
    settings = Settings(ports=find_ports(), name="prompts", sounds=engine.state / "last-words")
    pbx = start_instance(asterisk, tmp_path / "pbx", settings)
    point_at(pbx, engine.address)
    yield pbx, engine
    stop_instance(pbx.directory)
    engine.stop()


def remove(sound: Path) -> None:
    sound.unlink()


def cut_short(sound: Path) -> None:
    sound.write_bytes(sound.read_bytes()[:800])


@pytest.mark.parametrize("harm", [remove, cut_short])
async def test_a_caller_without_a_prompt_hears_an_apology(
    line: tuple[Instance, Engine], harm: Callable[[Path], None]
) -> None:
    pbx, engine = line
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1500", "081200000001")
        await call.wait_sound(at_least_ms=1000)
        for sound in (engine.state / "sounds").rglob("*.ulaw"):
            harm(sound)
        pressed = call.clock()
        await call.press("1")
        await call.wait_sound(since=pressed + 0.2, at_least_ms=300, within=2.0)
        assert (await call.ended(within=10)).by == "far end"
    story = await engine.story("081200000001")
    reasons = {event["reason"] for event in story.all("step.failed")}
    assert reasons
    assert reasons <= {"sound_missing", "sound_damaged"}
    [record] = csv.reader(pbx.cdr.read_text().splitlines())
    assert record[-1] == "failed"
    engine.check_store()
