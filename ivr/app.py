"""The composition root: puts engine, journal, sounds and FastAGI together and runs them."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.asterisk.channel import AgiChannel
from ivr.asterisk.fastagi import AgiSession, FastAgiServer, serve
from ivr.asterisk.gone import GoneChannel
from ivr.config import Settings
from ivr.driver import Desk, run_call
from ivr.engine.outcomes import Started
from ivr.engine.values import Personal
from ivr.errors import JournalError
from ivr.flow.bundle import Bundle
from ivr.naming import draw_case_number, new_ulid
from ivr.ports import Channel, Fact, Journal
from ivr.recordings.sealing import seal
from ivr.services.tables import Tables
from ivr.shelf import Shelf
from ivr.speech.library import PromptLibrary
from ivr.store.sqlite import SqliteJournal
from ivr.store.writer import serve_journal

_log = logging.getLogger(__name__)

SWEEP = 20.0
"""Seconds between two looks for calls whose line is gone."""


def now() -> datetime:
    """The time of the journal: UTC."""
    return datetime.now(UTC)


def clean_number(written: str | None) -> str | None:
    """A caller's number with nothing in it that could mean something elsewhere; None: withheld."""
    number = re.sub(r"[^0-9+*#]", "", written or "")[:32]
    return number or None


class Hotline:
    """A running engine: takes AGI sessions and leads each call to its end."""

    def __init__(
        self, settings: Settings, bundle: Bundle, journal: Journal, library: PromptLibrary
    ) -> None:
        shelf = Shelf(settings.shelf)
        shelf.put(bundle, settings.flows)
        self._settings = settings
        self._journal = journal
        self._library = library
        self._lines: set[str] = set()
        self._desk = Desk(
            journal=journal,
            source=Tables(bundle),
            bundle=bundle,
            shelf=shelf.find,
            now=now,
            new_id=new_ulid,
            draw_case=draw_case_number,
        )

    async def answer(self, session: AgiSession) -> None:
        """The handler of the FastAGI server: one call, from here to its end."""
        environment = session.environment
        line = environment.uniqueid
        scratch = self._settings.scratch / line
        await asyncio.to_thread(scratch.mkdir, parents=True, exist_ok=True)
        channel = AgiChannel(session, self._library, self._settings.recorded, scratch)
        number = clean_number(environment.callerid)
        started = Started(
            dialled=clean_number(environment.extension) or "",
            caller=None if number is None else Personal(number),
        )
        await self._lead(channel, line, started)

    async def _lead(self, channel: Channel, line: str, started: Started) -> None:
        self._lines.add(line)
        try:
            run = await run_call(self._desk, channel, line, started)
        finally:
            self._lines.discard(line)
        for segment in channel.position().get("segments", ()):
            await self._tell(run.call, await seal(self._settings.recorded, segment))

    async def _tell(self, call: str, event: dict[str, object]) -> None:
        await self._journal.note(Fact(call, now(), self._desk.name, event))

    async def sweep(self) -> None:
        """Close the calls whose line must be gone: no turn for longer than a call may last."""
        limit = timedelta(milliseconds=self._desk.bundle.hotline.limits.call, seconds=60)
        for line, last in await self._journal.lines():
            if line not in self._lines and now() - last > limit:
                await self._lead(GoneChannel(self._settings.recorded), line, Started(""))

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled; a store that fails now is tried again next time."""
        while True:
            try:
                await self.sweep()
            except JournalError as error:
                _log.error("the sweep failed: %s", type(error).__name__)
            await asyncio.sleep(SWEEP)


async def serve_hotline(
    settings: Settings,
    bundle: Bundle,
    library: PromptLibrary,
    ready: Callable[[FastAgiServer], None] = lambda server: None,
) -> None:
    """Answer calls until SIGINT or SIGTERM; `ready` is called once Asterisk may connect.

    Raises SetupError (port in use, key does not fit), JournalLocked (another writer).
    """
    for directory in (settings.store, settings.recorded, settings.scratch, settings.shelf):
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(
            SqliteJournal(settings.store / "journal.db", settings.key_file)
        )
        await stack.enter_async_context(serve_journal(journal, settings.store))
        hotline = Hotline(settings, bundle, journal, library)
        server = await stack.enter_async_context(
            serve(hotline.answer, host=settings.agi_host, port=settings.agi_port)
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        sweeping = group.create_task(hotline.keep_sweeping())
        ready(server)
        await _wait_for_signal()
        sweeping.cancel()
        server.close()
        await server.drain(DRAIN)


DRAIN = 10.0
"""Seconds that calls get to end by themselves when the engine is told to stop. What is left goes
on with the next engine: the dialplan keeps the caller."""


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):
                loop.remove_signal_handler(number)


def store_path(settings: Settings) -> Path:
    """The database of the journal."""
    return settings.store / "journal.db"
