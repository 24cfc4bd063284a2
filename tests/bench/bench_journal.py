"""How fast the journal is: acknowledged turns a second beside plain SQLite on the same disk.

PostgreSQL, a server of this run alone, is compared with the SQLite journal.

Run: python -m tests.bench.bench_journal [DIRECTORY]
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from ivr.audit.leaf import Header, encode_leaf
from ivr.store.client import SocketJournal
from ivr.store.journal import StoredJournal
from ivr.store.plain import turn_data
from ivr.store.postgres import PostgresJournal
from ivr.store.sqlite import SqliteJournal
from ivr.store.writer import Store, serve_journal
from tests.journal_samples import START, make_live, make_turn
from tests.postgres import Cluster

SECONDS = 3.0

CROWDS = {
    "1 appender": (1, 0),
    "50 appenders": (50, 0),
    "200 appenders": (200, 0),
    "200 calls, a turn/s": (200, 1),
}
"""How many append at the same time, and how many seconds each thinks between two turns."""

Figures = tuple[float, float, float, float]
"""Turns a second, p50 and p99 of the acknowledgement, p99 of the event loop's lateness (ms)."""


def measure_plain(place: Path) -> float:
    """Commits a second of `sqlite3` alone: one row as long as a leaf, WAL, FULL, autocommit."""
    header = Header("log", 0, "id", START, "engine", "c1", 2, "turn")
    raw = encode_leaf(header, turn_data(make_turn(n=2)), lambda: bytes(16)).raw
    with closing(sqlite3.connect(place / "plain.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, leaf BLOB) STRICT")
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            database.execute("INSERT INTO record VALUES (?, ?)", (count, raw))
            count += 1
        return count / (time.perf_counter() - began)


async def measure(journal: Store, crowd: int, *, pause: float = 0) -> Figures:
    """`pause` is how many seconds a call thinks before its next turn."""
    took: list[float] = []
    stalls: list[float] = []
    end = time.perf_counter() + SECONDS

    async def call(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        n = 0
        while (began := time.perf_counter()) < end:
            n += 1
            await journal.append(make_turn(name, n), make_live(name, n))
            took.append((time.perf_counter() - began) * 1000)
            if pause:
                await asyncio.sleep(pause)

    async def watch() -> None:
        while (began := time.perf_counter()) < end:
            await asyncio.sleep(0.001)
            stalls.append((time.perf_counter() - began - 0.001) * 1000)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for i in range(crowd):
            group.create_task(call(f"{crowd}-{i}-{time.time_ns()}", pause * i / crowd))
    took.sort()
    stalls.sort()
    return (
        len(took) / SECONDS,
        took[len(took) // 2],
        took[len(took) * 99 // 100],
        stalls[len(stalls) * 99 // 100],
    )


async def main(place: Path) -> None:
    plain = measure_plain(place)
    print(f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} processors, {place}")
    print(f"{'plain sqlite3, autocommit FULL':32} {plain:8.0f}/s")
    async with SqliteJournal(place / "journal.db", place / "master.key") as journal:
        file = await measure_crowds("journal", journal, plain)
        async with serve_journal(journal, place) as door, SocketJournal(door) as client:
            report("socket in one process, 50", await measure(client, 50), plain)
    cluster = Cluster()
    try:
        async with PostgresJournal(cluster.new_database(), place / "other.key") as journal:
            server = await measure_crowds("PostgreSQL", journal, plain)
    finally:
        cluster.close()
    for name, before, now in zip(CROWDS, file, server, strict=True):
        print(
            f"PostgreSQL by SQLite, {name:20} rate {now[0] / before[0]:5.2f}"
            f"  ack p50 {now[1] / before[1]:5.2f}  p99 {now[2] / before[2]:5.2f}"
        )


async def measure_crowds(name: str, journal: StoredJournal, plain: float) -> list[Figures]:
    measured = []
    for crowd, (appenders, pause) in CROWDS.items():
        jobs, commits = journal.figures
        measured.append(await measure(journal, appenders, pause=pause))
        report(f"{name}, {crowd}", measured[-1], plain)
        now = journal.figures
        print(f"{'':32} {(now[0] - jobs) / (now[1] - commits):8.1f} turns a commit")
    return measured


def report(name: str, figures: Figures, plain: float) -> None:
    rate, middle, late, stall = figures
    print(
        f"{name:32} {rate:8.0f}/s  {rate / plain:5.2f} of plain"
        f"  ack p50 {middle:6.2f} ms  p99 {late:6.2f} ms  loop late p99 {stall:5.2f} ms"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        asyncio.run(main(Path(directory)))
