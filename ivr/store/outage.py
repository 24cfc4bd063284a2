"""The time while a store is away: since when, what is told of it, and what follows it back."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ivr.audit.leaf import write_id
from ivr.errors import JournalBad, JournalBroken, JournalError
from ivr.ports import Fact
from ivr.store.draining import bring, to_bytes
from ivr.store.spool import Spool
from ivr.store.state import StoreState
from ivr.store.writer import Store

_log = logging.getLogger(__name__)


class Outage:
    """Begins and ends with the store's absence; `away` is set in between. `now` gives UTC.

    Its facts go into the spool; what that does not take is kept in memory and goes first as soon as
    anything can be written.
    """

    def __init__(self, spool: Spool, source: str, now: Callable[[], datetime]) -> None:
        self._spool = spool
        self._source = source
        self._now = now
        self._since: datetime | None = None
        self._drained: datetime | None = None
        self._back = ""
        self._owed: list[Fact] = []
        self._brought = self._before = self._refused = 0
        self._ending = False
        self.away = asyncio.Event()
        self.bad = False
        self.unrecorded = 0

    @property
    def waits(self) -> bool:
        """Whether anything is to be brought to the store."""
        return bool(self._owed or self._spool.count)

    def state(self) -> StoreState:
        """How store and spool are now."""
        return StoreState(
            store="here" if not self.away.is_set() else "bad" if self.bad else "away",
            since=self._since,
            drained=self._drained,
            spool="ready" if self._spool.usable else "unusable",
            waiting=self._spool.count + len(self._owed),
            room=self._spool.room,
            size=self._spool.size,
            unrecorded=self.unrecorded,
            refused=self._refused,
        )

    def lose(self, fault: JournalBroken) -> None:
        """The store is away from now on; a second word of it changes nothing."""
        if self.away.is_set():
            return
        self.begin()
        self.bad = isinstance(fault, JournalBad)
        _log.error("the store is lost, records go into the spool: %s", fault)
        self.owe("store.lost", reason="bad" if self.bad else "away")

    def begin(self) -> None:
        """Be away, or go on being it after a restart: the first process has said so."""
        self._since = self._now()
        self._back = write_id(self._since, os.urandom(10))
        self._brought, self._before = 0, self.unrecorded
        self.away.set()

    def owe(self, kind: str, call: str | None = None, **more: Any) -> None:
        """A fact of ours, for which nobody waits. It may be written when the store is back."""
        if not self.away.is_set():
            self.begin()
        at = self._now()
        name = write_id(at, os.urandom(10))
        fact = Fact(call, at, self._source, {"type": kind, **more}, id=name)

        def look(done: asyncio.Future[int]) -> None:
            if not done.cancelled() and done.exception() is not None:
                self._owed.append(fact)

        if self._ending:  # the spool is about to begin anew
            self._owed.append(fact)
            return
        try:
            self._spool.put(to_bytes(fact)).add_done_callback(look)
        except JournalError:
            self._owed.append(fact)

    async def bring(self, store: Store, patience: float) -> None:
        """One batch of what waits, see `ivr.store.draining.bring`."""
        facts = tuple(self._owed)
        brought, refused = await bring(store, self._spool, facts, patience)
        del self._owed[: len(facts)]
        self._brought += brought
        self._refused += len(refused)
        for one in refused:
            self.owe("store.refused", one.call, **one.about)

    async def end(self, store: Store, patience: float) -> None:
        """Nothing waits any more and nobody adds to it: say so, and begin a new spool.

        What is owed meanwhile begins a time of its own. Raises JournalBroken when the store is away
        after all.
        """
        self._ending = True
        try:
            await self._end(store, patience)
        finally:
            self._ending = False
        if self._owed:
            self.begin()

    async def _end(self, store: Store, patience: float) -> None:
        lost = self.unrecorded - self._before
        event = {"type": "store.back", "records": self._brought, "unrecorded": lost}
        try:
            async with asyncio.timeout(patience):
                await store.catch_up([Fact(None, self._now(), self._source, event, id=self._back)])
        except TimeoutError:
            raise JournalBroken("the store took too long again") from None
        if self._spool.usable:
            try:
                await self._spool.renew()
            except JournalBroken as error:
                _log.error("%s", error)
        self._since, self._drained = None, self._now()
        self.away.clear()
        _log.warning("the store is back; %d records were brought to it", self._brought)
