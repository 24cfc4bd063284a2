"""The SQLite store: what stands in its files, who may open it, what it survives."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.audit.leaf import hash_leaf
from ivr.errors import JournalBroken, JournalLocked, SetupError
from ivr.store.reader import SqliteReader
from ivr.store.schema import open_database
from ivr.store.sqlite import SqliteJournal
from tests.journal_samples import check_conflicts, make_case, make_fact, make_live, make_turn


def _journal(place: Path, *, batch: int = 500) -> SqliteJournal:
    return SqliteJournal(place / "journal.db", place / "master.key", batch=batch)


def _reader(place: Path) -> SqliteReader:
    return SqliteReader(place / "journal.db", place / "master.key")


async def _fill(place: Path, turns: int = 3) -> None:
    async with _journal(place) as journal:
        for n in range(1, turns + 1):
            await journal.append(make_turn(n=n), make_live(n=n))


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    await _fill(tmp_path)
    async with _journal(tmp_path) as journal, _reader(tmp_path) as reader:
        assert await journal.live("line-c1") == make_live(n=3)
        assert await journal.append(make_turn(n=3), make_live(n=3)) == 2
        assert await journal.append(make_turn(n=4), None) == 3
        assert [turn.n for turn in await reader.turns("c1")] == [1, 2, 3, 4]


async def test_a_row_holds_its_leaf_and_the_leafs_hash(tmp_path: Path) -> None:
    await _fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        rows = database.execute("SELECT seq, call, n, leaf, hash FROM record").fetchall()
    for seq, call, n, leaf, digest in rows:
        content = json.loads(leaf)
        assert (content["seq"], content["call"], content["n"]) == (seq, call, n)
        assert digest == hash_leaf(leaf)
    assert len({json.loads(row[3])["id"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE record SET leaf = x'00' WHERE seq = 1", "never changed"),
        ("UPDATE record SET seq = 9 WHERE seq = 2", "never changed"),
        ("DELETE FROM record WHERE seq = 2", "never shortened"),
        ("INSERT INTO record VALUES (4, 'c', 1, x'00', x'00')", "no gaps"),
        ("INSERT INTO record VALUES (-1, 'c', 1, x'00', x'00')", "no gaps"),
        ("INSERT OR REPLACE INTO record VALUES (1, 'c', 1, x'00', x'00')", "no gaps"),
        ("INSERT INTO record VALUES (3, 'c1', 3, x'00', x'00')", "UNIQUE"),
        ("INSERT INTO record VALUES (3, 'c1', 4, 'text', x'00')", "cannot store TEXT"),
    ],
)
async def test_the_log_refuses_whoever_would_change_it(
    tmp_path: Path, statement: str, sentence: str
) -> None:
    await _fill(tmp_path)
    with (
        closing(sqlite3.connect(tmp_path / "journal.db")) as database,
        pytest.raises(sqlite3.IntegrityError, match=sentence),
    ):
        database.execute(statement)


def test_the_connection_is_safe_against_a_power_cut(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "journal.db")) as database:
        settings = [
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    assert settings == ["wal", 2, 1]


async def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        await journal.append(make_turn(), make_live())
        modes = _modes(tmp_path)
    assert {"journal.db", "journal.db-wal", "journal.db-shm", "master.key"} <= modes.keys()
    assert set(modes.values()) == {0}


async def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        with pytest.raises(JournalLocked, match=f"process {os.getpid()} is the writer") as locked:
            async with _journal(tmp_path):
                pass
        assert locked.value.remedy
        assert locked.value.place.endswith("journal.db.lock")
        assert await journal.append(make_turn(), None) == 0
    async with _journal(tmp_path) as journal:
        assert await journal.append(make_turn(n=2), None) == 1


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    with pytest.raises(JournalBroken, match="closed"):
        await journal.append(make_turn(), None)
    async with journal:
        pass
    with pytest.raises(JournalBroken, match="closed"):
        await journal.append(make_turn(), None)


async def test_what_is_queued_is_stored_before_it_closes(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        waiting = [asyncio.ensure_future(journal.note(make_fact(str(i)))) for i in range(50)]
        await asyncio.sleep(0)
    assert sorted(await asyncio.gather(*waiting)) == list(range(50))


async def test_a_wait_that_is_cancelled_stores_all_the_same(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        waiting = asyncio.ensure_future(journal.append(make_turn(), None))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await journal.append(make_turn(), None) == 0
        assert await journal.append(make_turn(n=2), None) == 1


async def test_two_hundred_at_once_share_commits(tmp_path: Path) -> None:
    async def call(journal: SqliteJournal, name: str) -> list[int]:
        return [await journal.append(make_turn(name, n), make_live(name, n)) for n in (1, 2, 3)]

    async with _journal(tmp_path) as journal:
        numbers = await asyncio.gather(*(call(journal, f"c{i}") for i in range(200)))
        jobs, commits = journal.figures
    assert sorted(seq for own in numbers for seq in own) == list(range(600))
    assert jobs == 600
    assert commits < 150


async def test_no_commit_is_larger_than_the_batch(tmp_path: Path) -> None:
    async with _journal(tmp_path, batch=10) as journal:
        await asyncio.gather(*(journal.note(make_fact(str(i))) for i in range(100)))
        assert journal.figures[1] >= 10


async def test_a_conflict_takes_nobody_of_its_batch_along(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal, _reader(tmp_path) as reader:
        await check_conflicts(journal)
        assert list(await reader.turns("c")) == []
        # The key that call c got was rolled back with it; the next try must make another.
        await journal.append(make_turn("c"), make_live("c"))
        assert await journal.live("line-c") == make_live("c")


async def test_another_master_key_is_refused(tmp_path: Path) -> None:
    await _fill(tmp_path)
    key = tmp_path / "master.key"
    key.write_text("0" * 64 + "\n")
    with pytest.raises(SetupError, match="not the one of the store"):
        async with _journal(tmp_path):
            pass


async def test_a_store_without_its_key_is_not_opened(tmp_path: Path) -> None:
    await _fill(tmp_path)
    key = tmp_path / "master.key"
    key.rename(tmp_path / "away")
    with pytest.raises(SetupError, match=r"master\.key"):
        async with _journal(tmp_path):
            pass
    assert not key.exists()
    (tmp_path / "away").rename(key)
    async with _journal(tmp_path) as journal:
        assert await journal.live("line-c1") == make_live(n=3)


async def test_a_store_of_a_newer_release_is_not_touched(tmp_path: Path) -> None:
    await _fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database, database:
        database.execute("INSERT INTO schema_version VALUES (9999)")
    with pytest.raises(SetupError, match="schema 9999"):
        async with _journal(tmp_path):
            pass


async def test_a_file_that_is_no_store_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database" * 1000)
    (tmp_path / "master.key").touch(mode=0o600)
    (tmp_path / "master.key").write_text("0" * 64 + "\n")
    with pytest.raises(JournalBroken, match=r"journal\.db"):
        async with _journal(tmp_path):
            pass
    async with _reader(tmp_path) as reader:
        with pytest.raises(JournalBroken, match="cannot be read"):
            await reader.calls()


async def test_a_reader_needs_a_store_and_changes_nothing(tmp_path: Path) -> None:
    await _fill(tmp_path)
    async with _reader(tmp_path) as reader:
        assert len(await reader.turns("c1")) == 3
        with pytest.raises(JournalBroken, match="readonly"):
            await reader._fetch("DELETE FROM live")
    (tmp_path / "journal.db").rename(tmp_path / "away")
    with pytest.raises(JournalBroken, match=r"journal\.db"):
        async with _reader(tmp_path):
            pass
    assert not (tmp_path / "journal.db").exists()


async def test_a_live_row_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        await journal.append(make_turn("a"), make_live("a"))
        await journal.append(make_turn("b"), make_live("b"))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database, database:
        database.execute(
            "UPDATE live SET sealed = (SELECT sealed FROM live WHERE call = 'a') WHERE call = 'b'"
        )
    async with _journal(tmp_path) as journal:
        assert await journal.live("line-a") == make_live("a")
        with pytest.raises(JournalBroken, match="cannot be opened"):
            await journal.live("line-b")


async def test_erasing_leaves_no_byte_of_what_was_sealed(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        await journal.append(make_turn(n=1), make_live(n=1))
        await journal.append(make_turn(n=2, last=True), None, make_case())
        sealed = [
            row[0]
            for statement in (
                "SELECT wrapped FROM data_key",
                "SELECT sealed FROM disclosure",
                "SELECT sealed FROM opened_case",
                "SELECT token FROM opened_case",
                "SELECT caller FROM call",
            )
            for row in _query(tmp_path, statement)
        ]
        assert len(sealed) == 6
        assert all(_holds(tmp_path, data) for data in sealed)
        await journal.erase(make_fact("c1", "erasure"))
        assert await journal.lines() == []  # erasing is done when the next job begins
        assert not any(_holds(tmp_path, data) for data in sealed)


async def test_erasing_waits_for_a_reader_and_comes_back(tmp_path: Path) -> None:
    async with _journal(tmp_path) as journal:
        await journal.append(make_turn(n=1, last=True), None)
        with closing(sqlite3.connect(f"file:{tmp_path}/journal.db?mode=ro", uri=True)) as old:
            old.execute("BEGIN")
            (wrapped,) = old.execute("SELECT wrapped FROM data_key").fetchone()
            await journal.erase(make_fact("c1", "erasure"))
            await journal.lines()
            assert _holds(tmp_path, wrapped)
        await journal.lines()
        await journal.lines()
        assert not _holds(tmp_path, wrapped)


def _modes(place: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o077 for file in place.iterdir()}


def _query(place: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{place}/journal.db?mode=ro", uri=True)) as database:
        return database.execute(statement).fetchall()


def _holds(place: Path, data: bytes) -> bool:
    return any(data in file.read_bytes() for file in place.iterdir())


async def test_a_day_has_a_key_for_facts_about_no_call(tmp_path: Path) -> None:
    fact = make_fact(None, "login", who={"$personal": "Sari Dewi"})
    async with _journal(tmp_path) as journal:
        await journal.note(fact)
        await journal.note(replace(fact, event={"type": "public"}))
    assert _query(tmp_path, "SELECT subject FROM disclosure") == [("day/2026-11-24",)]
