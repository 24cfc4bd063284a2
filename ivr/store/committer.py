"""The writer thread: many records, one transaction, one flush to the disk.

It waits for one job, takes whatever else has queued meanwhile, commits all of them at once and only
then resolves their futures. So a lone record waits for nothing and a crowd shares one `fdatasync`.
Each job has a savepoint: a job that is refused takes nobody with it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from ivr.errors import IvrError, JournalBad, JournalBroken, JournalConflict, JournalError
from ivr.store.ledger import Ledger

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Ledger], Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Result:
    job: _Job
    value: Any = None
    error: Exception | None = None


class Committer:
    """One thread with one connection. `jobs` and `commits` count what was made durable.

    `publish` receives the new leaves on the event loop, after those who wait for them were told.
    """

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        publish: Callable[[Sequence[Mapping[str, Any]]], None],
        *,
        place: str,
        batch: int,
    ) -> None:
        self._open_ledger = open_ledger
        self._publish = publish
        self._place = place
        self._batch = batch
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Future[None]
        self._running = False
        self._bad: JournalBad | None = None
        self.jobs = 0
        self.commits = 0

    async def start(self) -> None:
        """Open the store in the thread. Raises what `open_ledger` raises."""
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        ready: asyncio.Future[None] = self._loop.create_future()
        Thread(target=self._run, args=(ready,), name="journal", daemon=True).start()
        await ready
        self._running = True

    async def stop(self) -> None:
        """Commit what is queued, close the store and wait for the thread's last word."""
        if self._running:
            self._running = False
            self._queue.put(None)
            await asyncio.shield(self._stopped)

    async def submit(self, work: Callable[[Ledger], _T]) -> _T:
        """The work's result once it is durable. Cancelling the wait does not undo the work."""
        if not self._running:
            raise JournalBroken("the journal is closed", place=self._place)
        future: asyncio.Future[_T] = self._loop.create_future()
        self._queue.put(_Job(work, future))
        return await future

    def _run(self, ready: asyncio.Future[None]) -> None:
        try:
            ledger = self._open_ledger()
        except Exception as error:
            self._call(_settle, ready, None, error)
            return
        self._call(_settle, ready, None, None)
        try:
            while jobs := self._gather():
                self._commit(ledger, jobs)
        finally:
            _close(ledger)
            self._call(_settle, self._stopped, None, None)

    def _gather(self) -> list[_Job]:
        """One job and whatever else is queued; nothing when the thread is to end."""
        job = self._queue.get()
        jobs: list[_Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == self._batch:
                return jobs
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._queue.put(None)
        return jobs

    def _commit(self, ledger: Ledger, jobs: Sequence[_Job]) -> None:
        if self._bad is not None:
            bad = self._bad
            self._call(self._deliver, [_Result(job, error=bad) for job in jobs], ())
            return
        try:
            ledger.connection.execute("BEGIN IMMEDIATE")
            results = [self._perform(ledger, job) for job in jobs]
            ledger.connection.execute("COMMIT")
            self.jobs += len(jobs)
            self.commits += 1
        except sqlite3.Error as error:
            _roll_back(ledger)
            _log.error("%s: %d records not stored: %s", self._place, len(jobs), error)
            results = [_Result(job, error=self._broken(error)) for job in jobs]
        self._call(self._deliver, results, tuple(ledger.fresh))
        ledger.fresh.clear()
        if ledger.erased:
            ledger.erased = not _scrub(ledger.connection)

    def _perform(self, ledger: Ledger, job: _Job) -> _Result:
        """One job in its savepoint. Raises sqlite3.Error when the whole batch is lost."""
        fresh = len(ledger.fresh)
        ledger.connection.execute("SAVEPOINT job")
        try:
            result = _Result(job, value=job.work(ledger))
        except Exception as error:
            refusal = _refuse(error)
            if refusal is None:
                raise
            result = _Result(job, error=refusal)
        if result.error is not None:
            ledger.connection.execute("ROLLBACK TO job")
            ledger.forget(fresh)
        ledger.connection.execute("RELEASE job")
        return result

    def _broken(self, error: sqlite3.Error) -> JournalBroken:
        if _is_beyond_use(error):
            self._bad = JournalBad(
                f"the store is bad and is not used any more ({error})",
                place=self._place,
                remedy="Look at its disk, or restore the store from its backup, and start again.",
            )
            return self._bad
        return JournalBroken(
            f"the store failed ({error})",
            place=self._place,
            remedy="Look at the free space and the health of its disk; nothing was acknowledged.",
        )

    def _deliver(self, results: Sequence[_Result], fresh: Sequence[Mapping[str, Any]]) -> None:
        for result in results:
            _settle(result.job.future, result.value, result.error)
        self._publish(fresh)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            _log.warning("%s: the event loop ended before the journal", self._place)


def _is_beyond_use(error: sqlite3.Error) -> bool:
    """Whether nobody knows what is on the disk now.

    After a failed fsync the kernel may call the next one a success without having written anything
    (wiki.postgresql.org/wiki/Fsync_Errors). Codes: sqlite.org/rescode.html.
    """
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC) or (
        code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def _refuse(error: Exception) -> Exception | None:
    """What the job itself is told; None when the store failed and with it the whole batch."""
    match error:
        case IvrError():
            return error
        case sqlite3.IntegrityError():
            return JournalConflict(f"the store refuses the record: {error}")
        case sqlite3.OperationalError() | sqlite3.InternalError():
            return None
        case sqlite3.DatabaseError() if type(error) is sqlite3.DatabaseError:
            return None
    # The text of a foreign exception may hold a caller's data; its type never does.
    return JournalError(f"the record cannot be stored ({type(error).__name__})")


def _settle(future: asyncio.Future[Any], value: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)


def _roll_back(ledger: Ledger) -> None:
    """Forget the batch. A full disk makes SQLite roll back by itself (lang_transaction, 2.1)."""
    ledger.forget()
    ledger.erased = False
    try:
        if ledger.connection.in_transaction:
            ledger.connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        _log.error("rolling back failed: %s", error)


def _scrub(connection: sqlite3.Connection) -> bool:
    """Empty the WAL, where erased bytes still stand; False when a reader is in the way."""
    try:
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        _log.error("the write-ahead log cannot be emptied: %s", error)
        return False
    return not busy


def _close(ledger: Ledger) -> None:
    _scrub(ledger.connection)
    ledger.connection.close()
