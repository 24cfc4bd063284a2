"""The composition root: puts engine, journal, sounds and FastAGI together and runs them."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ivr import __version__
from ivr.admission import REFUSED_TEST, Admission, most_sessions
from ivr.asterisk.agi import Environment
from ivr.asterisk.channel import AgiChannel
from ivr.asterisk.fastagi import AgiSession, FastAgiServer, Limits, serve
from ivr.asterisk.gone import GoneChannel
from ivr.config import Settings
from ivr.draining import drain
from ivr.driver import Desk, finish_call
from ivr.editions import Edition, Editions, TablesAlone
from ivr.engine.outcomes import Started
from ivr.engine.values import Personal
from ivr.exchange import Exchange, account_finder
from ivr.flow.bundle import Bundle
from ivr.lookups import open_outside
from ivr.naming import draw_case_number, new_ulid
from ivr.operations.claims import LineClaims
from ivr.operations.clock import now, steady_clock
from ivr.operations.instruments import Instruments
from ivr.operations.lines import HeldLines
from ivr.operations.meters import ServerCounts
from ivr.operations.observing import ObservedChannel, ObservedJournal
from ivr.operations.pulse import Pulse
from ivr.operations.storage import StoreWatch
from ivr.operations.turns import TurnWatch
from ivr.ports import Fact, Journal, Source
from ivr.recordings.segments import Segment
from ivr.sealer import Sealer
from ivr.sounds import DRAFT_FAULTY, FULL, last_words
from ivr.speech.library import PromptLibrary
from ivr.spooling import open_journal
from ivr.supervision.signals import receive_signals
from ivr.sweeper import Sweeper
from ivr.takeover import Takeover
from ivr.unrecorded import Owe, lead_call

SERVED, GONE = "served", "gone"
"""What the dialplan says of a call that an engine had before: the caller is there, or is not."""


def clean_number(written: str | None) -> str | None:
    """A caller's number with nothing in it that could mean something elsewhere; None: withheld."""
    number = re.sub(r"[^0-9+*#]", "", written or "")[:32]
    return number or None


def _started(environment: Environment, test_number: str) -> Started:
    number = clean_number(environment.callerid)
    dialled = clean_number(environment.extension) or ""
    return Started(
        dialled=dialled,
        caller=None if number is None else Personal(number),
        test=dialled == test_number != "",
    )


def _open_admission(settings: Settings, instruments: Instruments) -> Admission:
    always = frozenset(settings.always_admitted)
    return Admission(settings.max_calls, always, instruments)


def _furnish(editions: Editions, journal: Journal, name: str) -> Desk:
    return Desk(
        journal=journal,
        source=editions.current.source,
        notifier=editions.current.notifier,
        bundle=editions.current.bundle,
        shelf=editions.find,
        now=now,
        new_id=new_ulid,
        draw_case=draw_case_number,
        name=name,
        older=editions.reach,
    )


class Hotline:
    """A running engine: takes AGI sessions and leads each call to its end.

    `complete` says whether the journal knows every call in progress.
    """

    def __init__(
        self,
        settings: Settings,
        editions: Editions,
        journal: Journal,
        instruments: Instruments | None = None,
        owe: Owe = lambda kind, call=None, **more: None,
        complete: Callable[[], bool] = lambda: True,
    ) -> None:
        instruments = instruments or Instruments()
        turns = TurnWatch(asyncio.get_running_loop().time)
        observed = ObservedJournal(journal, instruments.meters, turns)
        self.claims = LineClaims(settings.state / "lines.lock")
        self._turns = turns
        self._settings = settings
        self._meters = instruments.meters
        self._owe = owe
        self._complete = complete
        self._editions = editions
        self._lines = HeldLines(self.claims)
        self._admission = _open_admission(settings, instruments)
        self._desk = _furnish(editions, observed, instruments.name)
        self._takeover = Takeover(settings, editions, observed, instruments.name)
        self.sealer = Sealer(settings.recorded, observed, instruments.name)
        self.sweeper = Sweeper(
            observed,
            self._lines,
            turns,
            instruments.meters,
            self._finish_orphan,
            settings.recorded,
            settings.scratch,
            asyncio.get_running_loop().time,
        )
        self.exchange = Exchange(
            observed, instruments.name, instruments.readiness, self.sweeper.end_gone
        )

    async def answer(self, session: AgiSession) -> None:
        """The handler of the FastAGI server: one call, from here to its end."""
        environment = session.environment
        line = environment.uniqueid
        if GONE in environment.arguments:
            await self._finish(GoneChannel(self._settings.recorded, session), line)
            return
        served = SERVED in environment.arguments
        started = _started(environment, self._settings.test_number)
        if not served and not self._admission.admits(started.dialled, len(self._lines)):
            await self._admission.turn_away(session, self._words(FULL))
            return
        edition = self._editions.draft if started.test else self._editions.current
        if edition is None and not served:
            await self._refuse_test(session)
            return
        with self._lines.holding(line):
            await self._lead(session, line, started, served, edition or self._editions.current)

    async def _refuse_test(self, session: AgiSession) -> None:
        """A designer dialled flows that have faults: say so."""
        event = {"type": "test.refused", "faults": self._editions.faults}
        await self._desk.journal.note(Fact(None, now(), self._desk.name, event))
        await self._admission.say_and_close(session, REFUSED_TEST, self._words(DRAFT_FAULTY))

    def _words(self, name: str) -> Path:
        """A sound that is played where no flow can speak."""
        first = self._editions.current.bundle.hotline.languages[0]
        return last_words(self._settings) / first / name

    async def _lead(
        self, session: AgiSession, line: str, started: Started, served: bool, edition: Edition
    ) -> None:
        scratch = self._settings.scratch / line
        channel = AgiChannel(
            session, edition.library, self._settings.recorded, scratch, self.exchange
        )
        if served and await self._is_over(channel, line):
            await channel.close(done=True)
            return
        await asyncio.to_thread(scratch.mkdir, parents=True, exist_ok=True)
        try:
            observed = ObservedChannel(channel, self._meters)
            run = await lead_call(self._steady(edition), observed, line, started, self._owe)
        finally:
            self._turns.end(line)
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
        if run is not None:
            await self.exchange.ended(line, run.call)
        await self.sealer.seal_call(channel, line)

    def _steady(self, edition: Edition) -> Desk:
        return replace(
            self._desk,
            bundle=edition.bundle,
            source=edition.source,
            notifier=edition.notifier,
            now=steady_clock(),
        )

    async def _is_over(self, channel: AgiChannel, line: str) -> bool:
        """Whether the last engine died after the last turn; the caller is listened to meanwhile.

        A call that nobody knows while the store is away is not over: it begins anew.
        """
        await channel.take_over()
        return await self._desk.journal.live(line) is None and self._complete()

    async def _finish_orphan(self, line: str) -> None:
        await self._finish(GoneChannel(self._settings.recorded), line)

    async def _finish(self, channel: GoneChannel, line: str) -> None:
        with self._lines.holding(line):
            try:
                run = await finish_call(self._steady(self._editions.current), channel, line)
            finally:
                self._turns.end(line)
            if run is not None:
                await self.exchange.ended(line, run.call)
                await self.sealer.seal_call(channel, line)

    async def tell_clock_step(self, seconds: float) -> None:
        """Put a step of the machine's clock into the journal."""
        event = {"type": "clock.stepped", "milliseconds": round(seconds * 1000)}
        await self._desk.journal.note(Fact(None, now(), self._desk.name, event))

    @asynccontextmanager
    async def going_beside(self, left: Sequence[Segment]) -> AsyncIterator[None]:
        """What goes on beside the calls, in a block. `left` is yet to be sealed."""
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(self.sealer.seal_left_over(left)),
                group.create_task(self.sweeper.keep_sweeping()),
                group.create_task(self._takeover.run()),
                group.create_task(self.exchange.run(account_finder(self._settings))),
            ]
            yield
            for task in beside:
                task.cancel()

    def is_led(self, line: str) -> bool:
        """Whether this engine or another one leads the call on a line."""
        return self._lines.is_led(line)


def _make_directories(settings: Settings) -> None:
    for directory in (settings.store, settings.recorded, settings.scratch, settings.shelf):
        directory.mkdir(parents=True, exist_ok=True)


def _listen(settings: Settings, hotline: Hotline) -> AbstractAsyncContextManager[FastAgiServer]:
    limits = Limits(calls=most_sessions(settings.max_calls, settings.engines))
    return serve(hotline.answer, host=settings.agi_host, port=settings.agi_port, limits=limits)


async def serve_hotline(
    settings: Settings,
    bundle: Bundle,
    library: PromptLibrary,
    ready: Callable[[FastAgiServer], None] = lambda server: None,
    source: Source | None = None,
    instruments: Instruments | None = None,
) -> None:
    """Answer calls until SIGINT or SIGTERM; `ready` is called once Asterisk may connect.

    `source` answers the lookups; None: what the bundle declares.

    Raises SetupError (port in use, key does not fit), JournalLocked (another writer).
    """
    instruments = instruments or Instruments()
    counts = ServerCounts(instruments.meters)
    await asyncio.to_thread(_make_directories, settings)
    async with AsyncExitStack() as stack:
        journal = await open_journal(settings, stack, instruments.name)
        outside = await stack.enter_async_context(
            open_outside(settings, instruments.meters.sources)
        )
        reached = TablesAlone(source) if source else outside
        editions = Editions(settings, bundle, library, reached)

        def is_complete() -> bool:
            return journal.mirror.complete

        hotline = Hotline(settings, editions, journal, instruments, journal.owe, is_complete)
        stack.callback(hotline.claims.close)
        watch = StoreWatch(instruments, journal.state)
        pulse = Pulse(instruments, counts.take, hotline.tell_clock_step, looks=[watch.look])
        await stack.enter_async_context(pulse.beating())
        left = await hotline.sealer.list_left_over(hotline.is_led)
        server = await stack.enter_async_context(_listen(settings, hotline))
        await stack.enter_async_context(hotline.going_beside(left))
        signals = stack.enter_context(receive_signals())
        counts.stats = server.stats
        instruments.meters.process.build.labels(__version__, bundle.hash[:12]).set(1)
        ready(server)
        pulse.serving = True
        await drain(server, await signals.get(), settings.drain, signals)
