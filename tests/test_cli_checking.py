"""`ivr calls check`: what became of a recording is told, and noted in the journal once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.config import Settings
from ivr.ports import Fact
from ivr.recordings.sealing import leg_path, seal
from ivr.recordings.segments import Segment
from ivr.spooling import open_reader, spool_store
from ivr.store.writer import serve_journal
from tests.journal_samples import START, make_live, make_turn
from tests.test_sealing import record


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(state=tmp_path / "state", spool_megabytes=1)
    settings.recorded.mkdir(parents=True)
    asyncio.run(seal_call(settings))
    return settings


async def seal_call(settings: Settings) -> None:
    """A call with a whole recording."""
    record(settings.recorded, 3.0)
    async with spool_store(settings) as journal:
        await journal.append(make_turn("A", 1), make_live("A", 1))
        await journal.append(make_turn("A", 2, last=True), None)
        event = await seal(settings.recorded, Segment("A-5", 100.0, 103.0))
        await journal.note(Fact("A", START, "engine", event))


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--state", str(settings.state), "calls", *arguments])


async def told(settings: Settings) -> list[Mapping[str, Any]]:
    async with open_reader(settings) as reader:
        facts = await reader.facts("A")
    return [fact.event for fact in facts if fact.event["type"] != "recording.sealed"]


def test_a_recording_as_it_was_sealed(settings: Settings) -> None:
    checked = run(settings, "check")
    assert (checked.exit_code, checked.output) == (0, "1 recording compared, 0 altered\n")
    assert "NOW" not in run(settings, "show", "A").output
    assert asyncio.run(told(settings)) == []


def test_one_that_has_grown_is_told_and_noted_once(settings: Settings) -> None:
    leg = leg_path(settings.recorded, "A-5", "in")
    whole = leg.read_bytes()
    leg.write_bytes(whole + b"\0\0")
    size = len(whole)
    grown = f"A-5.in.wav has grown from {size} to {size + 2} bytes"
    for arguments in ((), ("A",)):
        checked = run(settings, "check", *arguments)
        assert checked.exit_code == 1
        assert f"A  recording A-5 is no longer what was sealed: {grown}\n" in checked.output
    [fact] = asyncio.run(told(settings))
    assert fact["type"] == "recording.altered"
    assert [(file["state"], file["sealed"], file["size"]) for file in fact["files"]] == [
        ("grown", size, size + 2)
    ]
    shown = run(settings, "show", "A").output
    assert f"    NOW {grown}\n" in shown
    assert f"recording A-5 is no longer what was sealed: {grown}\n" in shown

    leg.write_bytes(whole)
    assert run(settings, "check").exit_code == 0
    assert [fact["type"] for fact in asyncio.run(told(settings))] == [
        "recording.altered",
        "recording.restored",
    ]
    assert "recording A-5 is again what was sealed" in run(settings, "show", "A").output


def test_one_that_is_missing_is_told_in_every_leg(settings: Settings) -> None:
    for leg in ("in", "out"):
        leg_path(settings.recorded, "A-5", leg).unlink()
    output = run(settings, "check").output
    assert "sealed: A-5.in.wav is missing; A-5.out.wav is missing\n" in output


async def test_it_is_noted_while_the_service_runs(settings: Settings) -> None:
    leg_path(settings.recorded, "A-5", "mix").write_bytes(b"")
    program = [sys.executable, "-m", "ivr", "--state", str(settings.state), "calls", "check"]
    async with spool_store(settings) as store, serve_journal(store, settings.store):
        checked = await asyncio.to_thread(
            subprocess.run, program, capture_output=True, text=True, timeout=60
        )
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "A-5.mix.wav is empty" in checked.stdout
    assert [fact["files"][0]["state"] for fact in await told(settings)] == ["empty"]
