"""A service without a telephone: a desk over the memory journal, whose clock is the caller's line.

Ids and case numbers are counted, so that a call goes the same way every time.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ivr.driver import Desk, run_call
from ivr.engine.engine import advance, begin
from ivr.engine.outcomes import Failed, Found, NotFound, Started
from ivr.engine.plain import (
    event_to_plain,
    outcome_from_plain,
    run_from_plain,
    run_to_plain,
    step_to_plain,
)
from ivr.engine.run import Run
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.flow.identifiers import luhn_digit
from ivr.ports import Fact, Journal, LiveRow, NewCase, Source, Turn
from ivr.services.tables import Tables
from ivr.simulator import Act, Line, ScriptedCaller, Simulator
from ivr.simulator.messages import KeptMessages
from ivr.store.memory import MemoryJournal
from tests.talk import START

LINE = "line-1"

Taken = Sequence[tuple[Turn, LiveRow | None, NewCase | None]]
"""What a journal was handed over in a call."""


def count_cases() -> Callable[[], str]:
    """Draws 10000000, 10000001 … with their check digits."""
    numbers = itertools.count(10_000_000)

    def draw() -> str:
        digits = str(next(numbers))
        return digits + luhn_digit(digits)

    return draw


def count_ids() -> Callable[[], str]:
    """Names id-1, id-2 …."""
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


@dataclass
class Ledger:
    """A source in front of another one, which remembers every question and its key."""

    inner: Source
    asked: list[tuple[str, dict[str, Scalar], str]] = field(default_factory=list)

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        self.asked.append((source, dict(arguments), key))
        return await self.inner.fetch(source, arguments, key)


@dataclass
class Stopping:
    """A journal in front of another one that raises `fault` at a turn, stored or not.

    It also remembers what was handed over, as it was.
    """

    inner: Journal
    fault: Exception
    turn: int = 0
    stored: bool = False
    taken: list[tuple[Turn, LiveRow | None, NewCase | None]] = field(default_factory=list)

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """The events of what was handed over, in their order."""
        return [event for turn, _, _ in self.taken for event in turn.events]

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        if turn.n == self.turn and not self.stored:
            raise self.fault
        self.taken.append((turn, live, case))
        seq = await self.inner.append(turn, live, case)
        if turn.n == self.turn:
            raise self.fault
        return seq

    async def note(self, fact: Fact) -> int:
        return await self.inner.note(fact)

    async def live(self, line: str) -> LiveRow | None:
        return await self.inner.live(line)

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        return await self.inner.lines()

    async def case(self, call: str, n: int) -> str | None:
        return await self.inner.case(call, n)


def execute_again(bundle: Bundle, taken: Taken) -> None:
    """The outcomes, executed again, give the same turns, and the same run as each live row.

    Run and outcomes go through JSON before each turn.
    """
    first = taken[0][0]
    started = outcome_from_plain(first.outcome)
    assert isinstance(started, Started)
    run = begin(bundle, first.call, started, first.at)
    for turn, live, _ in taken:
        outcome = outcome_from_plain(json.loads(json.dumps(turn.outcome)))
        went = advance(bundle, run, outcome, turn.at)
        assert [event_to_plain(event) for event in went.events] == list(turn.events)
        assert (None if went.step is None else step_to_plain(went.step)) == turn.step
        run = run_from_plain(json.loads(json.dumps(run_to_plain(went.run))))
        assert run == went.run
        assert live is None or live.run == run


class Killed(Exception):
    """The engine died: nothing that it held is there any more."""


class Service:
    """One caller on one line, and the engines that come to answer it."""

    def __init__(
        self, bundle: Bundle, acts: Sequence[Act] = (), *, dialled: str = "1", at: datetime = START
    ) -> None:
        self.caller = ScriptedCaller(list(acts))
        self.line = Line()
        self.shown: list[str] = []
        self.journal = MemoryJournal()
        self.source = Ledger(Tables(bundle))
        self.messages = KeptMessages(bundle)
        self.started = Started(dialled)
        self.channels: list[Simulator] = []
        self.desk = Desk(
            journal=self.journal,
            source=self.source,
            bundle=bundle,
            shelf=lambda wanted: bundle if wanted == bundle.hash else None,
            now=lambda: at + timedelta(milliseconds=self.line.clock),
            new_id=count_ids(),
            draw_case=count_cases(),
            patience=5.0,
            notifier=self.messages,
        )

    def change(self, **fields: Any) -> None:
        """The same desk but for these fields."""
        self.desk = replace(self.desk, **fields)

    async def run(self) -> Run:
        """An engine comes to the line and leads the call to its end."""
        return await run_call(self.desk, self.channel(), LINE, self.started)

    def channel(self) -> Simulator:
        """The line as another engine finds it."""
        self.channels.append(Simulator(self.caller, self.line, show=self.shown.append))
        return self.channels[-1]

    async def die(self, turn: int, *, stored: bool) -> None:
        """An engine comes and dies at a turn, before it is stored or just after."""
        whole = self.desk
        self.change(journal=Stopping(self.journal, Killed(), turn, stored))
        try:
            await self.run()
        except Killed:
            self.desk = whole
        else:
            raise AssertionError(f"the call had no turn {turn}")

    async def turns(self) -> Sequence[Turn]:
        """The turns of the only call."""
        (call,) = await self.journal.calls()
        return await self.journal.turns(call.call)

    async def events(self, *wanted: str) -> list[Mapping[str, Any]]:
        """The events of the only call, of these types when any are named."""
        events = [event for turn in await self.turns() for event in turn.events]
        return [event for event in events if not wanted or event["type"] in wanted]
