"""Writers of the journal that the tests of this directory kill, starve and lie to."""

from __future__ import annotations

import asyncio
import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from ivr.errors import JournalBroken, JournalLocked
from ivr.store.sqlite import SqliteJournal
from tests.journal_samples import make_live, make_turn


def open_journal(place: Path) -> SqliteJournal:
    return SqliteJournal(place / "journal.db", place / "master.key")


def append_for_ever(place: Path, round_: int, acks: Connection) -> None:
    """Four calls append as fast as they can; each acknowledged turn is told at once."""

    async def call(journal: SqliteJournal, name: str) -> None:
        n = 0
        while True:
            n += 1
            seq = await journal.append(make_turn(name, n), make_live(name, n))
            acks.send((name, n, seq))

    async def run() -> None:
        async with open_journal(place) as journal, asyncio.TaskGroup() as group:
            for caller in range(4):
                group.create_task(call(journal, f"r{round_:02}c{caller}"))

    asyncio.run(run())


def append_without_room(place: Path, results: Connection) -> None:
    """Twenty calls append while no file may grow, then again when it may."""

    async def crowd(journal: SqliteJournal, n: int) -> list[int | BaseException]:
        return await asyncio.gather(
            *(journal.append(make_turn(f"c{i}", n), make_live(f"c{i}", n)) for i in range(20)),
            return_exceptions=True,
        )

    async def run() -> None:
        async with open_journal(place) as journal:
            results.send(_tell(await crowd(journal, 1)))
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (_largest(place), hard))
            results.send(_tell(await crowd(journal, 2)))
            results.send(len(await journal.lines()))
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            results.send(_tell(await crowd(journal, 2)))

    asyncio.run(run())


def open_second(place: Path, results: Connection) -> None:
    """Try to become the writer of a store that has one."""

    async def run() -> None:
        try:
            async with open_journal(place):
                results.send("opened")
        except JournalLocked as locked:
            results.send(str(locked))

    asyncio.run(run())


def _tell(outcomes: list[int | BaseException]) -> list[int | str]:
    return [one if isinstance(one, int) else f"{type(one).__name__}: {one}" for one in outcomes]


def _largest(place: Path) -> int:
    return max(file.stat().st_size for file in place.iterdir())


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def append_stubbornly(place: Path, turns: int) -> None:
    """Append one call's turns, each until it is acknowledged; say every answer."""
    async with open_journal(place) as journal:
        for n in range(1, turns + 1):
            for _ in range(10):
                try:
                    seq = await journal.append(make_turn(n=n), make_live(n=n))
                except JournalBroken as broken:
                    _say("broken", str(broken).replace("\n", " "))
                else:
                    _say("stored", n, seq)
                    break


if __name__ == "__main__":
    asyncio.run(append_stubbornly(Path(sys.argv[1]), int(sys.argv[2])))
