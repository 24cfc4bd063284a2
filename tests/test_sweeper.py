"""The sweeper ends calls that nobody leads, and touches none that another engine leads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ivr.engine.run import Frame, Run
from ivr.engine.steps import Lookup, Record, Say, Step
from ivr.operations.claims import LineClaims
from ivr.operations.lines import HeldLines
from ivr.operations.meters import Meters
from ivr.operations.turns import SHORT, TurnWatch
from ivr.ports import LiveRow, Secrets, Turn
from ivr.store.memory import MemoryJournal
from ivr.sweeper import ORPHAN, Sweeper
from tests.talk import START
from tests.test_operations import OTHER


class LoopLines(HeldLines):
    """Lines that tell in which threads somebody asked for them."""

    def __init__(self, claims: LineClaims) -> None:
        super().__init__(claims)
        self.threads: set[int] = set()

    def is_led(self, line: str) -> bool:
        self.threads.add(threading.get_ident())
        return super().is_led(line)


class Engine:
    """What a sweeper works on, with a clock that stands until it is moved."""

    def __init__(self, directory: Path) -> None:
        self.time = 0.0
        self.journal = MemoryJournal()
        self.registry = CollectorRegistry()
        self.claims = LineClaims(directory / "lines.lock")
        self.lines = LoopLines(self.claims)
        self.turns = TurnWatch(lambda: self.time)
        self.finished: list[str] = []
        self.stuck: set[str] = set()
        self.stands = asyncio.Event()
        self.recorded, self.scratch = directory / "recorded", directory / "scratch"
        self.recorded.mkdir()
        self.scratch.mkdir()
        self.sweeper = Sweeper(
            self.journal,
            self.lines,
            self.turns,
            Meters(self.registry),
            self._finish,
            self.recorded,
            self.scratch,
            lambda: self.time,
        )

    async def _finish(self, line: str) -> None:
        self.finished.append(line)
        if line in self.stuck:
            self.turns.begin(line, f"call-of-{line}", Lookup("s", {}))
            self.stands.set()
            await asyncio.Event().wait()

    async def leave(self, line: str, step: Step) -> None:
        """A call as a dead engine leaves it."""
        call = f"call-of-{line}"
        run = Run(call, "b", "1", None, "id", 1, (Frame("f", "n"),), step=step)
        turn = Turn(call, 1, START, {"type": "started"}, [], {"type": step.type})
        await self.journal.append(turn, LiveRow(call, line, run, {}, Secrets(), START))
        (self.scratch / line).mkdir()

    async def sweep_after(self, seconds: float) -> None:
        await self.sweeper.sweep()
        self.time += seconds
        await self.sweeper.sweep()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = Engine(tmp_path)
    yield engine
    engine.claims.close()


async def test_only_a_call_that_nobody_leads_is_ended(engine: Engine, tmp_path: Path) -> None:
    other = subprocess.Popen(  # noqa: ASYNC220 - it is another engine
        [sys.executable, "-c", OTHER, str(tmp_path / "lines.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"  # it leads line-1
    for line in ("line-1", "line-2", "line-3"):
        await engine.leave(line, Say(()))
    (engine.scratch / "over").mkdir()
    with engine.lines.holding("line-2"):
        await engine.sweep_after(ORPHAN)
        assert engine.finished == []
        await engine.sweep_after(0.1)
    assert engine.finished == ["line-3"]
    assert sorted(path.name for path in engine.scratch.iterdir()) == ["line-1", "line-2", "line-3"]
    other.kill()
    other.communicate()
    engine.finished.clear()
    await engine.sweep_after(ORPHAN + 0.1)
    assert set(engine.finished) == {"line-1", "line-2", "line-3"}


async def test_a_message_that_is_still_recorded_is_waited_for(engine: Engine) -> None:
    await engine.leave("line-1", Record((), 60_000, 3_000, "#"))
    await engine.sweep_after(ORPHAN + 0.1)
    assert engine.finished == ["line-1"]  # no file grows


async def test_a_call_that_stands_still_is_counted_and_ended(engine: Engine) -> None:
    stands, ended = asyncio.Event(), asyncio.Event()

    async def lead() -> None:
        engine.turns.begin("line-1", "call-1", Lookup("s", {}))
        stands.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(lead())
        await stands.wait()
        await engine.sweep_after(SHORT + 0.1)
        await ended.wait()
    assert b'ivr_calls_stuck_total{step="lookup"} 1.0' in generate_latest(engine.registry)


async def test_a_call_that_stands_still_when_it_is_ended_takes_nobody_with_it(
    engine: Engine,
) -> None:
    for line in ("line-1", "line-2"):
        await engine.leave(line, Say(()))
    engine.stuck = {"line-1"}
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(engine.sweeper.end_gone(lambda line: True))
        await engine.stands.wait()
        engine.time += SHORT + 0.1
        await engine.sweeper.sweep()
    assert not ending.cancelled()
    assert engine.finished == ["line-1", "line-2"]


async def test_claims_are_looked_at_on_the_event_loop_alone(engine: Engine) -> None:
    await engine.leave("line-1", Say(()))
    (engine.scratch / "over").mkdir()
    await engine.sweeper.sweep()
    assert engine.lines.threads == {threading.get_ident()}
    assert [path.name for path in engine.scratch.iterdir()] == ["line-1"]


async def test_a_line_that_is_gone_is_ended_at_once_unless_somebody_leads_it(
    engine: Engine,
) -> None:
    for line in ("line-1", "line-2", "line-3"):
        await engine.leave(line, Say(()))
    with engine.lines.holding("line-2"):
        await engine.sweeper.end_gone(lambda line: line != "line-1")
    assert engine.finished == ["line-3"]
