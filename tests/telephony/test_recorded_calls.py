"""What is recorded: messages to their end, whole calls on both legs, nothing without leave."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from ivr.phone.voice import make_voice
from tests.telephony.engine import Engine, Story
from tests.telephony.visits import call_up, visit, visit_all

pytestmark = pytest.mark.telephony

NewCaller = Callable[[], str]


@pytest.fixture(scope="module")
def long_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that talks for longer than a message may be."""
    path = tmp_path_factory.mktemp("voice") / "long.wav"
    soundfile.write(path, make_voice(6.0), 8000, subtype="PCM_16")
    return path


def loudness(path: Path, begin: float, end: float) -> float:
    """The loudness in dBFS of a part of a file, in seconds."""
    sound, rate = soundfile.read(path, dtype="float64")
    part = sound[round(begin * rate) : round(end * rate)]
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))


def cases(engine: Engine, call: str) -> int:
    [(count,)] = engine.query(f"SELECT count(*) FROM opened_case WHERE call = '{call}'")
    return int(count)


def message(engine: Engine, story: Story) -> Mapping[str, Any]:
    """The event of the one message of a call, with its file as it says and one case."""
    [event] = story.all("message.recorded")
    data = (engine.recordings / f"{event['recording']}.wav").read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (event["size"], event["sha256"])
    assert len(story.all("case.opened")) == 1
    assert cases(engine, story.summary.call) == 1
    return event


async def test_messages_end_in_every_way(
    engine: Engine, pbx: Instance, caller: NewCaller, long_voice: Path
) -> None:
    told = dict(
        zip(
            ("finish", "silence", "hangup", "limit"),
            await asyncio.gather(
                visit(engine, pbx, "1503", ", v # w0.5 1", caller()),
                visit(engine, pbx, "1503", "# w0.8 v w3 , 1", caller()),
                visit(engine, pbx, "1503", ", v h", caller()),
                visit(engine, pbx, "1503", ", v w0.5 1", caller(), long_voice),
            ),
            strict=True,
        )
    )
    messages = {how: message(engine, story) for how, story in told.items()}
    assert {how: event["ended"] for how, event in messages.items()} == {
        how: how for how in messages
    }
    assert {story.summary.outcome for story in told.values()} == {"tiket"}
    assert 1500 < messages["finish"]["length"] < 3500
    assert messages["limit"]["length"] == pytest.approx(5000, abs=200)
    assert [event["node"] for event in told["hangup"].all("caller.hung_up")] == ["speak"]
    numbers = {str(story.all("case.opened")[0]["number"]) for story in told.values()}
    assert len(numbers) == 4


async def test_silence_opens_no_case(engine: Engine, pbx: Instance, caller: NewCaller) -> None:
    told = await visit_all(
        engine,
        pbx,
        caller,
        {
            "said nothing": ("1503", "# w3"),
            "left at once": ("1503", "w0.5 h"),
            "left at the tone": ("1503", ", h"),
            "finished at once": ("1503", ", w0.2 #"),
        },
    )
    assert {name: story.summary.outcome for name, story in told.items()} == {
        "said nothing": "hening",
        "left at once": "putus_ivr",
        "left at the tone": "putus_ivr",
        "finished at once": "hening",
    }
    assert [cases(engine, story.summary.call) for story in told.values()] == [0] * 4


async def test_both_legs_are_recorded_as_long_as_the_call(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    number = caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1505", number)
        await call.wait_sound()
        await call.wait_quiet(400)
        began = await call.wait_sound(at_least_ms=200)  # the recording has begun before this prompt
        await call.wait_quiet(500)
        quiet = call.clock()
        spoke = call.clock()
        await call.speak(make_voice(1.5))
        stopped = call.clock()
        await call.wait(0.5)
        await call.hangup()
        ended = call.ended_at or 0.0
    story = await engine.story(number, noted="recording.sealed")
    [sealed] = story.all("recording.sealed")
    [switched] = story.all("recording.switched")
    assert sealed["recording"] == switched["recording"]
    assert set(sealed["legs"]) == {"mix", "in", "out"}
    length = ended - began
    for leg in sealed["legs"].values():
        assert leg["length"] / 1000 == pytest.approx(length, abs=0.5)
        data = (engine.recordings / leg["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == leg["sha256"]
    said, heard = (engine.recordings / sealed["legs"][leg]["path"] for leg in ("in", "out"))
    prompt = (0.1, min(2.0, quiet - 0.6 - began))
    voice = (spoke + 0.3 - began, stopped - 0.2 - began)
    assert loudness(heard, *prompt) > -35 > -50 > loudness(said, *prompt)
    assert loudness(said, *voice) > -35 > -50 > loudness(heard, *voice)


async def test_who_refuses_is_not_recorded(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    refused, silent = await asyncio.gather(
        visit(engine, pbx, "1505", "8 w0.5 1", caller()),
        visit(engine, pbx, "1505", ", w1 1", caller()),
    )
    assert refused.summary.outcome == silent.summary.outcome == "rekaman"
    assert not refused.all("recording.switched")
    assert not list(engine.recordings.glob(f"{refused.summary.call}*"))
    assert len(list(engine.recordings.glob(f"{silent.summary.call}*.wav"))) == 3
