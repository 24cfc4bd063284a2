"""A writer with a spool loses its store: by a lock, a full disk, a failing one, kill -9.

Whatever was acknowledged is in the store in the end, once, in order.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from ivr.store.reader import SqliteReader
from tests.faults.acks import Ack, compare, hear, running, take_spooled, told_of
from tests.faults.spool_process import CALLS, write, write_without_room
from tests.journal_samples import open_spooled

pytestmark = pytest.mark.faults

SEEDS = 10


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.spool_process"])
    return context


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Another process would hold the write lock of the database like this.

    SQLite's own waiting pauses longer and longer, and a busy writer may end before it is served.
    """
    with closing(sqlite3.connect(place / "journal.db", isolation_level=None, timeout=0)) as other:
        while not other.in_transaction:
            with suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def _compare(place: Path, acks: Iterable[Ack]) -> int:
    """All that was acknowledged is there, see `compare`."""
    async with open_spooled(place) as journal:
        assert journal.state().store == "here"
        assert journal.state().refused == 0
    with closing(sqlite3.connect(f"file:{place}/journal.db?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT seq, call, n FROM record ORDER BY seq").fetchall()
    async with SqliteReader(place / "journal.db", place / "master.key") as reader:
        return await compare(rows, reader, acks)


async def test_a_locked_store_is_waited_for_by_nobody(
    tmp_path: Path, context: ForkServerContext
) -> None:
    acks: list[Ack] = []
    with running(context, write, tmp_path, 0, 60) as (_, ours):
        heard = hear(ours)
        acks += [next(heard) for _ in range(20)]
        with _locked(tmp_path):
            acks += take_spooled(heard, 100)
        acks += heard
    told = told_of(acks)
    assert len(told) == 2 * 60 * CALLS
    assert await _compare(tmp_path, told) == len(told) + 2


async def test_without_room_for_the_store_the_spool_has_its_own(
    tmp_path: Path, context: ForkServerContext
) -> None:
    with running(context, write_without_room, tmp_path, 8) as (_, ours):
        acks = list(hear(ours))
    states = [ack[1:3] for ack in acks if ack[0] == "state"]
    told = told_of(acks)
    assert states == [("away", 17), ("here", 0)]
    assert {ack[3] for ack in told if ack[1] == "without"} == {-1}
    assert min(ack[3] for ack in told if ack[1] == "after") > 0
    assert len(told) == 2 * (25 + 8 + 8)
    assert await _compare(tmp_path, told) == len(told) + 2


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("pwrite64:error=ENOSPC:when=200..240", None),
        ("pwrite64:error=EIO:when=200..230", None),
        ("fdatasync:error=EIO:when=9..9", "bad"),
    ],
    ids=["full", "write", "sync"],
)
async def test_a_failing_disk_loses_nothing(tmp_path: Path, fault: str, state: str | None) -> None:
    lines = _write_under(fault, tmp_path)
    told: list[Ack] = []
    states = []
    for line in lines:
        kind, call, *numbers = line.split()
        if kind == "state":
            states.append(call)
        elif kind in ("turn", "fact"):
            told.append((kind, call, int(numbers[0]), int(numbers[1])))
    assert len(told) == 2 * 40 * CALLS
    assert any(seq == -1 for *_, seq in told)
    assert state is None or states == [state]
    assert await _compare(tmp_path, told) == len(told) + 2


def _write_under(fault: str, place: Path) -> list[str]:
    """What a writer tells whose system calls on the store's write-ahead log fail."""
    strace = shutil.which("strace")
    assert strace is not None, "strace is missing; install the Debian package strace"
    call = fault.partition(":")[0]
    liar = [strace, "-f", "-qq", "-o", "/dev/null", "-P", str(place / "journal.db-wal")]
    program = [sys.executable, "-m", "tests.faults.spool_process", str(place), "40"]
    done = subprocess.run(
        [*liar, "-e", f"trace={call}", "-e", f"inject={fault}", *program],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_kill_9_while_spooling_and_while_draining(
    tmp_path: Path, context: ForkServerContext, seed: int
) -> None:
    chance = random.Random(seed)
    acks: list[Ack] = []
    with running(context, write, tmp_path, 0, 10) as (_, ours):
        acks += hear(ours)
    with _locked(tmp_path):
        acks += _run_and_kill(context, tmp_path, 1, chance.randint(1, 150))
    with running(context, write, tmp_path, 2, 10_000) as (process, ours):
        heard = hear(ours)
        with _locked(tmp_path):
            acks += take_spooled(heard, chance.randint(100, 300))
        acks += _kill_draining(process, heard, chance.randint(1, 300))
    acks += _run_and_kill(context, tmp_path, 3, chance.randint(1, 300))
    await _compare(tmp_path, told_of(acks))


def _kill_draining(process: BaseProcess, heard: Iterator[Ack], after: int) -> list[Ack]:
    """Kill the writer when so many records that had to wait are in the store."""
    acks: list[Ack] = []
    for ack in heard:
        acks.append(ack)
        after -= ack[0] == "stored"
        if after == 0:
            process.kill()
    return acks


def _run_and_kill(context: ForkServerContext, place: Path, round_: int, after: int) -> list[Ack]:
    acks: list[Ack] = []
    with running(context, write, place, round_, 10_000) as (process, ours):
        for ack in hear(ours):
            acks.append(ack)
            if len(acks) == after:
                process.kill()
    return acks
