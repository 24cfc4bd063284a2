"""The keys of a call as Asterisk keeps them: the variable IVR_KEYS, cut at its front.

StoreDTMF appends every key that the caller presses to the variable. Beyond 511 it overwrites
(apps/app_dtmfstore.c), so it is cut long before, and at once after a secret. Only keys whose use is
durable, or that are thrown away, may be cut: whatever else was pressed stays with Asterisk, where
an engine that takes the call over finds it. Pure: the line reads the variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr.asterisk.agi import command
from ivr.engine.keys import KeyQueue, Match
from ivr.engine.steps import Collect, Menu

STORE: Final = "IVR_KEYS"
CUT: Final = "IVR_KEYS_CUT"
"""How many keys were cut off the front of the store since the call began."""

FULL: Final = 400


class KeyStore:
    """The queue of a call's keys over Asterisk's store. `waiting` are those no step has used."""

    def __init__(self) -> None:
        self._queue = KeyQueue()
        self._stored = ""
        self._cut = 0
        self._secret = False
        self.waiting = ""

    def look(self, values: tuple[str, ...]) -> None:
        """Take what STORE and CUT, or `trim()`, were read as."""
        stored, cut, *_ = values
        self._stored, self._cut = stored, int(cut) if cut.isdigit() else 0
        if self._queue.cursor < self._cut:
            # The engine that died threw keys away after its last durable turn.
            self._queue = KeyQueue(self._cut)
        self.waiting = self._queue.waiting("." * self._cut + stored)

    @property
    def crowded(self) -> bool:
        """Whether `trim()` is due: the store fills, or a secret that was used is in it."""
        return self._secret or len(self._stored) >= FULL

    def trim(self) -> tuple[str, ...]:
        """What to read, in place of STORE and CUT, to cut off the keys that are used.

        For the beginning of a step, when the turn that used them is durable, or after `drop()`.
        """
        self._secret = False
        return command.cut(STORE, CUT, self._queue.cursor)

    def use(self, step: Menu | Collect, answer: Match) -> None:
        """Take an answer's keys out; those of a secret must leave the store too."""
        self._queue.use(step, answer)
        self._secret = self._secret or (isinstance(step, Collect) and step.secret)
        self.waiting = self.waiting[answer.used :]

    def drop(self) -> None:
        """Throw away the waiting keys."""
        self._queue = KeyQueue(self._queue.cursor + len(self.waiting))
        self.waiting = ""

    def finish(self, key: str) -> None:
        """End a message: what was pressed up to the first `key` belongs to it.

        Without one all of it does, and a `key` that comes late as well.
        """
        found = self.waiting.find(key)
        used = len(self.waiting) if found < 0 else found + 1
        late = key if found < 0 else ""  # a second one is for the next step: it keeps a message
        self._queue = KeyQueue(self._queue.cursor + used, swallow=late)
        self.waiting = self.waiting[used:]

    def position(self) -> dict[str, Any]:
        """What another engine needs to go on with the same keys."""
        return {"cursor": self._queue.cursor, "swallow": self._queue.swallow}

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over from another engine."""
        self._queue = KeyQueue(position["cursor"], swallow=position["swallow"])
        self._secret = True  # its last keys may have been a secret
