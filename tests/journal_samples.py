"""Turns, live rows and stores for the tests of the journal; every identity is invented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.audit.vault import open_vault
from ivr.engine.events import CallEnded, CallStarted, Event, InputAccepted, MenuChosen, PromptPlayed
from ivr.engine.outcomes import Digits, Keys, Started
from ivr.engine.plain import event_to_plain, outcome_to_plain, step_to_plain
from ivr.engine.run import Frame, Run
from ivr.engine.steps import Menu, Timing
from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Personal, Secret
from ivr.errors import JournalConflict
from ivr.ports import CallReader, Fact, LiveRow, NewCase, Secrets, Turn
from ivr.store.client import SocketJournal
from ivr.store.journal import StoredJournal
from ivr.store.memory import MemoryJournal
from ivr.store.postgres import PostgresJournal
from ivr.store.postgres_reader import PostgresReader
from ivr.store.reader import SqliteReader
from ivr.store.spool import Spool
from ivr.store.spooled import PATIENCE as QUICK
from ivr.store.spooled import SpooledJournal
from ivr.store.sqlite import SqliteJournal
from ivr.store.writer import Store, serve_journal
from tests.postgres import Cluster

CALLER = "+6281290001234"
NIK = "3171010101900001"
PLATE = "B 1234 CDé"
NUMBER = "77001234567"
REF = "s-canary-ref-1"
START = datetime(2026, 11, 24, 2, 36, 36, 371042, tzinfo=UTC)

PATIENCE = 30.0
"""Seconds: on a busy machine a store that is slow is not away."""

GREETING = Utterance(
    "tax.main.say",
    "id",
    "Nomor kendaraan {plate}, tarif {amount:rupiah}, NIK {nik}.",
    {
        "plate": Spoken(Personal(PLATE), "spell"),
        "amount": Spoken("1500000", "rupiah"),
        "nik": Spoken(Secret(REF, 16, True), "digits"),
    },
)
MENU = Menu((GREETING,), ("1", "2"), Timing(8000, 4000, 60000))


def make_turn(call: str = "c1", n: int = 1, *, last: bool = False, keys: str = "1") -> Turn:
    """Turn `n` of a call: the first starts it, later ones choose and key digits."""
    at = START + timedelta(seconds=n)
    events: list[Event]
    if n == 1:
        outcome = outcome_to_plain(Started("1501", Personal(CALLER)))
        events = [CallStarted("1501", Personal(CALLER), "sha256:00", "tax", "id", 1)]
    elif n % 2 == 0:
        outcome = outcome_to_plain(Keys(keys, 1200))
        events = [
            PromptPlayed("tax", "main", (GREETING,), 1200, True),
            MenuChosen("tax", "main", "filing", keys, 0),
        ]
    else:
        outcome = outcome_to_plain(Digits(Secret(REF, 16, True), 16, "finish", 900))
        events = [InputAccepted("tax", "ask", "nik", Secret(REF, 16, True), 16)]
    if last:
        events = [*events, CallEnded(n, "completed")]
    step = None if last else step_to_plain(MENU)
    return Turn(call, n, at, outcome, [event_to_plain(event) for event in events], step)


def make_live(call: str = "c1", n: int = 1, *, line: str = "") -> LiveRow:
    """The live row that goes with a turn, a secret in it."""
    frame = Frame("tax", "main", {"nik": Secret(REF, 16, True), "plate": Personal(PLATE)})
    run = Run(
        call,
        "sha256:00",
        "1501",
        Personal(CALLER),
        "id",
        n,
        (frame,),
        visits={"tax.main": n},
        step=MENU,
    )
    at = START + timedelta(seconds=n)
    return LiveRow(call, line or f"line-{call}", run, {"cursor": n}, Secrets({REF: NIK}), at)


def make_case(number: str = NUMBER) -> NewCase:
    """A case for a recorded message."""
    return NewCase("complaint", number, "rec-1.wav")


def make_fact(call: str | None = "c1", kind: str = "recording.sealed", **fields: object) -> Fact:
    """A fact about a call, or about none."""
    return Fact(call, START, "recordings", {"type": kind, **fields})


@dataclass(frozen=True, slots=True)
class Shop:
    """A store to be tested: its journal, a reader on it, and the files that it made."""

    journal: Store
    reader: CallReader
    place: Path


OpenShop = Callable[[Path, Cluster], AbstractAsyncContextManager[Shop]]


@asynccontextmanager
async def open_memory(place: Path, _: Cluster) -> AsyncIterator[Shop]:
    journal = MemoryJournal()
    yield Shop(journal, journal, place)


@asynccontextmanager
async def open_sqlite(place: Path, _: Cluster) -> AsyncIterator[Shop]:
    path, key = place / "journal.db", place / "master.key"
    async with SqliteJournal(path, key) as journal, SqliteReader(path, key) as reader:
        yield Shop(journal, reader, place)


@asynccontextmanager
async def open_postgres(place: Path, cluster: Cluster) -> AsyncIterator[Shop]:
    address, key = cluster.new_database(), place / "master.key"
    async with PostgresJournal(address, key) as journal, PostgresReader(address, key) as reader:
        yield Shop(journal, reader, place)


def through_socket(open_shop: OpenShop) -> OpenShop:
    """The same store as another process reaches it."""

    @asynccontextmanager
    async def open_both(place: Path, cluster: Cluster) -> AsyncIterator[Shop]:
        async with (
            open_shop(place, cluster) as shop,
            serve_journal(shop.journal, place) as door,
            SocketJournal(door) as journal,
        ):
            yield Shop(journal, shop.reader, place)

    return open_both


def open_spooled(
    place: Path, size: int = 1 << 20, address: str = "", patience: float = QUICK
) -> SpooledJournal:
    """The journal of `place`, or of a database, with a spool beside it."""
    path, key = place / "journal.db", place / "master.key"
    return SpooledJournal(
        lambda: PostgresJournal(address, key) if address else SqliteJournal(path, key),
        lambda: open_vault(key, create=False),
        Spool(place / "spool", size=size),
        patience=patience,
    )


@asynccontextmanager
async def open_spool(place: Path, _: Cluster) -> AsyncIterator[Shop]:
    path, key = place / "journal.db", place / "master.key"
    async with (
        open_spooled(place, patience=PATIENCE) as journal,
        SqliteReader(path, key) as reader,
    ):
        yield Shop(journal, reader, place)


@asynccontextmanager
async def open_postgres_spool(place: Path, cluster: Cluster) -> AsyncIterator[Shop]:
    address, key = cluster.new_database(), place / "master.key"
    async with (
        open_spooled(place, address=address, patience=PATIENCE) as journal,
        PostgresReader(address, key) as reader,
    ):
        yield Shop(journal, reader, place)


@asynccontextmanager
async def open_spool_socket(place: Path, cluster: Cluster) -> AsyncIterator[Shop]:
    """The spool of a process that reaches the writer through its socket."""
    async with (
        open_sqlite(place, cluster) as shop,
        serve_journal(shop.journal, place) as door,
        SpooledJournal(
            lambda: SocketJournal(door),
            lambda: open_vault(place / "master.key", create=False),
            Spool(place / "spool", size=1 << 20),
            patience=PATIENCE,
        ) as journal,
    ):
        yield Shop(journal, shop.reader, place)


SHOPS: Mapping[str, OpenShop] = {
    "memory": open_memory,
    "sqlite": open_sqlite,
    "postgres": open_postgres,
    "socket-memory": through_socket(open_memory),
    "socket-sqlite": through_socket(open_sqlite),
    "socket-postgres": through_socket(open_postgres),
    "spool": open_spool,
    "spool-postgres": open_postgres_spool,
    "spool-socket": open_spool_socket,
}


async def check_conflicts(journal: StoredJournal) -> None:
    """Of five turns of one batch two want a case number that is taken: the others are stored."""
    await journal.append(make_turn("a"), make_live("a"), make_case())
    results = await asyncio.gather(
        *(
            journal.append(make_turn(name), make_live(name), make_case() if name in "ce" else None)
            for name in "bcdef"
        ),
        return_exceptions=True,
    )
    assert results[0::2] == [1, 2, 3]
    assert [type(result) for result in results[1::2]] == [JournalConflict] * 2
    assert journal.figures[1] <= 3
