"""The PostgreSQL store: what the server refuses, who may write, what it survives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.audit.leaf import hash_leaf
from ivr.config import Settings
from ivr.errors import (
    JournalBad,
    JournalBroken,
    JournalConflict,
    JournalError,
    JournalLocked,
    SetupError,
)
from ivr.spooling import open_reader
from ivr.store.database import BatchLost
from ivr.store.postgres import PostgresDatabase, PostgresJournal
from ivr.store.postgres_reader import PostgresReader
from ivr.store.schema import open_database
from tests.faults.proxy import running_proxy
from tests.journal_samples import check_conflicts, make_case, make_fact, make_live, make_turn
from tests.postgres import ROLE, Cluster


@pytest.fixture
def address(postgres: Cluster) -> str:
    """An empty database."""
    return postgres.new_database()


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A server that a test may stop."""
    cluster = Cluster()
    yield cluster
    cluster.close()


def _journal(address: str, place: Path, *, batch: int = 500) -> PostgresJournal:
    return PostgresJournal(address, place / "master.key", batch=batch)


async def _fill(address: str, place: Path, turns: int = 3) -> None:
    async with _journal(address, place) as journal:
        for n in range(1, turns + 1):
            await journal.append(make_turn(n=n), make_live(n=n))


async def test_everything_is_there_after_a_restart(tmp_path: Path, own: Cluster) -> None:
    address = own.new_database()
    await _fill(address, tmp_path)
    own.stop()
    own.start()
    async with (
        _journal(address, tmp_path) as journal,
        PostgresReader(address, tmp_path / "master.key") as reader,
    ):
        assert await journal.live("line-c1") == make_live(n=3)
        assert await journal.append(make_turn(n=3), make_live(n=3)) == 2
        assert await journal.append(make_turn(n=4), None) == 3
        assert [turn.n for turn in await reader.turns("c1")] == [1, 2, 3, 4]


async def test_a_row_holds_its_leaf_and_the_leafs_hash(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    await _fill(address, tmp_path)
    rows = postgres.ask(
        address, "SELECT seq, encode(leaf, 'hex'), encode(hash, 'hex') FROM record ORDER BY seq"
    ).splitlines()
    for number, row in enumerate(rows):
        seq, leaf, digest = row.split("|")
        assert json.loads(bytes.fromhex(leaf))["seq"] == int(seq) == number
        assert bytes.fromhex(digest) == hash_leaf(bytes.fromhex(leaf))
    assert len(rows) == 3


@pytest.mark.parametrize("role", [ROLE, "postgres"])
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE record SET leaf = '' WHERE seq = 1", "never changed"),
        ("UPDATE record SET seq = 9 WHERE seq = 2", "never changed"),
        ("DELETE FROM record WHERE seq = 2", "never shortened"),
        ("TRUNCATE record", "never shortened"),
        ("INSERT INTO record VALUES (4, 'c', 1, '', '')", "no gaps"),
        ("INSERT INTO record VALUES (-1, 'c', 1, '', '')", "no gaps"),
        ("INSERT INTO record VALUES (NULL, 'c', 1, '', '')", "no gaps"),
        ("INSERT INTO record VALUES (3, 'c1', 3, '', '')", "record_call_n_key"),
    ],
)
async def test_the_log_refuses_whoever_would_change_it(
    tmp_path: Path, postgres: Cluster, address: str, statement: str, sentence: str, role: str
) -> None:
    """The service's user may not even try; a superuser meets the trigger."""
    await _fill(address, tmp_path)
    if role == ROLE and not statement.startswith("INSERT"):
        sentence = "permission denied for table record"
    with pytest.raises(AssertionError, match=sentence):
        postgres.ask(address, f'SET ROLE "{role}"; {statement}')
    assert postgres.ask(address, "SELECT count(*) FROM record") == "3"


async def test_both_kinds_of_database_have_the_same_tables(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    await _fill(address, tmp_path)
    told = postgres.ask(
        address,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    )
    file = open_database(tmp_path / "other.db")
    tables = file.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    columns = [
        f"{table}|{column}"
        for (table,) in tables.fetchall()
        for (column,) in file.execute(f"SELECT name FROM pragma_table_info('{table}')")
    ]
    versions = file.execute("SELECT version FROM schema_version").fetchall()
    file.close()
    assert told.splitlines() == columns
    assert postgres.ask(address, "SELECT version FROM schema_version").split() == [
        str(version) for (version,) in versions
    ]


async def test_a_commit_waits_for_the_disk_whatever_the_server_was_told(
    postgres: Cluster, address: str
) -> None:
    postgres.ask("postgres", f'ALTER ROLE "{ROLE}" SET synchronous_commit = off')
    try:
        database = await asyncio.to_thread(PostgresDatabase, address)
        ((said,),) = await asyncio.to_thread(database.fetch, "SHOW synchronous_commit")
        await asyncio.to_thread(database.close)
    finally:
        postgres.ask("postgres", f'ALTER ROLE "{ROLE}" RESET synchronous_commit')
    assert said == "on"


def test_a_commit_that_the_server_turns_into_a_rollback_is_none(address: str) -> None:
    database = PostgresDatabase(address)
    database.begin()
    database.mark("job")
    with pytest.raises(JournalConflict, match="no gaps"):
        database.fetch("INSERT INTO record VALUES (?, ?, ?, ?, ?)", 7, "c1", 1, b"", b"")
    with pytest.raises(BatchLost, match="rolled back"):
        database.commit()
    database.close()


async def test_a_second_writer_is_told_so_and_the_first_goes_on(
    tmp_path: Path, address: str
) -> None:
    async with _journal(address, tmp_path) as journal:
        with pytest.raises(JournalLocked, match="is the writer of this store") as locked:
            async with _journal(address, tmp_path):
                pass
        assert "IVR_DATABASE" in locked.value.remedy
        assert await journal.append(make_turn(), None) == 0
    async with _journal(address, tmp_path) as journal:
        assert await journal.append(make_turn(n=2), None) == 1


async def test_a_writer_that_another_one_followed_is_bad(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    """It lost its session, and somebody else has the lock before it is back."""
    async with _journal(address, tmp_path) as journal:
        await journal.append(make_turn(), None)
        _end_sessions(postgres, address)
        async with _journal(address, tmp_path) as other:
            with pytest.raises(JournalBroken):
                await journal.append(make_turn(n=2), None)
            with pytest.raises(JournalBad, match="is the writer of this store"):
                await journal.append(make_turn(n=2), None)
            assert await other.append(make_turn(n=2), None) == 1
        with pytest.raises(JournalBad):
            await journal.append(make_turn(n=3), None)


async def test_after_a_lost_session_the_next_transaction_has_another(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    async with _journal(address, tmp_path) as journal:
        await journal.append(make_turn("a"), make_live("a"), make_case())
        _end_sessions(postgres, address)
        with pytest.raises(JournalBroken, match="the store failed") as broken:
            await journal.append(make_turn("b"), make_live("b"))
        assert broken.value.remedy
        assert await journal.append(make_turn("b"), make_live("b")) == 1
        assert await journal.live("line-b") == make_live("b")


async def test_a_commit_whose_answer_is_lost_is_stored_once(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    """The answers of the server stop coming, at every place of the transaction in turn."""
    async with running_proxy(postgres.port) as proxy:
        by_proxy = postgres.by_tcp(address, proxy.port)
        async with _journal(by_proxy, tmp_path) as journal:
            await journal.append(make_turn(n=1), make_live(n=1))
            doubtful = 0
            for n in range(2, 32):
                proxy.cut_after(n)
                seq = None
                while seq is None:
                    try:
                        seq = await journal.append(make_turn(n=n), make_live(n=n))
                    except JournalBroken:
                        stored = postgres.ask(address, "SELECT max(n) FROM record")
                        doubtful += stored == str(n)
                assert seq == n - 1
    assert doubtful >= 1
    assert postgres.ask(address, "SELECT count(*), max(seq) FROM record") == "31|30"


async def test_a_password_comes_from_its_file_and_is_never_told(
    tmp_path: Path, postgres: Cluster, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    by_tcp = postgres.by_tcp(address)
    await _fill(by_tcp, tmp_path)
    (tmp_path / "wrong").touch(mode=0o600)
    (tmp_path / "wrong").write_text("*:*:*:*:canary-word\n")
    wrong = by_tcp.partition("?")[0] + f"?passfile={tmp_path / 'wrong'}"
    with pytest.raises(SetupError, match="password authentication failed") as refused:
        await _fill(wrong, tmp_path)
    assert "PGPASSFILE" in refused.value.remedy
    assert "canary-word" not in caplog.text + repr(refused.value) + str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("calls_", "nowhere_"), "does not exist"),
        (("postgresql://ivr", "postgresql://nobody"), "does not exist"),
        (("?", "?sslmode=whatever&"), "sslmode"),
    ],
)
async def test_what_only_a_person_can_change_is_told_at_once(
    tmp_path: Path, address: str, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(SetupError, match=sentence) as refused:
        await _fill(address.replace(*change), tmp_path)
    assert refused.value.remedy


async def test_a_server_that_is_away_is_no_reason_to_give_up(tmp_path: Path, own: Cluster) -> None:
    address = own.new_database()
    own.stop()
    with pytest.raises(JournalBroken, match="store failed"):
        await _fill(address, tmp_path)
    with pytest.raises(JournalBroken):
        async with PostgresReader(address, tmp_path / "master.key"):
            pass


async def test_a_database_of_another_encoding_is_refused(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    postgres.ask(
        "postgres",
        f"CREATE DATABASE latin OWNER {ROLE} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0",
    )
    name = address.partition("?")[0].rpartition("/")[2]
    with pytest.raises(SetupError, match="LATIN1"):
        await _fill(address.replace(name, "latin"), tmp_path)


async def test_another_master_key_or_none_is_refused(tmp_path: Path, address: str) -> None:
    await _fill(address, tmp_path)
    key = tmp_path / "master.key"
    key.rename(tmp_path / "away")
    with pytest.raises(SetupError, match=r"master\.key"):
        await _fill(address, tmp_path)
    assert not key.exists()
    key.touch(mode=0o600)
    key.write_text("0" * 64 + "\n")
    with pytest.raises(SetupError, match="not the one of the store"):
        await _fill(address, tmp_path)


async def test_a_store_of_a_newer_release_is_not_touched(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    await _fill(address, tmp_path)
    postgres.ask(address, "INSERT INTO schema_version VALUES (9999)")
    with pytest.raises(SetupError, match="schema 9999"):
        await _fill(address, tmp_path)


async def test_a_reader_changes_nothing_and_needs_a_journal(tmp_path: Path, address: str) -> None:
    settings = Settings(state=tmp_path, database=address)
    with pytest.raises(SetupError, match="no journal yet"):
        async with open_reader(settings):
            pass
    await _fill(address, tmp_path)
    async with PostgresReader(address, tmp_path / "master.key") as reader:
        assert len(await reader.turns("c1")) == 3
        with pytest.raises(JournalBroken, match="read-only"):
            await reader._fetch("DELETE FROM live")
        assert len(await asyncio.gather(*(reader.turns("c1") for _ in range(5)))) == 5


async def test_a_conflict_takes_nobody_of_its_batch_along(
    tmp_path: Path, postgres: Cluster, address: str
) -> None:
    async with _journal(address, tmp_path) as journal:
        await check_conflicts(journal)


async def test_no_text_of_the_database_can_hold_a_nought(tmp_path: Path, address: str) -> None:
    """What PostgreSQL cannot hold is refused alone; its text is not told."""
    async with _journal(address, tmp_path) as journal:
        with pytest.raises(JournalError, match="cannot be stored") as refused:
            await journal.note(make_fact("c\0canary"))
        assert "canary" not in str(refused.value)
        assert await journal.note(make_fact("c1")) == 0


def _end_sessions(postgres: Cluster, address: str) -> None:
    name = address.partition("?")[0].rpartition("/")[2]
    postgres.ask(
        "postgres",
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",
    )
