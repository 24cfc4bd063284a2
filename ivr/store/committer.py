"""The writer thread: many records, one transaction, one flush to the disk.

It waits for one job, takes whatever else has queued meanwhile, commits all of them at once and only
then resolves their futures. So a lone record waits for nothing and a crowd shares one `fdatasync`.
Each job has a savepoint: a job that is refused takes nobody with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from ivr.errors import IvrError, JournalBad, JournalBroken, JournalError
from ivr.store.database import BatchLost
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
            ledger.database.close()
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
            ledger.database.begin()
            results = [self._perform(ledger, job) for job in jobs]
            ledger.database.commit()
            self.jobs += len(jobs)
            self.commits += 1
        except BatchLost as lost:
            results = self._lose(ledger, jobs, lost.told)
        self._call(self._deliver, results, tuple(ledger.fresh))
        ledger.fresh.clear()
        if ledger.erased:
            ledger.erased = not ledger.database.scrub()

    def _perform(self, ledger: Ledger, job: _Job) -> _Result:
        """One job in its savepoint. Raises BatchLost when the whole batch is lost."""
        fresh = len(ledger.fresh)
        ledger.database.mark("job")
        try:
            result = _Result(job, value=job.work(ledger))
        except BatchLost:
            raise
        except Exception as error:
            result = _Result(job, error=_refuse(error))
        if result.error is not None:
            ledger.database.rewind("job")
            ledger.forget(fresh)
        ledger.database.release("job")
        return result

    def _lose(self, ledger: Ledger, jobs: Sequence[_Job], told: JournalBroken) -> list[_Result]:
        """Forget the batch. A store that is bad is never asked again."""
        ledger.forget()
        ledger.erased = False
        ledger.database.roll_back()
        if isinstance(told, JournalBad):
            self._bad = told
        _log.error("%d records not stored: %s", len(jobs), told)
        return [_Result(job, error=told) for job in jobs]

    def _deliver(self, results: Sequence[_Result], fresh: Sequence[Mapping[str, Any]]) -> None:
        for result in results:
            _settle(result.job.future, result.value, result.error)
        self._publish(fresh)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            _log.warning("%s: the event loop ended before the journal", self._place)


def _refuse(error: Exception) -> Exception:
    """What the job itself is told; the others of its batch go on."""
    if isinstance(error, IvrError):
        return error
    # The text of a foreign exception may hold a caller's data; its type never does.
    return JournalError(f"the record cannot be stored ({type(error).__name__})")


def _settle(future: asyncio.Future[Any], value: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
