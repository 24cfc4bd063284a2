"""The journal in a database, written by one thread of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ivr.audit.vault import Vault, open_vault
from ivr.errors import SetupError
from ivr.ports import Fact, LiveRow, NewCase, Turn
from ivr.store.committer import Committer
from ivr.store.database import BatchLost, Database
from ivr.store.feed import Feed, Leaves
from ivr.store.ledger import Ledger
from ivr.store.plain import Entry


class StoredJournal:
    """The Journal of `ivr.ports` in what `open_database` opens; open it with `async with`.

    `key` is the file of the master key (made with a new store, needed for ever after). `log` names
    the log in each leaf, `source` the engine that decides the turns. `batch` is the most records in
    one transaction, `depth` how far a subscriber may fall behind.

    Opening raises JournalLocked when another writer has the store, SetupError for a key that does
    not fit, JournalBroken when the database cannot be opened. What is handed to `append` and `note`
    must not be changed afterwards: another thread reads it.
    """

    def __init__(
        self,
        open_database: Callable[[], Database],
        key: Path,
        *,
        place: str,
        log: str = "satu-pintu",
        source: str = "engine",
        batch: int = 500,
        depth: int = 1000,
    ) -> None:
        self._open_database = open_database
        self._key = key
        self._log = log
        self._source = source
        self._feed = Feed(depth)
        self._committer = Committer(self._open_ledger, self._feed.publish, place=place, batch=batch)

    async def __aenter__(self) -> Self:
        await self._committer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._committer.stop()
        self._feed.close()

    @property
    def figures(self) -> tuple[int, int]:
        """How many jobs were made durable, and in how many transactions."""
        return self._committer.jobs, self._committer.commits

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `Journal`."""
        return await self._committer.submit(lambda ledger: ledger.append(turn, live, case))

    async def note(self, fact: Fact) -> int:
        """Store a fact, see `Journal`."""
        return await self._committer.submit(lambda ledger: ledger.note(fact))

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Store what was acknowledged elsewhere, see `Store`."""
        return await self._committer.submit(lambda ledger: ledger.catch_up(entries))

    async def live(self, line: str) -> LiveRow | None:
        """The call in progress on this line, see `Journal`."""
        return await self._committer.submit(lambda ledger: ledger.live(line))

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a live row, see `Journal`."""
        return await self._committer.submit(lambda ledger: ledger.lines())

    async def case(self, call: str, n: int) -> str | None:
        """The number of a case, see `Journal`."""
        return await self._committer.submit(lambda ledger: ledger.case(call, n))

    async def erase(self, fact: Fact) -> int:
        """Make the personal data of the fact's call unreadable for ever, and note the fact.

        The leaves and their proofs stay. The fact itself should hold public data only: personal
        data about an erased call are not kept. Raises JournalConflict when the call is unknown or
        in progress.
        """
        return await self._committer.submit(lambda ledger: ledger.erase(fact))

    def subscribe(self) -> AbstractAsyncContextManager[Leaves]:
        """Follow the log from now on, see `Feed.subscribe`."""
        return self._feed.subscribe()

    def _open_ledger(self) -> Ledger:
        """Runs in the writer thread, which owns the connection."""
        database = self._open_database()
        try:
            vault = self._open_vault(database)
        except BatchLost as lost:
            database.close()
            raise lost.told from None
        except BaseException:
            database.close()
            raise
        return Ledger(database, vault, log=self._log, source=self._source)

    def _open_vault(self, database: Database) -> Vault:
        rows = database.fetch("SELECT fingerprint FROM master")
        vault = open_vault(self._key, create=not rows)
        if not rows:
            database.fetch("INSERT INTO master VALUES (?)", vault.fingerprint)
        elif rows[0][0] != vault.fingerprint:
            raise SetupError(
                "this master key is not the one of the store",
                place=str(self._key),
                remedy=f"Put back the key file that was made with {database.place}.",
            )
        return vault
