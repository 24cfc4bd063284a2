"""The journal over store and spool: what is told while the store is away, and what follows."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.audit.vault import open_vault
from ivr.errors import JournalBad, JournalBroken, JournalConflict, JournalError
from ivr.ports import Fact
from ivr.store.client import SocketJournal
from ivr.store.memory import MemoryJournal
from ivr.store.plain import Append, Entry
from ivr.store.reader import SqliteReader
from ivr.store.spool import Spool
from ivr.store.spooled import SPOOLED, SpooledJournal
from ivr.store.writer import Store, serve_journal
from tests.journal_samples import (
    CALLER,
    NIK,
    NUMBER,
    SHOPS,
    make_case,
    make_fact,
    make_live,
    make_turn,
    open_spooled,
    open_sqlite,
)
from tests.postgres import Cluster


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with closing(sqlite3.connect(place / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def _facts(place: Path, call: str | None = None) -> list[dict[str, object]]:
    async with SqliteReader(place / "journal.db", place / "master.key") as reader:
        if call is not None:
            return [dict(fact.event) for fact in await reader.facts(call)]
    with closing(sqlite3.connect(place / "journal.db")) as database:
        rows = database.execute("SELECT leaf FROM record WHERE call IS NULL ORDER BY seq")
        return [json.loads(leaf)["data"] for (leaf,) in rows]


async def test_while_the_store_is_away_records_wait_and_another_engine_can_take_over(
    tmp_path: Path,
) -> None:
    async with open_spooled(tmp_path) as journal:
        assert await journal.append(make_turn(n=1), make_live(n=1)) == 0
        with _locked(tmp_path):
            assert await journal.append(make_turn(n=2), make_live(n=2), make_case()) == SPOOLED
            assert await journal.note(make_fact("c1", "noted")) == SPOOLED
            assert await journal.live("line-c1") == make_live(n=2)
            assert [line for line, _ in await journal.lines()] == ["line-c1"]
            assert await journal.case("c1", 2) == NUMBER
            state = journal.state()
            assert (state.store, state.spool, state.waiting) == ("away", "ready", 3)
            assert state.records
            with pytest.raises(JournalBroken):
                await journal.drain()
        await journal.drain()
        assert journal.state().store == "here"
        assert journal.state().waiting == 0
        assert await journal.append(make_turn(n=3, last=True), None) == 5
        assert await journal.case("c1", 2) == NUMBER
    events = await _facts(tmp_path)
    assert events == [
        {"type": "store.lost", "reason": "away"},
        {"type": "store.back", "records": 3, "unrecorded": 0},
    ]


async def test_after_a_crash_the_spool_answers_before_the_store_does(tmp_path: Path) -> None:
    journal = open_spooled(tmp_path)
    await journal.__aenter__()
    await journal.append(make_turn(n=1), make_live(n=1))
    with _locked(tmp_path):
        await journal.append(make_turn(n=2), make_live(n=2))
        await journal.__aexit__(None, None, None)
        async with open_spooled(tmp_path) as second:
            assert second.state().store == "away"
            assert await second.live("line-c1") == make_live(n=2)
            assert await second.append(make_turn(n=3), make_live(n=3)) == SPOOLED
    async with open_spooled(tmp_path) as third:
        assert third.state().store == "here"
        assert await third.live("line-c1") == make_live(n=3)


async def test_conflicts_are_told_while_the_store_is_away(tmp_path: Path) -> None:
    async with open_spooled(tmp_path) as journal:
        await journal.append(make_turn("c1"), make_live("c1"))
        with _locked(tmp_path):
            await journal.append(make_turn("c2"), make_live("c2"), make_case())
            for turn, live, case in (
                (make_turn("c1", 3), make_live("c1", 3), None),
                (make_turn("c9", 2), make_live("c9", 2), None),
                (make_turn("c3"), make_live("c3", line="line-c1"), None),
                (make_turn("c3"), make_live("c4"), None),
                (make_turn("c3"), make_live("c3"), make_case()),
                (replace(make_turn("c2"), at=make_turn("c2", 9).at), make_live("c2"), make_case()),
            ):
                with pytest.raises(JournalConflict):
                    await journal.append(turn, live, case)
            again = await journal.append(make_turn("c2"), make_live("c2"), make_case())
            assert again == SPOOLED
            with pytest.raises(JournalError):
                await journal.append(replace(make_turn("c3"), events=[{"x": 1.5}]), None)
            with pytest.raises(JournalBroken):
                await journal.erase(make_fact("c1"))
        await journal.drain()
        assert journal.state().refused == 0
        assert await journal.live("line-c3") is None


async def test_neither_store_nor_spool_acknowledges_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool").touch()
    async with open_spooled(tmp_path) as journal:
        assert journal.state().spool == "unusable"
        await journal.append(make_turn(n=1), make_live(n=1))
        with _locked(tmp_path):
            with pytest.raises(JournalBroken):
                await journal.append(make_turn(n=2), make_live(n=2))
            assert await journal.live("line-c1") == make_live(n=1)
            assert not journal.state().records
            journal.owe("journal.gap", "c1", turn=2)
        await journal.drain()
        assert await journal.append(make_turn(n=2), make_live(n=2)) > 0
    assert await _facts(tmp_path, "c1") == [{"type": "journal.gap", "turn": 2}]
    assert [event["type"] for event in await _facts(tmp_path)] == ["store.lost", "store.back"]
    assert (await _facts(tmp_path))[1]["unrecorded"] == 1


async def test_what_the_store_will_never_take_is_kept_and_told(tmp_path: Path) -> None:
    async with open_spooled(tmp_path) as journal:
        await journal.append(make_turn("c1"), make_live("c1"))
        with _locked(tmp_path):
            await journal.append(make_turn("c1", 2), make_live("c1", 2))
            await journal.append(make_turn("c2", 1), make_live("c2", 1))
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
            other.execute("UPDATE call SET turns = 7 WHERE id = 'c1'")
            other.commit()
        await journal.drain()
        assert (journal.state().store, journal.state().refused) == ("here", 1)
        assert await journal.live("line-c2") == make_live("c2", 1)
    (told,) = await _facts(tmp_path, "c1")
    assert (told["type"], told["turn"]) == ("store.refused", 2)
    assert (tmp_path / "spool" / str(told["file"])).exists()


@pytest.mark.parametrize("shop", ["memory", "sqlite", "postgres", "socket-sqlite", "spool"])
async def test_every_store_catches_up_once(tmp_path: Path, postgres: Cluster, shop: str) -> None:
    async with SHOPS[shop](tmp_path, postgres) as open_shop:
        store, reader = open_shop.journal, open_shop.reader
        fact = replace(make_fact("c1", "noted"), id="01890000-0000-7000-8000-000000000001")
        entries: list[Entry] = [
            Append(make_turn("c1", 1), make_live("c1", 1), make_case()),
            fact,
            Append(make_turn("c1", 2), make_live("c1", 2)),
            Append(make_turn("c1", 9), make_live("c1", 9)),
        ]
        assert list(await store.catch_up(entries)) == [0, 1, 2, None]
        assert list(await store.catch_up(entries)) == [0, 1, 2, None]
        assert await store.note(fact) == 1
        assert await store.live("line-c1") == make_live("c1", 2)
        taken = Append(make_turn("c2"), make_live("c2", line="line-c1"), make_case())
        (seq,) = await store.catch_up([taken])
        assert seq is not None
        row = await store.live("line-c1")
        assert row is not None
        assert row.call == "c2"
        told = [fact.event["type"] for call in ("c1", "c2") for fact in await reader.facts(call)]
        assert told == ["noted", "call.abandoned", "case.number_taken"]
        assert await store.case("c2", 1) is None


async def test_a_bad_store_is_not_tried_again(tmp_path: Path) -> None:
    async with open_spooled(tmp_path) as journal:
        journal.lose(JournalBad("the flush failed"))
        assert await journal.append(make_turn(), make_live()) == SPOOLED
        with pytest.raises(JournalBroken, match="restart"):
            await journal.drain()
        assert journal.state().store == "bad"
    async with open_spooled(tmp_path) as again:
        assert again.state().store == "here"
        assert await again.append(make_turn(n=2), make_live(n=2)) > 0


async def test_the_loss_is_loud_and_says_nothing_personal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_spooled(tmp_path) as journal:
        with _locked(tmp_path), caplog.at_level(logging.DEBUG):
            await journal.append(make_turn(), make_live(), make_case())
    assert any(
        record.levelname == "ERROR" and "the store is lost" in record.message
        for record in caplog.records
    )
    assert not any(text in caplog.text for text in (CALLER, NIK, NUMBER))


async def test_draining_goes_on_by_itself(tmp_path: Path) -> None:
    async with open_spooled(tmp_path) as journal, asyncio.TaskGroup() as group:
        draining = group.create_task(journal.keep_draining())
        with _locked(tmp_path):
            await _call(journal, "c1")
        async with journal.subscribe() as leaves:
            kinds = []
            async for leaf in leaves:
                kinds.append(leaf["data"].get("type", "turn"))
                if kinds[-1] == "store.back":
                    break
        draining.cancel()
    assert kinds == ["store.lost", *["turn"] * 5, "store.back"]


async def _call(journal: SpooledJournal, call: str) -> None:
    for n in range(1, 6):
        last = n == 5
        assert (
            await journal.append(
                make_turn(call, n, last=last), None if last else make_live(call, n)
            )
            == SPOOLED
        )


async def test_a_writer_that_is_away_is_waited_for_by_nobody(tmp_path: Path) -> None:
    door = tmp_path / "writer.sock"
    async with (
        open_sqlite(tmp_path, Cluster()) as shop,
        SpooledJournal(
            lambda: SocketJournal(door),
            lambda: open_vault(tmp_path / "master.key", create=False),
            Spool(tmp_path / "spool", size=1 << 20),
        ) as journal,
    ):
        assert journal.state().store == "away"
        assert await journal.append(make_turn(n=1), make_live(n=1)) == SPOOLED
        async with serve_journal(shop.journal, tmp_path):
            await journal.drain()
            assert await journal.append(make_turn(n=2), make_live(n=2)) == 3
        assert await journal.append(make_turn(n=3), make_live(n=3)) == SPOOLED
        assert await journal.live("line-c1") == make_live(n=3)
        async with serve_journal(shop.journal, tmp_path):
            await journal.drain()
        assert [turn.n for turn in await shop.reader.turns("c1")] == [1, 2, 3]


class Busy(MemoryJournal):
    """A store beside which something is owed while it is told that it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.beside: Callable[[], None] | None = None

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        told = [dict(entry.event) for entry in entries if isinstance(entry, Fact)]
        if self.beside is not None and told[0]["type"] == "store.back":
            self.beside()
            self.beside = None
        return await super().catch_up(entries)


async def test_what_is_owed_in_the_instant_of_the_return_is_told_too(tmp_path: Path) -> None:
    store = Busy()

    @asynccontextmanager
    async def open_busy() -> AsyncIterator[Store]:
        yield store

    vault = open_vault(tmp_path / "key", create=True)
    spool = Spool(tmp_path / "spool", size=1 << 20)
    async with SpooledJournal(open_busy, lambda: vault, spool) as journal:
        journal.owe("journal.gap", "C1", turn=3)
        store.beside = lambda: journal.owe("journal.gap", "C2", turn=4)
        await journal.drain()
        await journal.drain()
        assert (journal.state().store, journal.state().waiting) == ("here", 0)
        for call in ("C1", "C2"):
            (fact,) = await store.facts(call)
            assert fact.event["type"] == "journal.gap"
