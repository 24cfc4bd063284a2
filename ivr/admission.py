"""How many calls an engine takes, and what becomes of the caller who is one too many.

Calls in progress are never touched. A call that another engine led is always taken.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ivr.asterisk.agi import command
from ivr.asterisk.channel import DONE
from ivr.asterisk.fastagi import AgiSession
from ivr.operations.instruments import Instruments

_log = logging.getLogger(__name__)

FULL = "full"
"""What IVR_DONE says then: the CDR's userfield tells such calls apart."""

REFUSED_TEST = "refused_test"
"""What IVR_DONE says of a call to the test number when the flow directory has faults."""

APOLOGIES = 200
"""Callers who may hear the apology at the same time; beyond them a connection is closed at once."""

SPARE = 100
"""Calls beyond all others for which a server has room, so that those that are always taken are."""

LONGEST = 30.0
"""Seconds that the apology may last."""


class Admission:
    """The limit of one engine. `always` are dialled numbers that are taken nonetheless."""

    def __init__(self, most: int, always: frozenset[str], instruments: Instruments) -> None:
        self._most = most
        self._always = always
        self._instruments = instruments
        self._told = False
        self._saying = 0

    def admits(self, dialled: str, live: int) -> bool:
        """Whether a new call to this number may come in while so many are live."""
        full = live >= self._most and dialled not in self._always
        if full and not self._told:
            _log.warning("%d calls are live: new ones are turned away", live)
        self._told = full
        return not full

    async def turn_away(self, session: AgiSession, apology: Path) -> None:
        """Pass the call on to the next engine; of the last one it hears an apology, and ends."""
        apologise = self._instruments.last and self._saying < APOLOGIES
        how = "apology" if apologise else "passed_on"
        self._instruments.meters.calls.turned_away.labels(how).inc()
        if apologise:
            await self.say_and_close(session, FULL, apology)
        else:
            session.close()

    async def say_and_close(self, session: AgiSession, done: str, words: Path) -> None:
        """Play a sound and end the call; `done` is what IVR_DONE says of it."""
        self._saying += 1
        try:
            await session.command(command.answer())
            await session.command(command.set_variable(DONE, done))
            await session.command(command.stream_file(str(words), duration=LONGEST))
        finally:
            self._saying -= 1
            session.close()


def most_sessions(calls: int, engines: int) -> int:
    """Sessions that a server must take: an engine's own calls, those of engines that died, those
    that are turned away, and those that are always taken.
    """
    return calls * engines + APOLOGIES + SPARE
