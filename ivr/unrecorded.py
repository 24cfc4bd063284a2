"""What becomes of a call when neither the store nor the spool takes a record.

The hotline says it for each number: the call goes on without a record, and the log tells of the gap
as soon as anything can be written; or the caller hears an apology, and the call ends.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from ivr.driver import Desk, run_call
from ivr.engine.outcomes import Outcome, Started
from ivr.engine.run import Run
from ivr.engine.steps import Hangup, Step
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelError, JournalBroken
from ivr.ports import Channel, Fact, Input, Journal, LiveRow, NewCase, Turn

_log = logging.getLogger(__name__)

UNRECORDED = -2
"""What is told of a turn that is nowhere, on a line that goes on nonetheless."""

SORRY = "engine.unreachable"
"""The prompt of the apology."""


class Owe(Protocol):
    """See `ivr.store.outage.Outage.owe`."""

    def __call__(self, kind: str, call: str | None = None, **more: Any) -> None:
        """Store a fact as soon as anything can be written."""


async def lead_call(
    desk: Desk, channel: Channel, line: str, started: Started, owe: Owe
) -> Run | None:
    """As `run_call`; None when the caller heard an apology because nothing can be recorded.

    The policy is that of the number that was dialled. A case is never opened without a record.
    """
    policy = desk.bundle.hotline.when_store_is_away.get(started.dialled)
    if policy == "go_on":
        desk = replace(desk, journal=UnrecordedJournal(desk.journal, owe))
    held = HeldChannel(channel)
    try:
        return await run_call(desk, held, line, started)
    except JournalBroken as broken:
        _log.error("a caller is turned away, nothing can be recorded: %s", broken.sentence)
        await _apologise(desk, held)
        return None
    finally:
        await held.leave()


async def _apologise(desk: Desk, channel: HeldChannel) -> None:
    texts = desk.bundle.texts
    language = str(channel.position().get("language"))
    if language not in texts:
        language = desk.bundle.hotline.languages[0]
    sorry = Hangup((Utterance(SORRY, language, texts[language][SORRY]),))
    with suppress(ChannelError):
        await channel.perform(sorry, "apology")
        await channel.close(done=True)


class HeldChannel:
    """A channel that is kept open when the call fails, so that something can still be said."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._closed = False

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """See `Channel`."""
        return await self._channel.perform(step, act, fresh=fresh, masked=masked)

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """See `Channel`."""
        await self._channel.hold(utterances, masked=masked)

    def position(self) -> dict[str, Any]:
        """See `Channel`."""
        return self._channel.position()

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `Channel`."""
        self._channel.restore(position)

    async def close(self, *, done: bool) -> None:
        """Close it when it is done; what is not done waits for `leave`."""
        if done:
            self._closed = True
            await self._channel.close(done=True)

    async def leave(self) -> None:
        """Close it for the next engine, unless it is closed."""
        if not self._closed:
            self._closed = True
            await self._channel.close(done=False)


class UnrecordedJournal:
    """The journal of one call that goes on whatever happens. From the first turn that is nowhere
    no more of it is stored: a turn must follow the one before.
    """

    def __init__(self, journal: Journal, owe: Owe) -> None:
        self._journal = journal
        self._owe = owe
        self._gap = 0

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `Journal`; -2 when it is nowhere. JournalBroken only with a case."""
        if not self._gap:
            try:
                return await self._journal.append(turn, live, case)
            except JournalBroken:
                if case is not None:
                    raise
                self._gap = turn.n
                self._owe("journal.gap", turn.call, turn=turn.n)
                _log.error("call %s goes on without a record from turn %d", turn.call, turn.n)
        elif case is not None:
            raise JournalBroken("a case cannot be opened in a call that is not recorded")
        if turn.step is None:
            event = {"type": "journal.gap_ended", "turns": turn.n - self._gap + 1}
            await self.note(Fact(turn.call, turn.at, "engine", event))
        return UNRECORDED

    async def note(self, fact: Fact) -> int:
        """Store a fact, see `Journal`; -2 when it waits in memory."""
        try:
            return await self._journal.note(fact)
        except JournalBroken:
            more = {name: value for name, value in fact.event.items() if name != "type"}
            self._owe(fact.event["type"], fact.call, **more)
            return UNRECORDED

    async def live(self, line: str) -> LiveRow | None:
        """See `Journal`."""
        return await self._journal.live(line)

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """See `Journal`."""
        return await self._journal.lines()

    async def case(self, call: str, n: int) -> str | None:
        """See `Journal`."""
        return await self._journal.case(call, n)
