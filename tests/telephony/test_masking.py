"""A secret that is keyed or read back gets into no recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.asterisk.manager.muting import CONFIRM
from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.asterisk.pbx.ports import find_ports
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.voice import make_voice
from tests.telephony.engine import SLOW, Engine, Story, manager_settings
from tests.telephony.visits import call_up

pytestmark = pytest.mark.telephony

SECRET = "394857"
SILENCE = -90.0

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PADS = ("123A", "456B", "789C", "*0#D")


def tones(digits: str) -> np.ndarray:
    """The digits as an old telephone sends them, in the sound: 100 ms each, 100 ms apart."""
    clock = np.arange(800) / 8000
    sound = [np.zeros(0)]
    for digit in digits:
        row = next(number for number, pad in enumerate(PADS) if digit in pad)
        low, high = ROWS[row], COLUMNS[PADS[row].index(digit)]
        tone = np.sin(2 * np.pi * low * clock) + np.sin(2 * np.pi * high * clock)
        sound += [0.25 * tone, np.zeros(800)]
    return np.concatenate(sound).astype(np.float32)


def tone_level(sound: np.ndarray) -> float:
    """The level in dBFS of the strongest DTMF pair in any 50 ms."""
    best = -200.0
    clock = np.arange(400) / 8000
    for start in range(0, len(sound) - 400, 200):
        part = sound[start : start + 400]

        def power(frequency: float, part: np.ndarray = part) -> float:
            turns = np.exp(-2j * np.pi * frequency * clock)
            return float(abs(np.dot(part, turns)) / 200)

        pair = min(max(map(power, ROWS)), max(map(power, COLUMNS)))
        best = max(best, 20 * np.log10(pair + 1e-10))
    return best


def level(sound: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(sound).max(initial=0.0) + 1e-10))


def sounds(engine: Engine, story: Story) -> dict[str, list[np.ndarray]]:
    """What the segments of a call hold, by leg."""
    told = story.all("recording.sealed")
    return {
        leg: [soundfile.read(engine.recordings / one["legs"][leg]["path"])[0] for one in told]
        for leg in ("in", "out", "mix")
    }


async def tell_a_secret(call: Call) -> None:
    """Speak, key the secret in the sound and as events, hear it back, speak again."""
    await call.wait_sound(at_least_ms=200)
    await call.wait_quiet(700)
    await call.speak(make_voice(1.0))
    await call.press("1")
    await call.wait_sound(at_least_ms=200)
    await call.wait_quiet(700)
    await call.speak(tones(SECRET))
    await call.press(SECRET + "#")
    await call.wait_sound(at_least_ms=200)
    await call.wait_quiet(700)
    await call.press("1")
    await call.wait_sound(at_least_ms=200)
    await call.wait_quiet(700)
    await call.speak(make_voice(1.0))
    await call.press("1")
    await asyncio.sleep(0)
    await call.ended()


async def test_nothing_of_a_secret_is_in_the_recording(
    engine: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1507", number)
        await tell_a_secret(call)
    story = await engine.story(number, noted="recording.sealed")
    story.check()
    assert story.summary.outcome == "rahasia"
    [sealed] = story.all("recording.sealed")
    [(begin, end)] = sealed["muted"]
    assert end - begin > 2000
    for leg, (sound,) in sounds(engine, story).items():
        at, until = round(begin * 8), round(end * 8)
        # It begins when the mark is written, before Asterisk is asked; the question of the secret
        # waits for the answer. At the end frames may have been on their way.
        assert level(sound[at + round(CONFIRM * 8000) : until - 400]) < SILENCE, leg
        assert level(sound[:at]) > -30, leg
        assert level(sound[until:]) > -30, leg
        assert tone_level(sound[at:until]) < -60, leg
    [line] = story.all("line.ended")
    assert line["cause"] == 16


@pytest.fixture
def lonely(tmp_path: Path, pbx: Instance) -> Iterator[Engine]:
    """An engine that never reaches the manager interface."""
    nowhere = manager_settings(pbx, find_ports().ami)
    engine = Engine(tmp_path / "engine", engine_flows(), SLOW, settings=nowhere)
    point_at(pbx, engine.address)
    engine.start()
    yield engine
    engine.stop()


def engine_flows() -> Path:
    return Path(__file__).parents[1] / "data" / "flows" / "telephony"


async def test_without_the_manager_interface_the_recording_stops_for_a_secret(
    lonely: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1507", number)
        await tell_a_secret(call)
    story = await lonely.story(number, noted="recording.sealed", count=2)
    assert story.summary.outcome == "rahasia"
    sealed = story.all("recording.sealed")
    assert len(sealed) == 2
    [[asked, end]] = sealed[0]["muted"]
    assert end is None
    assert asked > sealed[0]["expected"] - 1000
    assert sealed[1]["muted"] == []
    for leg, parts in sounds(lonely, story).items():
        assert [level(part) > -30 for part in parts] == [True, True], leg
        # The tones would be at -12 dBFS; a voice reaches -25 at their frequencies.
        assert max(map(tone_level, parts)) < -18, leg
