"""Callers handed to officers: real telephones at both ends, every way in which it can end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from ivr.asterisk.pbx.config import CONF, Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    point_at,
    read_problems,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone import g711
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.desk import DeskPhone
from ivr.phone.sockets import open_udp
from ivr.recordings.sealing import has_voice
from tests.telephony.engine import ROOT, Engine, Story
from tests.telephony.visits import call_up

pytestmark = pytest.mark.telephony

NewCaller = Callable[[], str]

FLOWS = ROOT / "tests" / "data" / "flows" / "officers"
OFFICERS = ("desk", "away", "line-1", "full-1", "unheard-1")
QUEUES = {"line": ("line-1",), "empty": (), "full": ("full-1",), "unheard": ("unheard-1",)}


EXPECTED = (
    "Unable to join queue",
    "endpoint 'nobody' was not found",
    "Session already DISCONNECTED",
)
"""Asterisk's complaints about queues that are closed, endpoints that are not, and a connected line
that it would tell to a caller who hung up in that instant (chan_pjsip.c)."""


def change(path: Path, usual: str, here: str) -> None:
    text = path.read_text()
    assert text.count(usual) == 1
    path.write_text(text.replace(usual, here))


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """A port for each officer's telephone."""
    sockets = {name: open_udp("127.0.0.1") for name in OFFICERS}
    found = {name: int(one.getsockname()[1]) for name, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return found


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("officers")


@pytest.fixture(scope="module")
def exchange(
    asterisk: Asterisk, ports: dict[str, int], state: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """An Asterisk with officers, whose lines are full with one caller and announce soon."""
    conf = tmp_path_factory.mktemp("conf") / "asterisk-conf"
    shutil.copytree(CONF, conf)
    change(conf / "queues.conf", "maxlen = 50", "maxlen = 1")
    change(conf / "queues.conf", "retry = 3", "retry = 1")
    # Telephones come and go with the tests: they are not asked whether they are there.
    change(conf / "pjsip.conf", "qualify_frequency = 10", "qualify_frequency = 0")
    settings = Settings(
        ports=find_ports(),
        name="test-officers",
        officers=ports,
        queues=QUEUES,
        sounds=state / "engine" / "last-words",
    )
    directory = tmp_path_factory.mktemp("exchange")
    instance = start_instance(asterisk, directory, settings, conf=conf)
    yield instance
    problems = read_problems(instance)
    stop_instance(directory)
    assert [line for line in problems if not any(word in line for word in EXPECTED)] == []


@pytest.fixture(scope="module")
def _officers(state: Path) -> Iterator[Engine]:
    engine = Engine(state / "engine", FLOWS)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def engine(_officers: Engine, exchange: Instance) -> Engine:
    point_at(exchange, _officers.address)
    return _officers


def tone(hertz: float, seconds: float) -> g711.Samples:
    time = np.arange(round(seconds * g711.RATE)) / g711.RATE
    return np.round(8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def read(path: Path) -> NDArray[np.float64]:
    sound, _ = soundfile.read(path, dtype="float64")
    return np.asarray(sound)


def strength(sound: NDArray[np.float64], hertz: float) -> float:
    """How strong a tone is in the strongest half second of a sound, 1 being a full sine."""
    size = g711.RATE // 2
    wave = np.exp(-2j * np.pi * hertz * np.arange(size) / g711.RATE)
    parts = [sound[at : at + size] for at in range(0, len(sound) - size, size // 2)]
    return max((float(2 * abs(np.dot(part, wave))) / size for part in parts), default=0.0)


def likeness(heard: g711.Samples, clip: Path) -> float:
    """How well the best place in a sound fits a clip: 1 is the clip itself."""
    wanted = g711.decode(g711.PCMU, clip.read_bytes()).astype(np.float64)
    sound = heard.astype(np.float64)
    size = 1 << (len(sound) + len(wanted)).bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(wanted[::-1], size)
    fits = np.fft.irfft(product, size)[len(wanted) - 1 : len(sound)]
    energy = np.cumsum(np.concatenate([[0.0], sound**2]))
    power = energy[len(wanted) :] - energy[: -len(wanted)]
    return float(np.max(fits / np.sqrt(np.maximum(power, 1.0) * np.sum(wanted**2))))


def result_of(story: Story) -> str:
    """How the transfer ended."""
    [told] = story.all("transfer.ended")
    return str(told["result"])


async def rate(engine: Engine, call: Call, number: str) -> Story:
    """Press 5 in the menu behind the transfer and see the call end."""
    await engine.reached(number, "rate")
    await call.press("5")
    await call.ended(within=10)
    story = await engine.story(number)
    assert story.nodes[-2:] == ["rate", "end"]
    return story


async def test_an_officer_answers_and_the_caller_comes_back(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    """A key in the talk is no choice of the menu behind it."""
    number = caller()
    async with DeskPhone(port=ports["line-1"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        talk = await (await desk.rings()).answer()
        await talk.wait(1.0)
        await call.press("2")
        await talk.wait(0.5)
        await talk.hangup()
        story = await rate(engine, call, number)
    assert result_of(story) == "ended"
    assert story.keys == "5"
    assert story.summary.outcome == "petugas"
    [told] = story.all("transfer.ended")
    assert told["talked"] >= 1400


@pytest.mark.parametrize(
    ("dialled", "result"),
    [
        ("1602", "no_answer"),
        ("1604", "queue_closed"),
        ("1606", "failed"),
        ("1607", "no_answer"),
    ],
)
async def test_nobody_is_reached(
    engine: Engine, exchange: Instance, caller: NewCaller, dialled: str, result: str
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, exchange, dialled, number)
        story = await rate(engine, call, number)
    assert (result_of(story), story.keys) == (result, "5")


async def test_an_officer_is_busy(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["away"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1602", number)
        (await desk.rings()).refuse(486, "Busy Here")
        story = await rate(engine, call, number)
    assert result_of(story) == "busy"


async def test_a_line_is_full(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    """The first one waits; the second finds no place. The first then leaves while waiting."""
    first, second = caller(), caller()
    async with DeskPhone(port=ports["full-1"]) as desk, Phone() as phone:
        waiting = await call_up(phone, exchange, "1605", first)
        ringing = await desk.rings()
        call = await call_up(phone, exchange, "1605", second)
        story = await rate(engine, call, second)
        await waiting.hangup()
        await ringing.gave_up()
    assert result_of(story) == "queue_full"
    left = await engine.story(first)
    assert result_of(left) == "left"
    assert left.summary.outcome == "putus_ivr"
    assert left.all("transfer.ended")[0]["talked"] == 0


@pytest.mark.parametrize("dialled", ["1602", "1603"])
async def test_a_key_ends_the_waiting_and_no_other_does(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller, dialled: str
) -> None:
    number = caller()
    name = {"1602": "away", "1603": "line-1"}[dialled]
    async with DeskPhone(port=ports[name]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, dialled, number)
        ringing = await desk.rings()
        await call.press("5")
        await call.wait(0.3)
        await call.press("1")
        await ringing.gave_up()
        story = await rate(engine, call, number)
    [told] = story.all("transfer.ended")
    assert (told["result"], told["option"], story.keys) == ("key", "message", "5")


async def test_a_key_in_the_prompt_leads_there_too(
    engine: Engine, exchange: Instance, caller: NewCaller
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        await call.press("1")
        story = await rate(engine, call, number)
    [told] = story.all("transfer.ended")
    assert (told["result"], told["option"], told["waited"]) == ("key", "message", 0)


async def test_a_caller_who_waits_hears_the_place_in_the_line_in_our_own_words(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["line-1"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        await desk.rings()
        await call.wait(6.0)
        heard = call.heard
        await call.hangup()
    await engine.story(number)
    clips = engine.state / "last-words" / "id"
    assert likeness(heard, clips / "queue-first.ulaw") > 0.8
    assert likeness(heard, clips / "queue-still.ulaw") < 0.6


SECRET = "6174"
CASE = "392817"


async def hand_over(engine: Engine, exchange: Instance, phone: Phone, number: str) -> Call:
    """A recorded call with a secret and a number in it, up to the officer's telephone."""
    call = await call_up(phone, exchange, "1601", number)
    await call.press(f"{SECRET}3{CASE}")
    return call


async def test_the_officer_is_told_of_the_call_and_of_no_secret(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["desk"]) as desk, Phone() as phone:
        call = await hand_over(engine, exchange, phone, number)
        headers = (await desk.rings()).headers
        await call.hangup()
    story = await engine.story(number)
    told = {name: value for name, value in headers.items() if name.startswith("x-satu-pintu")}
    assert told == {
        "x-satu-pintu-call": story.summary.call,
        "x-satu-pintu-language": "id",
        "x-satu-pintu-agency": "djp",
        "x-satu-pintu-path": "desk.topic.payment",
        "x-satu-pintu-case": CASE,
        "x-satu-pintu-note": "Pajak: Bea EXTEN 1+1",
    }
    assert SECRET not in str(headers)
    assert number in headers["from"] + headers.get("p-asserted-identity", "")


@pytest.mark.parametrize("sequence", [100, 60_000])
async def test_the_recording_goes_on_in_the_talk_with_both_voices(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller, sequence: int
) -> None:
    """Wherever the officer's RTP begins: Asterisk takes a lower number for a late packet."""
    number = caller()
    async with DeskPhone(port=ports["desk"], sequence=sequence) as desk, Phone() as phone:
        call = await hand_over(engine, exchange, phone, number)
        talk = await (await desk.rings()).answer()
        await asyncio.gather(call.speak(tone(620, 1.5)), talk.speak(tone(1130, 1.5)))
        await talk.wait(0.3)
        await talk.hangup()
        story = await rate(engine, call, number)
        heard = {"caller": call.heard, "officer": talk.heard}
    story = await engine.story(number, noted="recording.sealed")
    assert strength(heard["caller"] / 32768, 1130) > 0.1
    assert strength(heard["officer"] / 32768, 620) > 0.1
    [told] = story.all("transfer.ended")
    assert told["result"] == "ended"
    sealed = {one["recording"]: one["legs"] for one in await all_sealed(engine, number, 3)}
    talked = {name: tones(engine, leg) for name, leg in sealed.pop(told["recording"]).items()}
    assert talked == {"mix": (True, True), "in": (True, False), "out": (False, True)}
    # Before and after the talk the prompts are recorded.
    assert all(has_voice(engine.recordings / legs["out"]["path"]) for legs in sealed.values())


def tones(engine: Engine, leg: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether a recording holds the caller's tone, and the officer's."""
    sound = read(engine.recordings / leg["path"])
    return strength(sound, 620) > 0.1, strength(sound, 1130) > 0.1


async def all_sealed(engine: Engine, number: str, count: int) -> list[Mapping[str, Any]]:
    """The recordings of a call, once so many of them are sealed."""
    for _ in range(200):
        story = await engine.story(number)
        if len(sealed := story.all("recording.sealed")) >= count:
            break
        await asyncio.sleep(0.05)
    ends = [kind for kind in story.noted if kind in ("recording.short", "recording.missing")]
    assert (len(sealed), ends) == (count, [])
    return sealed


async def test_a_caller_hangs_up_in_the_talk(
    engine: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["line-1"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        talk = await (await desk.rings()).answer()
        await talk.wait(1.0)
        await call.hangup()
        assert (await talk.ended(within=5)).by == "far end"
    story = await engine.story(number)
    assert result_of(story) == "left"
    assert "caller.hung_up" in story.kinds
    assert story.summary.outcome == "petugas"
    assert story.all("transfer.ended")[0]["talked"] >= 900


@pytest.fixture
def mortal(tmp_path: Path, exchange: Instance) -> Iterator[Engine]:
    """An engine that may be killed; calls go to it."""
    engine = Engine(tmp_path / "engine", FLOWS)
    point_at(exchange, engine.address)
    engine.start()
    yield engine
    engine.stop()


async def die(engine: Engine) -> None:
    """Kill the engine and start the next one."""
    await asyncio.to_thread(engine.kill)
    await asyncio.to_thread(engine.start)


async def test_an_engine_dies_in_the_talk_which_goes_on(
    mortal: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["desk"]) as desk, Phone() as phone:
        call = await hand_over(mortal, exchange, phone, number)
        talk = await (await desk.rings()).answer()
        await talk.wait(1.0)
        await asyncio.to_thread(mortal.kill)
        await asyncio.gather(call.speak(tone(620, 1.0)), talk.speak(tone(1130, 1.0)))
        heard = (strength(talk.heard / 32768, 620), strength(call.heard / 32768, 1130))
        await asyncio.to_thread(mortal.start)
        await call.press("2")
        await talk.hangup()
        story = await rate(mortal, call, number)
    assert min(heard) > 0.1
    [told] = story.all("transfer.ended")
    assert told["result"] == "ended"
    assert 2000 <= told["talked"] <= 60_000
    assert story.keys.endswith("35")
    assert story.noted.count("call.taken_over") == 1
    assert "call.resumed" not in story.kinds
    names = [one["recording"] for one in await all_sealed(mortal, number, 3)]
    assert told["recording"] in names


async def test_an_engine_dies_in_the_talk_and_the_caller_leaves(
    mortal: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["line-1"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        talk = await (await desk.rings()).answer()
        await talk.wait(1.0)
        await die(mortal)
        await call.hangup()
        await talk.ended(within=5)
    story = await mortal.story(number)
    [told] = story.all("transfer.ended")
    assert told["result"] == "left"
    assert told["talked"] >= 1000
    assert story.summary.outcome == "petugas"


async def test_an_engine_dies_while_the_caller_waits_and_presses_a_key(
    mortal: Engine, exchange: Instance, ports: dict[str, int], caller: NewCaller
) -> None:
    number = caller()
    async with DeskPhone(port=ports["line-1"]) as desk, Phone() as phone:
        call = await call_up(phone, exchange, "1603", number)
        ringing = await desk.rings()
        await die(mortal)
        await call.press("1")
        await ringing.gave_up()
        story = await rate(mortal, call, number)
    [told] = story.all("transfer.ended")
    assert (told["result"], told["option"]) == ("key", "message")
    assert story.keys == "5"
