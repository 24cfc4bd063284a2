"""The writer is killed in the middle of its work: what it acknowledged is there, without a gap."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from contextlib import closing
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from ivr.store.reader import SqliteReader
from tests.faults.journal_process import append_for_ever, open_journal, open_second
from tests.journal_samples import make_live

pytestmark = pytest.mark.faults

KILLS = 25


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.journal_process"])
    return context


def _run_and_kill(context: ForkServerContext, place: Path, round_: int, after: int) -> list[Ack]:
    """The acknowledgements of a writer that is killed when it has told of `after` of them."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=append_for_ever, args=(place, round_, theirs))
    process.start()
    theirs.close()
    acks: list[Ack] = []
    try:
        while True:
            acks.append(ours.recv())
            if len(acks) == after:
                process.kill()
    except (EOFError, OSError):
        pass
    process.join()
    ours.close()
    process.close()
    return acks


Ack = tuple[str, int, int]


async def test_no_acknowledged_turn_is_lost_by_kill_9(
    tmp_path: Path, context: ForkServerContext
) -> None:
    chance = random.Random(20261124)
    acks: list[Ack] = []
    for round_ in range(KILLS):
        told = _run_and_kill(context, tmp_path, round_, chance.randint(1, 120))
        assert told
        acks += told
    rows = _read_rows(tmp_path)
    assert [seq for seq, _, _ in rows] == list(range(len(rows)))
    there = {(call, n): seq for seq, call, n in rows}
    assert {(call, n): seq for call, n, seq in acks}.items() <= there.items()
    calls = {call for call, _ in there}
    async with open_journal(tmp_path) as journal:
        assert len(await journal.lines()) == len(calls)
        for call in calls:
            turns = sorted(n for name, n in there if name == call)
            assert turns == list(range(1, len(turns) + 1))
            assert await journal.live(f"line-{call}") == make_live(call, turns[-1])
    async with SqliteReader(tmp_path / "journal.db", tmp_path / "master.key") as reader:
        assert {line.call for line in await reader.calls(limit=1000)} == calls


def _read_rows(place: Path) -> list[tuple[int, str, int]]:
    with closing(sqlite3.connect(f"file:{place}/journal.db?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT seq, call, n FROM record ORDER BY seq").fetchall()


async def test_another_process_cannot_write_beside_us(
    tmp_path: Path, context: ForkServerContext
) -> None:
    async with open_journal(tmp_path):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=open_second, args=(tmp_path, theirs))
        process.start()
        theirs.close()
        assert "is the writer of this store" in ours.recv()
        process.join()
        process.close()
        ours.close()
