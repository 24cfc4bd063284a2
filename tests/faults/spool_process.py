"""A writer with a spool, whose store the tests of this directory take away."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from ivr.errors import JournalBroken
from ivr.ports import Fact
from ivr.store.spooled import SpooledJournal
from tests.journal_samples import START, make_live, make_turn, open_spooled

CALLS = 4

THINKING = 0.02
"""Seconds between two turns of a call whose store is on a server: a drain must be able to win."""


async def append_call(
    journal: SpooledJournal, call: str, turns: int, tell: Connection, pause: float = 0
) -> list[float]:
    """Turn after turn, with a fact after each; what is acknowledged is told at once.

    `pause` is how many seconds the caller thinks. Returns how many seconds each turn took.
    """
    took = []
    for n in range(1, turns + 1):
        began = time.monotonic()
        seq = await journal.append(make_turn(call, n), make_live(call, n))
        took.append(time.monotonic() - began)
        tell.send(("turn", call, n, seq))
        await journal.note(Fact(call, START, "test", {"type": "noted", "name": f"{call}/{n}"}))
        tell.send(("fact", call, n, seq))
        if pause:
            await asyncio.sleep(pause)
    return took


def write(place: Path, round_: int, turns: int, tell: Connection) -> None:
    """Calls side by side, and the draining beside them; then wait until the store is back."""
    asyncio.run(_write(open_spooled(place), round_, turns, tell))


def write_to_server(place: Path, address: str, round_: int, turns: int, tell: Connection) -> None:
    """As `write`, into a PostgreSQL database."""
    asyncio.run(_write(open_spooled(place, 16 << 20, address), round_, turns, tell, THINKING))


def write_without_room(place: Path, turns: int, tell: Connection) -> None:
    """As `write`, but no file may grow for a while; the spool has its room already."""

    async def run() -> None:
        async with open_spooled(place, size=96 << 10) as journal:
            await append_call(journal, "before", 25, tell)
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            largest = _largest(place)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
            await append_call(journal, "without", turns, tell)
            tell.send(("state", journal.state().store, journal.state().waiting, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            await journal.drain()
            await append_call(journal, "after", turns, tell)
            tell.send(("state", journal.state().store, journal.state().waiting, 0))

    asyncio.run(run())


async def _write(
    store: SpooledJournal, round_: int, turns: int, tell: Connection, pause: float = 0
) -> None:
    async with store as journal, asyncio.TaskGroup() as group:
        draining = group.create_task(journal.keep_draining())
        following = group.create_task(_follow(journal, tell))
        async with asyncio.TaskGroup() as calls:
            appending = [
                calls.create_task(
                    append_call(journal, f"r{round_:02}c{number}", turns, tell, pause)
                )
                for number in range(CALLS)
            ]
        took = sorted(round(1e6 * one) for done in appending for one in done.result())
        tell.send(("took", "p99 and worst in us", took[len(took) * 99 // 100], took[-1]))
        tell.send(("state", journal.state().store, journal.state().waiting, 0))
        draining.cancel()
        following.cancel()
        if journal.state().store == "away":
            await _drain(journal)


async def _drain(journal: SpooledJournal) -> None:
    """Until the faults that are injected are used up."""
    for _ in range(100):
        try:
            await journal.drain()
        except JournalBroken:
            await asyncio.sleep(0.02)
        else:
            return


async def _follow(journal: SpooledJournal, tell: Connection) -> None:
    """Tell what is in the store, unless it is away from the beginning."""
    with suppress(JournalBroken):
        async with journal.subscribe() as leaves:
            async for leaf in leaves:
                tell.send(("stored", str(leaf["call"]), leaf["n"] or 0, leaf["seq"]))


def _largest(place: Path) -> int:
    return max(file.stat().st_size for file in place.glob("journal.db*"))


class _Mouth:
    """Tells on the standard output what a Connection would be told."""

    def send(self, words: tuple[object, ...]) -> None:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_write(open_spooled(Path(sys.argv[1])), 0, int(sys.argv[2]), _Mouth()))  # type: ignore[arg-type]
