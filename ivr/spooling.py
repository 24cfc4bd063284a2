"""The journal of a hotline as its settings say: the store, and the spool for when it is away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ivr.audit.vault import open_vault
from ivr.config import Settings
from ivr.store.client import SocketJournal
from ivr.store.spool import Spool
from ivr.store.spooled import SpooledJournal
from ivr.store.sqlite import SqliteJournal
from ivr.store.writer import Store


def spool_store(settings: Settings, name: str = "writer") -> SpooledJournal:
    """The journal of the process that writes the store. `name` tells its spool from others."""
    database = settings.store / "journal.db"
    return _spool(settings, name, lambda: SqliteJournal(database, settings.key_file))


def spool_socket(settings: Settings, name: str) -> SpooledJournal:
    """The journal of a process that reaches the writer through its socket."""
    return _spool(settings, name, lambda: SocketJournal(settings.socket))


def _spool(
    settings: Settings, name: str, store: Callable[[], AbstractAsyncContextManager[Store]]
) -> SpooledJournal:
    spool = Spool(settings.spools / name, size=settings.spool_megabytes << 20)
    return SpooledJournal(store, lambda: open_vault(settings.key_file, create=False), spool)
