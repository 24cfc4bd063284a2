"""The store in a PostgreSQL database, written through one connection of one process.

asyncpg is asynchronous and the ledger is not, so the writer thread has an event loop of its own
that runs only while a statement is under way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from ivr.errors import (
    JournalBad,
    JournalConflict,
    JournalError,
    JournalLocked,
    SetupError,
)
from ivr.store.database import BatchLost
from ivr.store.journal import StoredJournal
from ivr.store.postgres_server import (
    FAULTS,
    check_server,
    connect,
    explain,
    explain_opening,
    number_values,
)
from ivr.store.schema import read_migrations

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

LOCK = 0x53617475_50696E74
"""The advisory lock of the writer, one for each database; no other program has a use for it."""

LOCK_PATIENCE = 3
"""Seconds for the server to notice that the last writer is dead."""

_HOLDER = """
SELECT pid, backend_start, client_addr FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND datname = current_database() AND database = datid
AND classid::bigint << 32 | objid::bigint = $1
"""


class PostgresJournal(StoredJournal):
    """The journal in the database at `address`; the other arguments are those of `StoredJournal`.

    `address` is a URL without a password, as libpq knows it.
    """

    def __init__(self, address: str, key: Path, *, batch: int = 500, depth: int = 1000) -> None:
        super().__init__(
            lambda: PostgresDatabase(address), key, place=address, batch=batch, depth=depth
        )


class PostgresDatabase:
    """The Database of `ivr.store.database` on a server.

    Opening raises JournalLocked, JournalBroken, SetupError.

    Whoever has the connection has the lock. After any fault the connection is given up, and the
    next transaction begins with a new one, on which the lock must be had first. So the server has
    decided about a commit whose answer was lost before anything is sent again: its session is over.
    """

    def __init__(self, address: str) -> None:
        self.place = address
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection | None = None
        self._sessions: list[tuple[Any, ...]] = []
        self._before = ""
        try:
            self._run(self._connect())
            self._run(self._migrate())
        except FAULTS as error:
            self.close()
            raise explain_opening(error, address) from None
        except BaseException:
            self.close()
            raise

    def fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        """The rows of a statement, see `Database`."""
        assert self._connection is not None
        return self._ask(self._connection.fetch(number_values(statement), *values))

    def begin(self) -> None:
        """Begin a transaction, on a new connection when the last one is gone."""
        if self._connection is None:
            try:
                self._run(self._connect())
            except FAULTS as error:
                raise self._lost(error) from None
            except (JournalLocked, SetupError) as error:
                bad = JournalBad(error.sentence, place=error.place, remedy=error.remedy)
                raise BatchLost(bad) from None
        self._before = "BEGIN;"

    def mark(self, savepoint: str) -> None:
        """Set a savepoint."""
        self._command(f"SAVEPOINT {savepoint}")

    def release(self, savepoint: str) -> None:
        """Keep what came after a savepoint; the server hears of it with the next command."""
        self._before += f"RELEASE {savepoint};"

    def rewind(self, savepoint: str) -> None:
        """Undo what came after a savepoint."""
        self._command(f"ROLLBACK TO {savepoint}")

    def commit(self) -> None:
        """The server answers when the transaction is on its disk: synchronous_commit is on."""
        if self._command("COMMIT") != "COMMIT":  # a transaction with a fault in it is rolled back
            raise self._lost(asyncpg.InterfaceError("the transaction was rolled back"))

    def roll_back(self) -> None:
        """Give the connection up: the server rolls back what was not committed."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._run(_abandon(connection))

    def scrub(self) -> bool:
        """Nothing: PostgreSQL reuses the room of erased rows in its own time."""
        return True

    def close(self) -> None:
        """End the session, and with it the lock."""
        if self._connection is not None:
            try:
                self._run(self._connection.close(timeout=LOCK_PATIENCE))
            except FAULTS:
                self.roll_back()
        self._runner.close()

    async def _connect(self) -> None:
        connection = await connect(self.place, "writer", lock_timeout=f"{LOCK_PATIENCE}s")
        try:
            await check_server(connection, self.place)
            await self._take_lock(connection)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection

    async def _take_lock(self, connection: asyncpg.Connection) -> None:
        """Be the only writer. What is left of our own earlier sessions is ended first."""
        for session in self._sessions:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid = $1 AND backend_start = $2",
                *session,
            )
        own = await connection.fetchrow(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        self._sessions.append(tuple(own))
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        except asyncpg.LockNotAvailableError:
            holder = await connection.fetchrow(_HOLDER, LOCK)
            if holder is None or tuple(holder)[:2] in self._sessions:
                raise
            raise self._locked(holder) from None
        self._sessions = [tuple(own)]

    def _locked(self, holder: asyncpg.Record) -> JournalLocked:
        place = holder["client_addr"] or "on the server's machine"
        return JournalLocked(
            f"another process ({place}, session {holder['pid']}) is the writer of this store",
            place=self.place,
            remedy="Stop the other `ivr serve` first, or name another database (IVR_DATABASE).",
        )

    async def _migrate(self) -> None:
        assert self._connection is not None
        present = 0
        if await self._connection.fetchval("SELECT to_regclass('schema_version')") is not None:
            present = await self._connection.fetchval("SELECT max(version) FROM schema_version")
        else:
            await self._connection.execute("CREATE TABLE schema_version (version INT PRIMARY KEY)")
        for version, script in read_migrations("postgres", present or 0, self.place):
            await self._connection.execute(
                f"BEGIN; {script}; INSERT INTO schema_version VALUES ({version}); COMMIT;"
            )
        server = await self._connection.fetchval("SHOW server_version")
        _log.info("%s: writing with PostgreSQL %s", self.place, server)

    def _command(self, command: str) -> str:
        """Send it with what was put off: a way to the server and back costs more than its work.

        Returns what the server says that it did.
        """
        assert self._connection is not None
        before, self._before = self._before, ""
        return str(self._ask(self._connection.execute(before + command)))

    def _ask(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            return self._run(work)
        except asyncpg.IntegrityConstraintViolationError as error:
            # The detail of a message holds values.
            raise JournalConflict(f"the store refuses the record: {error.message}") from None
        except asyncpg.DataError as error:
            name = type(error).__name__
            raise JournalError(f"the record cannot be stored ({name})") from None
        except FAULTS as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> BatchLost:
        return BatchLost(explain(error, self.place))

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.get_loop().run_until_complete(work)


async def _abandon(connection: asyncpg.Connection) -> None:
    connection.terminate()
    await asyncio.sleep(0)  # for what terminate() puts off to the loop
