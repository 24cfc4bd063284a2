"""A real engine process beside the test's Asterisk, and what its journal tells of a call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.asterisk.pbx.instance import Instance
from ivr.config import Settings
from ivr.errors import JournalBroken, SetupError
from ivr.ports import CallSummary, Fact, Turn
from ivr.spooling import open_reader
from ivr.store.reader import StoredReader

ROOT = Path(__file__).resolve().parents[2]
SOUNDS = ROOT / "var" / "sounds"
"""Kept between runs: a prompt is rendered once, whoever asks for it."""

SERVE = ("-m", "ivr", "serve")
SLOW = ("-m", "tests.telephony.engine_process")
"""The same engine with a source that takes its time."""


def manager_settings(pbx: Instance, port: int | None = None) -> Mapping[str, str]:
    """Settings by which an engine finds the manager interface of this Asterisk, or another port."""
    secret = pbx.directory / "manager.secret"
    secret.write_text(pbx.ami_secret)
    secret.chmod(0o600)
    return {"IVR_AMI_PORT": str(port or pbx.ports.ami), "IVR_AMI_SECRET": str(secret)}


@dataclass(frozen=True)
class Story:
    """A call that is over, as the journal has it."""

    summary: CallSummary
    turns: Sequence[Turn]
    facts: Sequence[Fact]

    @property
    def events(self) -> list[Mapping[str, Any]]:
        return [event for turn in self.turns for event in turn.events]

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def noted(self) -> list[str]:
        return [str(fact.event["type"]) for fact in self.facts]

    def all(self, kind: str) -> list[Mapping[str, Any]]:
        """The events and the facts of a type."""
        told = [*self.events, *(fact.event for fact in self.facts)]
        return [event for event in told if event["type"] == kind]

    @property
    def keys(self) -> str:
        """The keys of the chosen options, in order."""
        return "".join(event["keys"] for event in self.all("menu.chosen"))

    @property
    def nodes(self) -> list[str]:
        return [event["node"] for event in self.all("node.entered")]

    def check(self) -> None:
        """The turns count from 1 without a gap, and the last one ends the call."""
        assert [turn.n for turn in self.turns] == list(range(1, len(self.turns) + 1))
        assert [turn.step is None for turn in self.turns] == [False] * (len(self.turns) - 1) + [
            True
        ]
        assert self.turns[-1].events[-1] == {
            "type": "call.ended",
            "turns": len(self.turns),
            "outcome": self.summary.outcome,
        }


@dataclass
class Engine:
    """An engine with a state directory of its own."""

    state: Path
    flows: Path
    program: tuple[str, ...] = SERVE
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    """More environment variables, `IVR_MAX_CALLS` for one."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        SOUNDS.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "sounds").symlink_to(SOUNDS)
        self.port = self.port or find_port()

    @property
    def address(self) -> str:
        return f"agi://127.0.0.1:{self.port}/call"

    @property
    def log(self) -> Path:
        return self.state / "engine.log"

    @property
    def journal(self) -> Path:
        return self.state / "store" / "journal.db"

    @property
    def recordings(self) -> Path:
        return self.state / "recordings"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def noted(self, kind: str, *, within: float = 20.0) -> list[Any]:
        """The facts of a type that are about no call, once there is one."""
        limit = time.monotonic() + within
        while not (found := self._facts(kind)):
            assert time.monotonic() < limit, f"no {kind}\n{self.log.read_text()[-800:]}"
            await asyncio.sleep(0.05)
        return found

    def _facts(self, kind: str) -> list[Any]:
        rows = self.query("SELECT leaf FROM record WHERE call IS NULL ORDER BY seq")
        facts = [json.loads(leaf)["data"] for (leaf,) in rows]
        return [fact for fact in facts if fact["type"] == kind]

    def start(self, within: float = 60.0) -> None:
        """Start it; back when Asterisk may connect."""
        begun = self.log.stat().st_size if self.log.exists() else 0
        environment = {
            **os.environ,
            "IVR_STATE": str(self.state),
            "IVR_SPOOL_MEGABYTES": "1",
            "IVR_FLOWS": str(self.flows),
            "IVR_PROMPTS": str(ROOT / "prompts"),
            "IVR_AGI_PORT": str(self.port),
            "IVR_DRAIN": "10",
            "IVR_STATUS_PORT": "0",
            **self.settings,
            "PYTHONUNBUFFERED": "1",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        limit = time.monotonic() + within
        while b"the engine listens" not in self.log.read_bytes()[begun:]:
            if self._process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(self.log.read_text()[-2000:])
            time.sleep(0.01)

    def processes(self) -> dict[str, int]:
        """The processes of the service by their arguments (`engine 1`), with their ids."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        told = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in children}
        return {b" ".join(words[3:]).decode().strip(): int(pid) for pid, words in told.items()}

    def kill(self) -> None:
        """Kill -9; back when it is dead."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self, within: float = 20.0) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        return self._process.wait(within)

    def stop(self, within: float = 20.0) -> None:
        """Ask it to end, and see it end without a fault."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self.end(within) == 0, self.log.read_text()[-2000:]

    async def story(
        self, caller: str, *, within: float = 12.0, noted: str = "", count: int = 1
    ) -> Story:
        """The call of this number once it is over (and `noted` is `count` times in its facts)."""
        limit = time.monotonic() + within
        while True:
            story = await self._read(caller)
            told = story is not None and (not noted or story.noted.count(noted) >= count)
            if story is not None and story.summary.ended and told:
                story.check()
                return story
            if time.monotonic() > limit:
                tail = "" if story is None else f"{story.kinds} {story.noted}"
                raise AssertionError(f"{caller} is not over: {tail}\n{self.log.read_text()[-800:]}")
            await asyncio.sleep(0.05)

    async def reached(self, caller: str, node: str, *, within: float = 15.0) -> None:
        """Wait until the call of this number has come to a node."""
        limit = time.monotonic() + within
        while (story := await self._read(caller)) is None or node not in story.nodes:
            if time.monotonic() > limit:
                raise AssertionError(f"{caller} is not at {node}: {story and story.nodes}")
            await asyncio.sleep(0.02)

    async def stories(self) -> list[Story]:
        """Every call that is in the journal, oldest first."""
        async with self._reader() as reader:
            found = await reader.calls(limit=100_000)
            return [
                Story(one, await reader.turns(one.call), await reader.facts(one.call))
                for one in reversed(found)
            ]

    async def _read(self, caller: str) -> Story | None:
        try:
            async with self._reader() as reader:
                found = [one for one in await reader.calls(limit=5000) if one.caller == caller]
                assert len(found) < 2, f"{caller} has {len(found)} calls"
                for one in found:
                    return Story(one, await reader.turns(one.call), await reader.facts(one.call))
        except (JournalBroken, SetupError):
            pass  # the engine has not made it yet
        return None

    def _reader(self) -> StoredReader:
        return open_reader(
            Settings(state=self.state, database=self.settings.get("IVR_DATABASE", ""))
        )

    def query(self, statement: str) -> list[Any]:
        """Rows of the store, read beside the engine."""
        with contextlib.closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as store:
            return store.execute(statement).fetchall()

    def check_store(self) -> None:
        """Sequence numbers without a gap, nobody left behind, and the file is whole."""
        numbers = [row[0] for row in self.query("SELECT seq FROM record ORDER BY seq")]
        assert numbers == list(range(len(numbers)))
        assert self.query("SELECT * FROM live") == []
        assert self.query("PRAGMA integrity_check") == [("ok",)]


def find_port() -> int:
    """A TCP port of the loopback that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
