"""The composition root: puts engine, journal, sounds and FastAGI together and runs them."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime

from ivr.asterisk.agi import Environment
from ivr.asterisk.channel import AgiChannel
from ivr.asterisk.fastagi import AgiSession, FastAgiServer, serve
from ivr.asterisk.gone import GoneChannel
from ivr.config import Settings
from ivr.driver import Desk, finish_call
from ivr.engine.outcomes import Started
from ivr.engine.steps import Record
from ivr.engine.values import Personal
from ivr.flow.bundle import Bundle
from ivr.naming import draw_case_number, new_ulid
from ivr.ports import Channel, Fact, Journal, Source
from ivr.recordings.sealing import (
    SEALED,
    Segment,
    finish,
    is_recording,
    join_segments,
    list_unsealed,
    seal,
)
from ivr.services.tables import Tables
from ivr.shelf import Shelf
from ivr.speech.library import PromptLibrary
from ivr.spooling import spool_store
from ivr.store.writer import serve_journal
from ivr.unrecorded import Owe, lead_call

_log = logging.getLogger(__name__)

SWEEP = 5.0
"""Seconds between two looks for calls whose line is gone."""

ORPHAN = 15.0
"""Seconds after which a caller whose engine died must have come to this one. The dialplan asks for
an engine three times a second, so long as it has patience."""

SERVED, GONE = "served", "gone"
"""What the dialplan says of a call that an engine had before: the caller is there, or is not."""


def now() -> datetime:
    """The time of the journal: UTC."""
    return datetime.now(UTC)


def clean_number(written: str | None) -> str | None:
    """A caller's number with nothing in it that could mean something elsewhere; None: withheld."""
    number = re.sub(r"[^0-9+*#]", "", written or "")[:32]
    return number or None


def _started(environment: Environment) -> Started:
    number = clean_number(environment.callerid)
    return Started(
        dialled=clean_number(environment.extension) or "",
        caller=None if number is None else Personal(number),
    )


class Hotline:
    """A running engine: takes AGI sessions and leads each call to its end."""

    def __init__(
        self,
        settings: Settings,
        bundle: Bundle,
        journal: Journal,
        library: PromptLibrary,
        source: Source | None = None,
        owe: Owe = lambda kind, call=None, **more: None,
    ) -> None:
        shelf = Shelf(settings.shelf)
        shelf.put(bundle, settings.flows)
        self._settings = settings
        self._journal = journal
        self._owe = owe
        self._library = library
        self._lines: Counter[str] = Counter()
        self._orphans: dict[str, float] = {}
        self._desk = Desk(
            journal=journal,
            source=source or Tables(bundle),
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
        if GONE in environment.arguments:
            await self._finish(GoneChannel(self._settings.recorded, session), line)
            return
        with self._holding(line):
            scratch = self._settings.scratch / line
            channel = AgiChannel(session, self._library, self._settings.recorded, scratch)
            if SERVED in environment.arguments and await self._is_over(channel, line):
                await channel.close(done=True)
                return
            await asyncio.to_thread(scratch.mkdir, parents=True, exist_ok=True)
            await lead_call(self._desk, channel, line, _started(environment), self._owe)
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
        await self._seal(channel, line)

    async def _is_over(self, channel: AgiChannel, line: str) -> bool:
        """Whether the last engine died after the last turn; the caller is listened to meanwhile."""
        await channel.take_over()
        return await self._journal.live(line) is None

    async def _finish(self, channel: GoneChannel, line: str) -> None:
        with self._holding(line):
            run = await finish_call(self._desk, channel, line)
        if run is not None:
            await self._seal(channel, line)

    @contextmanager
    def _holding(self, line: str) -> Iterator[None]:
        self._lines[line] += 1
        try:
            yield
        finally:
            self._lines[line] -= 1
            self._lines += Counter()  # forgets lines that nobody holds

    async def _seal(self, channel: Channel, line: str) -> None:
        known = [Segment(**segment) for segment in channel.position().get("segments", ())]
        marked = await asyncio.to_thread(list_unsealed, self._settings.recorded)
        own = [segment for segment, marked_line in marked.items() if marked_line == line]
        for segment in join_segments(known, own):
            await self._seal_segment(segment)

    async def _seal_segment(self, segment: Segment) -> None:
        call = segment.name.partition("-")[0]
        event = await seal(self._settings.recorded, segment)
        if event["type"] != SEALED:
            _log.error("%s: %s", event["type"], segment.name)
        await self._journal.note(Fact(call, now(), self._desk.name, event))
        await asyncio.to_thread(finish, self._settings.recorded, segment.name)

    async def list_left_over(self) -> list[Segment]:
        """What an engine that died after a call's last turn did not seal; before the first call."""
        lines = {line for line, _ in await self._journal.lines()}
        left = await asyncio.to_thread(list_unsealed, self._settings.recorded)
        return [segment for segment, line in left.items() if line not in lines]

    async def seal_left_over(self, left: Sequence[Segment]) -> None:
        """Seal them, beside the calls: each may take seconds, for which no caller may wait."""
        for segment in left:
            try:
                await self._seal_segment(segment)
            except Exception as error:
                _log.error("%s is not sealed: %s", segment.name, type(error).__name__)

    async def sweep(self) -> None:
        """End the calls whose caller left while no engine was there.

        A caller who is still there comes to this engine within ORPHAN seconds, or when Asterisk
        has finished the message that it is recording.
        """
        waiting = {line for line, _ in await self._journal.lines()} - set(self._lines)
        clock = asyncio.get_running_loop().time()
        self._orphans = {line: self._orphans.get(line, clock) for line in waiting}
        for line, since in self._orphans.items():
            try:
                if clock - since > await self._patience(line) and line not in self._lines:
                    await self._finish(GoneChannel(self._settings.recorded), line)
            except Exception as error:
                _log.error("an orphaned call cannot be ended: %s", type(error).__name__)
        await asyncio.to_thread(self._clear, waiting)

    async def _patience(self, line: str) -> float:
        """Seconds that the caller on an orphaned line may take to come."""
        live = await self._journal.live(line)
        if live is None or not isinstance(live.run.step, Record):
            return ORPHAN
        message = f"{live.run.call}-{live.run.turn}"
        busy = await asyncio.to_thread(is_recording, self._settings.recorded, message)
        return ORPHAN + live.run.step.limit / 1000 if busy else ORPHAN

    def _clear(self, waiting: set[str]) -> None:
        """Delete sounds about people that a dead engine left."""
        for scratch in self._settings.scratch.iterdir():
            if scratch.name not in waiting | set(self._lines):
                shutil.rmtree(scratch, ignore_errors=True)

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled; what fails now is tried again next time."""
        while True:
            try:
                await self.sweep()
            except Exception as error:
                _log.error("the sweep failed: %s", type(error).__name__)
            await asyncio.sleep(SWEEP)


async def serve_hotline(
    settings: Settings,
    bundle: Bundle,
    library: PromptLibrary,
    ready: Callable[[FastAgiServer], None] = lambda server: None,
    source: Source | None = None,
) -> None:
    """Answer calls until SIGINT or SIGTERM; `ready` is called once Asterisk may connect.

    `source` answers the lookups; None: the tables of the bundle.

    Raises SetupError (port in use, key does not fit), JournalLocked (another writer).
    """
    for directory in (settings.store, settings.recorded, settings.scratch, settings.shelf):
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(spool_store(settings))
        await stack.enter_async_context(serve_journal(journal, settings.store))
        hotline = Hotline(settings, bundle, journal, library, source, journal.owe)
        left = await hotline.list_left_over()
        server = await stack.enter_async_context(
            serve(hotline.answer, host=settings.agi_host, port=settings.agi_port)
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        draining = group.create_task(journal.keep_draining())
        beside = [
            group.create_task(hotline.seal_left_over(left)),
            group.create_task(hotline.keep_sweeping()),
        ]
        ready(server)
        await _wait_for_signal()
        for task in beside:
            task.cancel()
        server.close()
        if server.stats.live:
            _log.info("stopping: %d calls may go on for %.0f s", server.stats.live, DRAIN)
        await server.drain(DRAIN)
        draining.cancel()


DRAIN = 10.0
"""Seconds that calls get to end by themselves when the engine is told to stop. What is left goes
on with the next engine: the dialplan keeps the caller."""


async def _wait_for_signal() -> None:
    """Wait for the first SIGINT or SIGTERM; the next one raises KeyboardInterrupt."""
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
        signal.signal(signal.SIGTERM, signal.default_int_handler)
