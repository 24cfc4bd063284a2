"""The keys of a call as Asterisk keeps them: the variable IVR_KEYS, cut at its front.

StoreDTMF appends every key that the caller presses to the variable. Beyond 511 it overwrites
(apps/app_dtmfstore.c), so it is cut long before, and at once after a secret. Only keys whose use is
durable, or that are thrown away, may be cut: whatever else was pressed stays with Asterisk, where
an engine that takes the call over finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession
from ivr.engine.keys import KeyQueue, Match
from ivr.engine.steps import Collect, Menu

STORE: Final = "IVR_KEYS"
CUT: Final = "IVR_KEYS_CUT"
"""How many keys were cut off the front of the store since the call began."""

FULL: Final = 400


class KeyStore:
    """The queue of a call's keys over Asterisk's store. `waiting` are those no step has used."""

    def __init__(self, session: AgiSession) -> None:
        self._session = session
        self._queue = KeyQueue()
        self._stored = ""
        self._cut = 0
        self._cut_due = False
        self.waiting = ""

    async def refresh(self) -> str:
        """Stop the command under way, if any, and read the store; returns `waiting`."""
        stored, cut = (await self._session.interrupt(STORE, CUT)).values
        self._look(stored, int(cut) if cut.isdigit() else 0)
        return self.waiting

    async def tidy(self) -> None:
        """Cut off what is used, when the store fills or holds a secret.

        Call it at the beginning of a step, when the turn that used the keys is durable.
        """
        if self._cut_due or len(self._stored) >= FULL:
            await self._trim()

    async def clear(self) -> None:
        """Throw away the waiting keys, in the store too."""
        self._queue = KeyQueue(self._queue.cursor + len(self.waiting))
        await self._trim()

    def use(self, step: Menu | Collect, answer: Match) -> None:
        """Take an answer's keys out; those of a secret leave the store too, at the next step."""
        self._queue.use(step, answer)
        self._cut_due = self._cut_due or (isinstance(step, Collect) and step.secret)
        self.waiting = self.waiting[answer.used :]

    def drop(self, count: int | None = None) -> None:
        """Throw away the first `count` waiting keys, None: all of them."""
        count = len(self.waiting) if count is None else count
        self._queue.cursor += count
        self.waiting = self.waiting[count:]

    def finish(self, key: str) -> None:
        """End a message: what was pressed up to the first `key` belongs to it.

        Without one all of it does, and a `key` that comes late as well.
        """
        found = self.waiting.find(key)
        self.drop(None if found < 0 else found + 1)
        self._queue.swallow = key

    def position(self) -> dict[str, Any]:
        """What another engine needs to go on with the same keys."""
        return {"cursor": self._queue.cursor, "swallow": self._queue.swallow}

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over from another engine."""
        self._queue = KeyQueue(position["cursor"], swallow=position["swallow"])

    def _look(self, stored: str, cut: int) -> None:
        if self._queue.cursor < cut:  # the dead engine threw keys away after its last durable turn
            self._queue = KeyQueue(cut)
        self._stored, self._cut = stored, cut
        self.waiting = self._queue.waiting("." * cut + stored)

    async def _trim(self) -> None:
        used = self._queue.cursor
        stored, _ = await self._session.read(
            command.cut(STORE, used - self._cut), command.count(CUT, used)
        )
        self._cut_due = False
        self._look(stored, used)
