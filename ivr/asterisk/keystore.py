"""The keys of a call as Asterisk keeps them: the variable IVR_KEYS, read and emptied in order.

StoreDTMF appends every key that the caller presses to the variable; beyond 511 it overwrites
(apps/app_dtmfstore.c), so it is emptied long before, and at once after a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession
from ivr.engine.keys import KeyQueue, Match
from ivr.engine.steps import Collect, Menu

STORE: Final = "IVR_KEYS"
TAKEN: Final = "IVR_KEYS_TAKEN"
"""How often the store was emptied: an engine that takes over sees whether its cursor still fits."""

TAKE_ALL: Final = "SHIFT(IVR_KEYS)"
"""Reads the store and empties it in one act of the channel's own thread: no key fits in between.
Keys are never a comma, so the first item of the list is the whole of it (func_strings.c)."""

FULL: Final = 400


class KeyStore:
    """The queue of a call's keys over Asterisk's store. `waiting` are those no step has used."""

    def __init__(self, session: AgiSession) -> None:
        self._session = session
        self._queue = KeyQueue()
        self._carried = ""
        self._stored = ""
        self._taken = 0
        self._empty_due = False
        self._restored = False
        self.waiting = ""

    async def refresh(self) -> str:
        """Stop the command under way, if any, and read the store; returns `waiting`."""
        if self._restored:
            await self._fit()
        interruption = await self._session.interrupt(STORE)
        self._look(interruption.values[0])
        if self._empty_due or len(self._stored) >= FULL:
            await self._empty()
        return self.waiting

    def use(self, step: Menu | Collect, answer: Match) -> None:
        """Take an answer's keys out; those of a secret leave the store too, at the next look."""
        self._queue.use(step, answer)
        self._empty_due = self._empty_due or (isinstance(step, Collect) and step.secret)
        self.waiting = self.waiting[answer.used :]

    def drop(self, count: int | None = None) -> None:
        """Throw away the first `count` waiting keys, None: all of them."""
        count = len(self.waiting) if count is None else count
        self._queue.cursor += count
        self.waiting = self.waiting[count:]

    def position(self) -> dict[str, Any]:
        """What another engine needs to go on with the same keys."""
        return {
            "cursor": self._queue.cursor,
            "swallow": self._queue.swallow,
            "carried": self._carried,
            "taken": self._taken,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over from another engine."""
        self._queue = KeyQueue(position["cursor"], swallow=position["swallow"])
        self._carried = position["carried"]
        self._taken = position["taken"]
        self._restored = True

    def _look(self, stored: str) -> None:
        self._stored = stored
        self.waiting = self._queue.waiting(self._carried + stored)

    async def _empty(self) -> None:
        (stored,) = await self._session.read(TAKE_ALL)
        self._look(stored)
        self._forget(self.waiting)
        self._empty_due = False
        await self._session.command(command.set_variable(TAKEN, str(self._taken)))

    def _forget(self, carried: str) -> None:
        self._carried, self._stored = carried, ""
        self._queue.cursor = 0
        self._taken += 1

    async def _fit(self) -> None:
        """The dead engine may have emptied the store after its last durable turn."""
        stored, taken = (await self._session.interrupt(STORE, TAKEN)).values
        emptied = (int(taken) if taken.isdigit() else 0) > self._taken
        if emptied or len(self._carried) + len(stored) < self._queue.cursor:
            self._forget("")
        self._restored = False
