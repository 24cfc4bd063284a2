"""A journal and a channel that are measured: the same events that everybody reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from time import perf_counter
from typing import Any

from structlog.contextvars import bind_contextvars

from ivr.engine.outcomes import Outcome
from ivr.engine.steps import Step
from ivr.engine.utterance import Utterance
from ivr.errors import JournalBroken, JournalError
from ivr.operations.meters import Meters
from ivr.operations.turns import TurnWatch
from ivr.ports import Channel, Fact, Input, Journal, LiveRow, NewCase, Turn


class ObservedJournal:
    """A Journal in front of another one: measures appends, counts events, watches turns.

    From the first turn on, what the task of the call logs bears the call's id.
    """

    def __init__(self, inner: Journal, meters: Meters, turns: TurnWatch) -> None:
        self._inner = inner
        self._meters = meters
        self._turns = turns

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """See `ivr.ports.Journal`."""
        bind_contextvars(call=turn.call)
        try:
            async with self._measured():
                number = await self._inner.append(turn, live, case)
        except JournalBroken:
            if live is not None:  # a call that goes on without a record tells of no further turn
                self._turns.end(live.line)
            raise
        for event in turn.events:
            self._meters.calls.count_event(event)
        if live is not None and live.run.step is not None:
            self._turns.begin(live.line, live.call, live.run.step)
        return number

    async def note(self, fact: Fact) -> int:
        """See `ivr.ports.Journal`."""
        async with self._measured():
            number = await self._inner.note(fact)
        self._meters.calls.count_fact(fact.event)
        return number

    async def live(self, line: str) -> LiveRow | None:
        """See `ivr.ports.Journal`."""
        return await self._inner.live(line)

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """See `ivr.ports.Journal`."""
        return await self._inner.lines()

    async def case(self, call: str, n: int) -> str | None:
        """See `ivr.ports.Journal`."""
        return await self._inner.case(call, n)

    @asynccontextmanager
    async def _measured(self) -> AsyncIterator[None]:
        begun = perf_counter()
        self._meters.journal.waiting.inc()
        try:
            yield
        except JournalError:
            self._meters.journal.broken.inc()
            raise
        finally:
            self._meters.journal.waiting.dec()
        self._meters.journal.append.observe(perf_counter() - begun)


class ObservedChannel:
    """A Channel in front of another one: measures steps and what lies between them."""

    def __init__(self, inner: Channel, meters: Meters) -> None:
        self._inner = inner
        self._meters = meters
        self._ended: float | None = None

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        begun = perf_counter()
        if self._ended is not None:
            self._meters.steps.latency.observe(begun - self._ended)
        try:
            return await self._inner.perform(step, act, fresh=fresh, masked=masked)
        finally:
            self._ended = perf_counter()
            self._meters.steps.seconds.labels(step.type).observe(self._ended - begun)

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """See `ivr.ports.Channel`. What follows then was not asked for by a key."""
        self._ended = None
        await self._inner.hold(utterances, masked=masked)

    def position(self) -> dict[str, Any]:
        """See `ivr.ports.Channel`."""
        return self._inner.position()

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `ivr.ports.Channel`."""
        self._inner.restore(position)

    async def close(self, *, done: bool) -> None:
        """See `ivr.ports.Channel`."""
        await self._inner.close(done=done)
