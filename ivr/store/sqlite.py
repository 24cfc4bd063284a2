"""The store in one SQLite file.

SQLite before 3.51.3 can damage a WAL that two connections write or checkpoint at once
(sqlite.org/wal.html, section 11), so nobody but the one writer opens the file for writing.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ivr.errors import JournalBad, JournalBroken, JournalConflict
from ivr.store.database import BatchLost
from ivr.store.journal import StoredJournal
from ivr.store.lock import Lock
from ivr.store.schema import open_database

_log = logging.getLogger(__name__)


class SqliteJournal(StoredJournal):
    """The journal in the file `path`; the other arguments are those of `StoredJournal`."""

    def __init__(self, path: Path, key: Path, *, batch: int = 500, depth: int = 1000) -> None:
        super().__init__(
            lambda: SqliteDatabase(path), key, place=str(path), batch=batch, depth=depth
        )


class SqliteDatabase:
    """The Database of `ivr.store.database` in a file, with a lock file beside it.

    Raises JournalLocked, JournalBroken, SetupError.
    """

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._lock = Lock(path.with_name(f"{path.name}.lock"))
        self._lock.take()
        try:
            self._connection = open_database(path)
        except sqlite3.Error as error:
            self._lock.drop()
            raise JournalBroken(
                f"the store cannot be opened ({error})",
                place=self.place,
                remedy="Look at the disk; restore the store from its backup when it is damaged.",
            ) from None
        except BaseException:
            self._lock.drop()
            raise
        _log.info("%s: writing with SQLite %s", path, sqlite3.sqlite_version)

    def fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        """The rows of a statement, see `Database`."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.IntegrityError as error:
            raise JournalConflict(f"the store refuses the record: {error}") from None
        except (sqlite3.OperationalError, sqlite3.InternalError) as error:
            raise self._lost(error) from None
        except sqlite3.DatabaseError as error:
            if type(error) is sqlite3.DatabaseError:
                raise self._lost(error) from None
            raise

    def begin(self) -> None:
        """Begin a transaction that nobody else can begin."""
        self.fetch("BEGIN IMMEDIATE")

    def mark(self, savepoint: str) -> None:
        """Set a savepoint."""
        self.fetch(f"SAVEPOINT {savepoint}")

    def release(self, savepoint: str) -> None:
        """Keep what came after a savepoint."""
        self.fetch(f"RELEASE {savepoint}")

    def rewind(self, savepoint: str) -> None:
        """Undo what came after a savepoint."""
        self.fetch(f"ROLLBACK TO {savepoint}")

    def commit(self) -> None:
        """Flush the transaction to the disk."""
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._lost(error) from None

    def roll_back(self) -> None:
        """A full disk makes SQLite roll back by itself (sqlite.org/lang_transaction.html, 2.1)."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            _log.error("rolling back failed: %s", error)

    def scrub(self) -> bool:
        """Empty the WAL, where erased bytes still stand; False when a reader is in the way."""
        try:
            (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            _log.error("the write-ahead log cannot be emptied: %s", error)
            return False
        return not busy

    def close(self) -> None:
        """Close the file, then let the next writer in."""
        self.scrub()
        self._connection.close()
        self._lock.drop()

    def _lost(self, error: sqlite3.Error) -> BatchLost:
        if _is_beyond_use(error):
            return BatchLost(
                JournalBad(
                    f"the store is bad and is not used any more ({error})",
                    place=self.place,
                    remedy="Look at its disk, or restore the store from its backup, and start"
                    " again.",
                )
            )
        return BatchLost(
            JournalBroken(
                f"the store failed ({error})",
                place=self.place,
                remedy="Look at the free space and the health of its disk; nothing was"
                " acknowledged.",
            )
        )


def _is_beyond_use(error: sqlite3.Error) -> bool:
    """Whether nobody knows what is on the disk now.

    After a failed fsync the kernel may call the next one a success without having written anything
    (wiki.postgresql.org/wiki/Fsync_Errors). Codes: sqlite.org/rescode.html.
    """
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC) or (
        code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )
