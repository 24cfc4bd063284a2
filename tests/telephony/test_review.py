"""A message heard again from the file that Asterisk wrote, and the slow pace on a real line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.config import Settings
from ivr.flow.loader import load_directory
from ivr.sounds import prepare_slow_sounds
from tests.telephony.engine import ROOT, Engine
from tests.telephony.visits import visit

pytestmark = pytest.mark.telephony

NewCaller = Callable[[], str]


def render_slow_sounds(engine: Engine) -> None:
    """As `ivr serve` does beside the calls."""
    settings = replace(Settings(flows=engine.flows).at(engine.state), prompts=ROOT / "prompts")
    prepare_slow_sounds(settings, load_directory(engine.flows))


async def test_a_message_is_heard_again_spoken_over_and_kept(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    told = await visit(engine, pbx, "1509", "1 , v # , 2 , 3 , v # , 1", caller())
    first, second = told.all("message.recorded")
    [played] = told.all("message.played")
    data = (engine.recordings / f"{first['recording']}.wav").read_bytes()
    assert played["recording"] == first["recording"]
    assert played["sha256"] == first["sha256"] == hashlib.sha256(data).hexdigest()
    assert played["heard"] == pytest.approx(first["length"], abs=100)
    assert not played["interrupted"]
    [rejected], [kept] = told.all("message.rejected"), told.all("message.kept")
    assert rejected["recording"] == first["recording"]
    assert (kept["recording"], kept["how"]) == (second["recording"], "key")
    call = told.summary.call
    rows = engine.query(f"SELECT recording FROM opened_case WHERE call = '{call}'")
    assert rows == [(second["recording"],)]
    assert told.summary.outcome == "tiket"


async def test_finish_twice_keeps_a_message_and_a_hangup_does(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    hurried = await visit(engine, pbx, "1509", "1 , v # w0.3 # , h", caller())
    left = await visit(engine, pbx, "1509", "1 , v # , 2 w1 h", caller())
    assert [event["how"] for event in hurried.all("message.kept")] == ["key"]
    assert [event["how"] for event in left.all("message.kept")] == ["hangup"]
    assert len(hurried.all("case.opened")) == len(left.all("case.opened")) == 1


async def test_star_twice_speaks_more_slowly(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    await asyncio.to_thread(render_slow_sounds, engine)
    told = await visit(engine, pbx, "1509", ", ** , * , ** w0.5 h", caller())
    assert [event["pace"] for event in told.all("pace.changed")] == ["slow", "normal"]
    assert [event["action"] for event in told.all("universal.used")] == [
        *("slower", "repeat", "slower")
    ]
    played = told.all("prompt.played")
    usual, slow = played[0], played[2]
    assert [one["prompt"] for one in usual["utterances"]] == [
        one["prompt"] for one in slow["utterances"]
    ]
    assert {one["pace"] for one in usual["utterances"]} == {"normal"}
    assert {one["pace"] for one in slow["utterances"]} == {"slow"}
    assert 1.08 < slow["heard"] / usual["heard"] < 1.3
