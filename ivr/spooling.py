"""The journal as the settings say: the store of one kind or the other, its spool, its reader."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from ivr.audit.vault import open_vault
from ivr.config import Settings
from ivr.errors import JournalError, SetupError
from ivr.store.client import SocketJournal
from ivr.store.draining import bring
from ivr.store.journal import StoredJournal
from ivr.store.postgres import PostgresJournal
from ivr.store.postgres_reader import PostgresReader
from ivr.store.reader import SqliteReader, StoredReader
from ivr.store.spool import FILE, Spool
from ivr.store.spooled import DRAIN_PATIENCE, PATIENCE, SpooledJournal
from ivr.store.sqlite import SqliteJournal
from ivr.store.writer import Store, serve_journal

_log = logging.getLogger(__name__)


async def open_journal(settings: Settings, stack: AsyncExitStack, name: str) -> SpooledJournal:
    """The journal of an engine: of several engines the writer's, else its own, with a door.

    An engine waits longer for the writer than the writer for its disk: the writer's spool is first.
    """
    if settings.engines == 1:
        return await open_store(settings, stack)
    journal = _spool(settings, name, lambda: SocketJournal(settings.socket), 2 * PATIENCE)
    return await stack.enter_async_context(_draining(journal))


async def open_store(settings: Settings, stack: AsyncExitStack) -> SpooledJournal:
    """The store, and its door for other processes."""
    journal = await stack.enter_async_context(_draining(spool_store(settings)))
    await _adopt(settings, journal)
    await stack.enter_async_context(serve_journal(journal, settings.store))
    return journal


def spool_store(settings: Settings) -> SpooledJournal:
    """The journal of the process that writes the store, not yet opened; nobody drains it."""
    return _spool(settings, "writer", lambda: _store(settings), PATIENCE)


def open_reader(settings: Settings) -> StoredReader:
    """A reader of the store, not yet opened. Raises SetupError when there is no journal yet."""
    if settings.database:
        return PostgresReader(settings.database, settings.key_file)
    if not settings.journal.exists():
        raise SetupError(
            "there is no journal yet",
            place=str(settings.journal),
            remedy="It begins with the first call. Start the service: ivr serve --with-pbx",
        )
    return SqliteReader(settings.journal, settings.key_file)


def _store(settings: Settings) -> StoredJournal:
    if settings.database:
        return PostgresJournal(settings.database, settings.key_file)
    return SqliteJournal(settings.journal, settings.key_file)


async def _adopt(settings: Settings, journal: SpooledJournal) -> None:
    """Bring the store what waits in the spools of engines that the service no longer has.

    What cannot be brought stays there until the next start.
    """
    engines = range(1, settings.engines + 1) if settings.engines > 1 else ()
    own = {"writer", *(f"engine-{number}" for number in engines)}
    for directory in sorted(file.parent for file in settings.spools.glob(f"*/{FILE}")):
        if directory.name in own:
            continue
        try:
            await _empty(Spool(directory, size=0), settings, journal)
        except JournalError as error:
            _log.error("what waits in %s stays there: %s", directory, error)


async def _empty(spool: Spool, settings: Settings, journal: SpooledJournal) -> None:
    await asyncio.to_thread(spool.open, open_vault(settings.key_file, create=False))
    try:
        waiting = spool.count
        while spool.count:
            _, refused = await bring(journal, spool, (), DRAIN_PATIENCE)
            for one in refused:
                journal.owe("store.refused", one.call, **one.about)
        if waiting:
            await spool.renew()
    finally:
        spool.close()


def _spool(
    settings: Settings,
    name: str,
    store: Callable[[], AbstractAsyncContextManager[Store]],
    patience: float,
) -> SpooledJournal:
    spool = Spool(settings.spools / name, size=settings.spool_megabytes << 20)
    vault = settings.key_file
    return SpooledJournal(store, lambda: open_vault(vault, create=False), spool, patience=patience)


@asynccontextmanager
async def _draining(journal: SpooledJournal) -> AsyncIterator[SpooledJournal]:
    """The journal, opened, and brought what waits while the block runs."""
    async with journal, asyncio.TaskGroup() as group:
        draining = group.create_task(journal.keep_draining())
        try:
            yield journal
        finally:
            draining.cancel()
