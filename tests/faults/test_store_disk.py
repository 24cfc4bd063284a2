"""The disk fails under the writer: nothing false is acknowledged, and it goes on afterwards."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ivr.store.reader import SqliteReader
from tests.faults.journal_process import append_without_room

pytestmark = pytest.mark.faults


def test_without_room_everybody_in_the_batch_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.journal_process"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=append_without_room, args=(tmp_path, theirs))
    process.start()
    theirs.close()
    before, without, lines, after = (ours.recv() for _ in range(4))
    process.join()
    process.close()
    ours.close()
    assert sorted(before) == list(range(20))
    assert len(without) == 20
    for answer in without:
        assert answer.startswith("JournalBroken: ")
        assert "nothing was acknowledged" in answer
        assert "journal.db" in answer
    assert lines == 20
    assert sorted(after) == list(range(20, 40))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("pwrite64:error=ENOSPC:when=150..153", "database or disk is full"),
        ("pwrite64:error=EIO:when=150..150", "disk I/O error"),
    ],
    ids=["full", "write"],
)
async def test_a_failing_disk_is_said_and_overcome(
    tmp_path: Path, fault: str, sentence: str
) -> None:
    answers = _append_under(fault, tmp_path)
    broken = [answer for answer in answers if answer.startswith("broken")]
    stored = [answer.split() for answer in answers if answer.startswith("stored")]
    assert broken
    assert all(sentence in answer for answer in broken)
    assert stored == [["stored", str(n), str(n - 1)] for n in range(1, 41)]
    async with SqliteReader(tmp_path / "journal.db", tmp_path / "master.key") as reader:
        assert [turn.n for turn in await reader.turns("c1")] == list(range(1, 41))
    with closing(sqlite3.connect(f"file:{tmp_path}/journal.db?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_after_a_failed_flush_nothing_is_believed_any_more(tmp_path: Path) -> None:
    answers = _append_under("fdatasync:error=EIO:when=25..25", tmp_path)
    first = next(i for i, answer in enumerate(answers) if answer.startswith("broken"))
    stored = [answer.split() for answer in answers[:first]]
    assert stored == [["stored", str(n), str(n - 1)] for n in range(1, len(stored) + 1)]
    assert all("the store is bad" in answer for answer in answers[first:])
    async with SqliteReader(tmp_path / "journal.db", tmp_path / "master.key") as reader:
        assert len(await reader.turns("c1")) >= len(stored)


def _append_under(fault: str, place: Path) -> list[str]:
    """The answers of a writer of forty turns whose system calls fail as `fault` says."""
    strace = shutil.which("strace")
    if strace is None:
        if "CI" in os.environ:
            pytest.fail("strace is missing; install the Debian package strace")
        pytest.skip("strace is missing; install the Debian package strace")
    call = fault.partition(":")[0]
    liar = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={fault}"]
    program = [sys.executable, "-m", "tests.faults.journal_process", str(place), "40"]
    done = subprocess.run(
        [*liar, *program],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
