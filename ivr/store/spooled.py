"""The journal that goes on while its store is away: records wait in the spool, and follow in order.

The store is *here* until it does not take a record in time. Then every record goes into the spool,
until all that is in there is in the store; so the log has the order in which things happened.
Each record has a name of its own (a turn its call and number, a fact its id), and the store takes a
name once: whatever may or may not have been stored can be sent again.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from ivr.audit.leaf import write_id
from ivr.audit.vault import Vault
from ivr.errors import JournalBad, JournalBroken, JournalError
from ivr.ports import Fact, LiveRow, NewCase, Turn
from ivr.store.breaker import Away, Breaker, broken
from ivr.store.draining import from_bytes, to_bytes
from ivr.store.feed import Leaves
from ivr.store.mirror import Mirror
from ivr.store.outage import Outage
from ivr.store.plain import Append, Entry
from ivr.store.spool import Spool
from ivr.store.state import StoreState
from ivr.store.writer import Store

_log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds that the store may take for a record before the spool takes it."""

LOOK = 0.5
"""Seconds between two tries to bring the store what waits."""

DRAIN_PATIENCE = 10.0
"""Seconds that the store may take for a batch of what waits."""

LAST = 20
"""With so few records left, new ones wait until these are in the store."""

SPOOLED = -1
"""What is told of a record that is durable in the spool."""


class SpooledJournal:
    """The Journal of `ivr.ports` over a store and a spool; open it with `async with`.

    `open_store` opens the store, again while that fails; `open_vault` gives the master key after
    the first try. Somebody must run `keep_draining`. `owe` takes facts for which nobody waits,
    `lose` says that the store is away, `mirror` knows the calls. Seconds: `patience`, `look`.

    Opening raises what opening the store raises but JournalBroken, and JournalLocked when another
    process has the spool. Without a usable spool it is the store's journal and nothing more.
    """

    def __init__(
        self,
        open_store: Callable[[], AbstractAsyncContextManager[Store]],
        open_vault: Callable[[], Vault],
        spool: Spool,
        *,
        source: str = "engine",
        patience: float = PATIENCE,
        look: float = LOOK,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_vault = open_vault
        self._spool = spool
        self._outage = Outage(spool, source, now)
        self.owe, self.lose = self._outage.owe, self._outage.lose
        self._patience = patience
        self._look = look
        self.mirror = Mirror()
        self._breaker = Breaker(open_store, self._outage, self.mirror, patience)
        self._gate = asyncio.Event()
        self._gate.set()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    def state(self) -> StoreState:
        """How the store and the spool are now."""
        return self._outage.state()

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `Journal`; -1 when it is in the spool."""
        entry = Append(turn, live, case)
        while True:
            await self._gate.wait()
            if self._outage.away.is_set():
                told = self.mirror.check(entry)
                if told is None:
                    return await self._keep(entry)
                if told != SPOOLED or not self._spool.busy:
                    return told
                await self._spool.settle()
                continue
            with suppress(Away):
                seq = await self._breaker.ask(lambda store: store.append(turn, live, case))
                self.mirror.put(entry, seq)
                self.mirror.settle(turn.call)
                return seq

    async def note(self, fact: Fact) -> int:
        """Store a fact, see `Journal`; -1 when it is in the spool."""
        named = replace(fact, id=fact.id or write_id(fact.at, os.urandom(10)))
        while True:
            await self._gate.wait()
            if self._outage.away.is_set():
                return await self._put(named)
            with suppress(Away):
                return await self._breaker.ask(lambda store: store.note(named))

    async def live(self, line: str) -> LiveRow | None:
        """The call in progress on this line, see `Journal`.

        A call that only a store knows that could not be opened is not found.
        """
        with suppress(Away):
            return await self._breaker.ask(lambda store: store.live(line))
        return self.mirror.live(line)

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a live row, see `Journal`."""
        with suppress(Away):
            return await self._breaker.ask(lambda store: store.lines())
        return self.mirror.lines()

    async def case(self, call: str, n: int) -> str | None:
        """The number of a case, see `Journal`; JournalBroken when only the store knows it."""
        with suppress(Away):
            return await self._breaker.ask(lambda store: store.case(call, n))
        number = self.mirror.case(call, n)
        if number is None:
            raise broken("cases of earlier calls cannot be read until it is back")
        return number

    async def erase(self, fact: Fact) -> int:
        """Erase the fact's call, see `SqliteJournal.erase`; JournalBroken while it is away."""
        with suppress(Away):
            return await self._breaker.ask(lambda store: store.erase(fact))
        raise broken("nothing can be erased until it is back")

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """See `Store`. JournalBroken while it is away: the spool that has them keeps them."""
        with suppress(Away):
            return await self._breaker.ask(lambda store: store.catch_up(entries))
        raise broken("what waits in another spool stays there until it is back")

    def subscribe(self) -> AbstractAsyncContextManager[Leaves]:
        """Follow the log from now on, see `Feed.subscribe`: what waits comes when it is stored."""
        store = self._breaker.store
        if store is None:
            raise broken("nobody can follow the log until it is back")
        return store.subscribe()

    async def keep_draining(self) -> None:
        """Bring the store what waits, whenever it is back, until cancelled."""
        while True:
            await self._outage.away.wait()
            await asyncio.sleep(self._look)
            try:
                await self.drain()
            except JournalError as error:
                _log.debug("the store is still away: %s", error.sentence)

    async def drain(self) -> None:
        """Bring the store what waits. Raises JournalError when it is still away."""
        if self._outage.bad:
            raise broken("only a restart tries it again")
        try:
            store = await self._breaker.reach()
            while True:
                if self._spool.count <= LAST:
                    self._gate.clear()
                    await self._spool.settle()
                if not self._outage.waits:
                    break
                shut = not self._gate.is_set()
                await self._outage.bring(store, self._patience if shut else DRAIN_PATIENCE)
            await self._outage.end(store, self._patience)
            self.mirror.settle()
        except JournalBad as error:
            self._outage.bad = True
            _log.error("%s", error)
            raise
        finally:
            self._gate.set()

    async def _open(self) -> None:
        fault: JournalBroken | None = None
        try:
            await self._breaker.reach()
        except JournalBroken as error:
            fault = error
        try:
            await asyncio.to_thread(self._spool.open, self._open_vault())
            for record in self._spool.peek(self._spool.count, self._spool.size):
                entry = from_bytes(record)
                if isinstance(entry, Append):
                    self.mirror.put(entry, SPOOLED)
        except JournalBroken as error:
            _log.error("there is no spool for the time when the store is away: %s", error)
        if fault is not None:
            self._outage.lose(fault)
        elif self._spool.count:
            self._outage.begin()
            with suppress(JournalBroken):
                await self.drain()

    async def _close(self) -> None:
        await self._spool.settle()
        self._spool.close()
        await self._breaker.close()

    async def _keep(self, entry: Append) -> int:
        before = self.mirror.put(entry, SPOOLED)
        try:
            return await self._put(entry)
        except JournalError:
            self.mirror.take_back(entry, before)
            raise

    async def _put(self, entry: Entry) -> int:
        """Into the spool; nothing was awaited since the store was seen to be away."""
        raw = to_bytes(entry)
        try:
            await self._spool.put(raw)
        except JournalBroken as broken:
            self._outage.unrecorded += 1
            _log.error("a record is lost, neither store nor spool takes it: %s", broken.sentence)
            raise
        return SPOOLED
