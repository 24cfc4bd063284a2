"""Whole calls on a real Asterisk: menus, numbers, searches, and people who hang up in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.telephony.engine import Engine, Story
from tests.telephony.visits import call_up, visit, visit_all

pytestmark = pytest.mark.telephony

NewCaller = Callable[[], str]


def outcomes(stories: dict[str, Story]) -> dict[str, str | None]:
    return {name: story.summary.outcome for name, story in stories.items()}


async def test_menus_and_the_keys_that_mean_the_same_everywhere(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    told = await visit_all(
        engine,
        pbx,
        caller,
        {
            "typed ahead": ("1500", "11"),
            "cut short": ("1500", "w0.5 1 w0.5 2"),
            "repeat": ("1500", "* w1 * w1 2"),
            "back": ("1500", "1 w1 7 w1 2"),
            "officer": ("1500", "w1 0"),
            "emergency": ("1500", "9"),
            "wrong keys": ("1500", "5 w1.5 #"),
            "silence": ("1500", ""),
        },
    )
    assert outcomes(told) == {
        "typed ahead": "pagi",
        "cut short": "petang",
        "repeat": "alamat",
        "back": "alamat",
        "officer": "petugas",
        "emergency": "petugas",
        "wrong keys": "petugas",
        "silence": "petugas",
    }
    assert told["typed ahead"].nodes == ["welcome", "first", "second", "morning"]
    assert told["cut short"].nodes == ["welcome", "first", "second", "evening"]
    assert told["back"].nodes == ["welcome", "first", "second", "first", "place"]
    assert [event["action"] for event in told["repeat"].all("universal.used")] == ["repeat"] * 2
    assert [event["keys"] for event in told["wrong keys"].all("input.wrong")] == ["5", "#"]
    assert [event["count"] for event in told["silence"].all("input.silent")] == [1, 2]
    assert [event["reason"] for event in told["wrong keys"].all("tries.exhausted")] == ["wrong_key"]
    assert [event["reason"] for event in told["silence"].all("tries.exhausted")] == ["silence"]
    waited = [event["waited"] for event in told["typed ahead"].all("menu.chosen")]
    assert waited == [0, 0]


async def test_what_was_heard_is_what_the_journal_says(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    async with Phone() as phone:
        number = caller()
        call = await call_up(phone, pbx, "1500", number)
        began = await call.wait_sound()
        await call.wait(0.8)
        (press,) = await call.press("1")
        await call.ended(within=20)
    story = await engine.story(number)
    first = story.all("prompt.played")[0]
    assert first["interrupted"]
    assert first["heard"] == pytest.approx((press.ended - began) * 1000, abs=120)
    whole = story.all("prompt.played")[-1]
    assert not whole["interrupted"]


async def test_numbers(engine: Engine, pbx: Instance, caller: NewCaller) -> None:
    told = await visit_all(
        engine,
        pbx,
        caller,
        {
            "by length": ("1502", "12345 1"),
            "late finish": ("1502", "12345 w0.6 # ,1"),
            "finish": ("1502", "123# w0.3 1"),
            "finish typed ahead": ("1502", "123#1"),
            "escape": ("1502", "12*0"),
            "again": ("1502", "123#2 w0.5 4567#1"),
            "too short": ("1502", "12# w0.5 12#"),
            "by silence": ("1502", "w0.5 1234 w2 1"),
        },
    )
    assert outcomes(told) == {
        "by length": "nomor",
        "late finish": "nomor",
        "finish": "nomor",
        "finish typed ahead": "nomor",
        "escape": "petugas",
        "again": "nomor",
        "too short": "petugas",
        "by silence": "nomor",
    }
    ended = {
        name: [t.outcome for t in s.turns if t.outcome["type"] == "digits"]
        for name, s in told.items()
    }
    assert [one["ended"] for one in ended["by length"]] == ["length"]
    assert [one["ended"] for one in ended["finish"]] == ["finish"]
    assert [one["ended"] for one in ended["by silence"]] == ["silence"]
    values = {
        name: [one["value"]["$personal"] for one in found] for name, found in ended.items() if found
    }
    assert values["again"] == ["123", "4567"]
    assert values["late finish"] == ["12345"]
    # The finish key that came late has not cut the question short.
    question = told["late finish"].all("prompt.played")[1]
    assert question["utterances"][0]["prompt"] == "engine.confirm_all"
    assert not question["interrupted"]
    assert question["heard"] > 3000
    assert not told["late finish"].all("input.wrong")


async def test_searches(engine: Engine, pbx: Instance, caller: NewCaller) -> None:
    told = await visit_all(
        engine,
        pbx,
        caller,
        {
            "found at once": ("1504", "1# w0.5 1"),
            "found after a while": ("1504", "22 ,,1"),
            "typed ahead": ("1504", "22 w1 1"),
            "not found": ("1504", "7#"),
        },
    )
    assert outcomes(told) == {
        "found at once": "kereta",
        "found after a while": "kereta",
        "typed ahead": "kereta",
        "not found": "tak_ada",
    }
    asked = told["typed ahead"].all("source.answered")
    assert [event["result"] for event in asked] == ["found"]


async def test_whoever_hangs_up_is_gone_from_there(
    engine: Engine, pbx: Instance, caller: NewCaller
) -> None:
    told = await visit_all(
        engine,
        pbx,
        caller,
        {
            "in the first prompt": ("1500", "w0.5 h"),
            "in a menu": ("1500", "1 w0.7 h"),
            "after the key": ("1500", "1 h"),
            "while it waits": ("1501", ", w0.5 h"),
            "between two keys": ("1502", "12 w0.3 h"),
            "at the question": ("1502", "12345 w0.8 h"),
            "in a search": ("1504", "22 w1.2 h"),
        },
    )
    assert set(outcomes(told).values()) == {"putus_ivr"}
    left = {name: story.all("caller.hung_up") for name, story in told.items()}
    assert {name: [event["node"] for event in events] for name, events in left.items()} == {
        "in the first prompt": ["welcome"],
        "in a menu": ["second"],
        "after the key": ["second"],
        "while it waits": ["rung"],
        "between two keys": ["ask"],
        "at the question": ["ask"],
        "in a search": ["tell"],
    }
    assert 300 < left["in the first prompt"][0]["heard"] < 700


async def test_calls_at_once_do_not_mix(engine: Engine, pbx: Instance, caller: NewCaller) -> None:
    keys = {caller(): f"{one}{two}{two}{one}*{two}#" for one in range(4) for two in range(3)}
    told = await asyncio.gather(
        *(visit(engine, pbx, "1501", script, number) for number, script in keys.items())
    )
    assert {story.summary.caller: story.keys for story in told} == keys
