"""An engine follows what its supervisor serves, and tells the journal from when on it does.

The supervisor has verified and rendered everything before; this only reads it. What cannot be read
is logged, and the engine goes on with what it has.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from math import inf
from pathlib import Path

from ivr.config import Settings
from ivr.editions import Editions
from ivr.errors import IvrError, JournalError
from ivr.operations.clock import now
from ivr.ports import Fact, Journal
from ivr.releases.history import Entry, read_history
from ivr.releases.serving import Serving, read_serving

_log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at `serving.json`: a stat, so that a few engines cost nothing."""

AGAIN = 10.0
"""Seconds after which what could not be read is tried again: a disk may be busy for a moment."""

KINDS = {"publish": "published", "rollback": "rolled_back", "withdraw": "withdrawn"}
_NAMESPACE = uuid.UUID("6f4a5a0e-7e0b-4a7c-9d43-3d9a1f0c7b52")
"""Of the ids of publications as facts: whichever engine tells of one, it is stored once."""


class Takeover:
    """Follows for one engine. `name` is the source of its facts; what could not be read is tried
    again after `again` seconds."""

    def __init__(
        self,
        settings: Settings,
        editions: Editions,
        journal: Journal,
        name: str,
        again: float = AGAIN,
    ) -> None:
        self._settings = settings
        self._editions = editions
        self._journal = journal
        self._name = name
        self._again = again
        self._told = 0
        self._owed: deque[Fact] = deque()

    async def run(self) -> None:
        """Tell what is served now, then follow until cancelled."""
        clock = asyncio.get_running_loop().time
        seen, due = None, inf
        while True:
            stamp = _stamp(self._settings.serving), _stamp(self._settings.history)
            if stamp != seen or clock() >= due:
                taken = await self._look(first=seen is None)
                seen, due = stamp, inf if taken else clock() + self._again
            await self._tell()
            await asyncio.sleep(LOOK)

    async def _look(self, *, first: bool) -> bool:
        """Take over what is served; False when it could not be read."""
        await self._look_for_publications()
        before = self._editions.current.bundle.hash
        serving = read_serving(self._settings.serving)
        taken = serving is None or await self._take(serving)
        hash_ = self._editions.current.bundle.hash
        if first or hash_ != before:
            reason = serving.reason if serving else "directory"
            _log.info("new calls have the flows %s (%s)", hash_[:12], reason)
            self._owe(now(), {"type": "flows.served", "bundle": hash_, "reason": reason})

        return taken

    async def _take(self, serving: Serving) -> bool:
        try:
            take = await asyncio.to_thread(self._editions.open, serving)
        except (IvrError, OSError) as error:
            _log.error("the flows stay as they are, the others cannot be used: %s", error)
            return False
        before = self._editions.draft, self._editions.faults
        take()
        if (self._editions.draft, self._editions.faults) != before:
            draft = self._editions.draft
            told = draft.bundle.hash[:12] if draft else f"none, {self._editions.faults} faults"
            _log.info("the test number has the flows %s", told)
        return True

    async def _look_for_publications(self) -> None:
        try:
            history = await asyncio.to_thread(read_history, self._settings.history)
        except IvrError as error:
            _log.error("%s", error)
            return
        for entry in history.entries[self._told :]:
            self._owe(entry.at, _event(entry), name_fact(entry))
        self._told = len(history.entries)

    def _owe(self, at: datetime, event: Mapping[str, object], id_: str = "") -> None:
        self._owed.append(Fact(None, at, self._name, event, id_))

    async def _tell(self) -> None:
        """Note what is owed; what the journal does not take now is noted the next time."""
        try:
            while self._owed:
                await self._journal.note(self._owed[0])
                self._owed.popleft()
        except JournalError as error:
            _log.warning("what is served could not be recorded yet: %s", error.sentence)
            await asyncio.sleep(5 * LOOK)


def name_fact(entry: Entry) -> str:
    """The id of a publication as a fact: the same in every engine and every later release."""
    said = f"{entry.n} {entry.bundle} {entry.at.timestamp()} {entry.before}"
    return str(uuid.uuid5(_NAMESPACE, said))


def _event(entry: Entry) -> Mapping[str, object]:
    """A publication as the journal tells it."""
    return {
        "type": f"flows.{KINDS[entry.act]}",
        "n": entry.n,
        "bundle": entry.bundle,
        "since": entry.since.isoformat(),
        "by": entry.by,
        "note": entry.note,
        "scripts": entry.scripts,
    }


def _stamp(path: Path) -> tuple[int, int]:
    """Changes when the file or directory does."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns
