"""The flows that come with the source, called: both languages, a secret, the same as simulated."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.telephony.engine import ROOT, Engine
from tests.telephony.visits import call_up, visit

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(210)]

NewCaller = Callable[[], str]

NPWP = "021832415000000"
"""An invented number of `flows/data/npwp.yaml`."""

UNKNOWN = "078451903018000"
"""Another, that stands in no file at all."""


def files(*roots: Path) -> Iterable[Path]:
    for root in roots:
        yield from (path for path in root.rglob("*") if path.is_file())


def holding(word: str, *roots: Path) -> list[str]:
    """The files below these directories that hold a word."""
    return [path.name for path in files(*roots) if word.encode() in path.read_bytes()]


async def test_a_secret_is_written_nowhere(
    shipped: Engine, pbx: Instance, caller: NewCaller
) -> None:
    """All in one burst right after the answer; the files are searched during the call too."""
    number = caller()
    places = (shipped.state, pbx.directory)
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1500", number)
        await call.press(f"1121{UNKNOWN}#", tone_ms=60, gap_ms=60)
        await call.wait(1.0)
        during = await asyncio.to_thread(holding, UNKNOWN[:-4], *places)
        await call.press("1")
        await call.wait(1.0)
        await call.press("3")
        await call.ended(within=20)
    story = await shipped.story(number, noted="recording.sealed")
    assert story.summary.outcome == "selesai_mandiri"
    [answered] = story.all("source.answered")
    assert answered["result"] == "not_found"
    [accepted] = story.all("input.accepted")
    assert accepted["length"] == len(UNKNOWN)
    assert during == []
    assert holding(UNKNOWN[:-4], *places) == []
    # The search finds what is there.
    assert "journal.db-wal" in holding("selesai_mandiri", *places)
    assert holding(number, *places) == []


async def test_both_languages(shipped: Engine, pbx: Instance, caller: NewCaller) -> None:
    told = await asyncio.gather(
        visit(shipped, pbx, "1500", "1 8 w0.5 h", caller()),
        visit(shipped, pbx, "1500", "2 8 w0.5 h", caller()),
        visit(shipped, pbx, "1501", "2 w0.5 11 w1 h", caller()),
    )
    last = [story.all("prompt.played")[-1]["utterances"][-1]["language"] for story in told]
    assert last == ["id", "en", "en"]
    assert "refused" in told[0].nodes
    assert "refused" in told[1].nodes


PATHS = {
    "filing, twice": ("1500", "8 1 1 1 1 w1 h"),
    "a number that is none": ("1501", "8 2 1 123# w1 h"),
    "a number": ("1501", f"8 2 1 {NPWP}# 1 w1 3"),
    "emergency": ("1501", "9 w1 h"),
    "wrong keys": ("1500", "8 6 6 1 w1 h"),
    "english": ("1500", "2 8 1 5 1 w1 h"),
}
"""Keys that arrive before anything waits, so that no thumb is slower than another. No call is
handed to an officer: keys around that count for nothing, so thumbs would matter (test_transfer)."""


async def simulate(number: str, script: str) -> list[dict[str, Any]]:
    """The turns of `ivr simulate`."""
    environment = {**os.environ, "IVR_FLOWS": str(ROOT / "flows")}
    command = [sys.executable, "-m", "ivr", "simulate", number, "--keys", script, "--turns"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


UNLIKE = {"heard", "waited", "interrupted", "recording", "size", "sha256", "caller", "number"}
"""What a clock, a line or a dice decides."""


def bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: bare(one) for name, one in value.items() if name not in UNLIKE}
    return [bare(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", PATHS)
async def test_a_simulated_call_has_the_same_turns(
    path: str, shipped: Engine, pbx: Instance, caller: NewCaller
) -> None:
    number, script = PATHS[path]
    story, expected = await asyncio.gather(
        visit(shipped, pbx, number, script, caller()), simulate(number, script)
    )
    turns = [{"n": t.n, "outcome": t.outcome, "events": list(t.events)} for t in story.turns]
    assert bare(turns) == bare(expected)
