"""Officers of the local Asterisk: how the setting is read, and how one takes calls."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import CONF, Settings, read_conf, render_conf
from ivr.asterisk.pbx.officers import Officer, find_officer, list_lines, read_officers
from ivr.config import Settings as Chosen
from ivr.errors import SpeechError, UsageError
from ivr.phone.agent import Phone
from ivr.phone.desk import DeskPhone
from ivr.phone.officer import Manner, take_calls

ANI = Officer("ani", 5091)
BUDI = Officer("budi", 5092, ("tax", "officers"))


# The setting


def test_officers_are_read() -> None:
    assert read_officers("ani:5091, budi:5092:tax+officers") == (ANI, BUDI)
    assert read_officers("none") == ()
    assert read_officers(Chosen().officers) == (Officer("officer-1", 5091),)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("ani", "'ani' is no officer"),
        ("ani:80", "'ani:80' is no officer"),
        ("ani:99999", "'ani:99999' is no officer"),
        ("ani:5091,", "'' is no officer"),
        ("ani:5091:tax+", "'ani:5091:tax\\+' is no officer"),
        ("Ani\n[trunk]:5091", "is no officer"),
        ("trunk:5091", "'trunk' is a name of Asterisk's own"),
        ("ani:5091:general", "'general' is a name of Asterisk's own"),
        ("ani:5091,ani:5092", "two officers have the name ani"),
        ("ani:5091,budi:5091", "two officers have the port 5091"),
    ],
)
def test_a_mistake_is_named(written: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as told:
        read_officers(written)
    assert told.value.place == "IVR_OFFICERS"


def test_lines_have_their_officers() -> None:
    assert list_lines([ANI, BUDI]) == {"officers": ("ani", "budi"), "tax": ("budi",)}
    assert list_lines([]) == {"officers": ()}


def test_an_officer_is_found_by_name() -> None:
    assert find_officer([ANI, BUDI], "budi") == BUDI
    assert find_officer([ANI, BUDI], None) == ANI
    with pytest.raises(UsageError, match="no officer 'citra'; known: ani, budi"):
        find_officer([ANI, BUDI], "citra")
    with pytest.raises(UsageError, match="there are no officers"):
        find_officer([], None)


def test_asterisk_gets_their_telephones_and_lines() -> None:
    settings = Settings(officers={"ani": 5091}, queues=list_lines([ANI]))
    rendered = render_conf(read_conf(CONF), {}, settings, "s3cret")
    assert "contact = sip:ani@127.0.0.1:5091\n" in rendered["local/pjsip.conf"]
    assert rendered["local/queues.conf"] == "[officers](officers)\nmember = PJSIP/ani\n"


# At the telephone


async def test_an_officer_picks_up_talks_and_hangs_up(tmp_path: Path) -> None:
    said: list[str] = []
    manner = Manner(rings=0.0, talks=0.6, calls=1, record=tmp_path / "heard.wav")
    async with DeskPhone() as desk, Phone() as phone, asyncio.TaskGroup() as group:
        group.create_task(take_calls(desk, manner, said.append))
        call = await phone.dial("ani", port=desk.port)
        await call.answered()
        assert await call.wait_sound() > 0
        assert (await call.ended(within=5)).by == "far end"
    assert said[:2] == ["it rings", "answered"]
    assert said[2].endswith("s, the officer hung up")
    assert manner.record is not None
    assert manner.record.exists()


async def test_callers_who_leave_are_told_of() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    manner = Manner(rings=30.0, calls=1)
    async with DeskPhone() as desk, Phone() as phone, asyncio.TaskGroup() as group:
        working = group.create_task(take_calls(desk, manner, said.put_nowait))
        call = await phone.dial("ani", port=desk.port)
        assert await said.get() == "it rings"
        await call.hangup()
        assert await said.get() == "the caller did not wait"
        working.cancel()
    async with DeskPhone() as desk, Phone() as phone, asyncio.TaskGroup() as group:
        group.create_task(take_calls(desk, replace(manner, rings=0.0), said.put_nowait))
        call = await phone.dial("ani", port=desk.port)
        await call.answered()
        await call.hangup()
    assert [said.get_nowait() for _ in range(2)] == ["it rings", "answered"]
    assert said.get_nowait().endswith("s, the caller hung up")


async def test_a_voice_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async with DeskPhone() as desk:
        with pytest.raises(SpeechError, match=r"nobody\.wav"):
            await take_calls(desk, Manner(voice=tmp_path / "nobody.wav"), lambda words: None)
