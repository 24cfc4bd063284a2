"""Any order of appends, failures, crashes and drains: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr.audit.vault import Vault
from ivr.errors import JournalBroken, JournalError
from ivr.ports import Fact, LiveRow, NewCase, Turn
from ivr.store.memory import MemoryJournal
from ivr.store.plain import Entry
from ivr.store.spool import FILE, Spool
from ivr.store.spooled import SpooledJournal
from tests.journal_samples import make_case, make_fact, make_live, make_turn

_T = TypeVar("_T")

Mood = Literal["well", "refuses", "forgets to answer"]


@dataclass
class MoodyStore(MemoryJournal):
    """A store that at times takes nothing, or takes a record and fails before it says so."""

    mood: Mood = "well"
    inner: MemoryJournal = field(default_factory=MemoryJournal)

    async def _moody(self, work: Callable[[], Awaitable[_T]]) -> _T:
        if self.mood == "refuses":
            raise JournalBroken("the disk is full")
        done = await work()
        if self.mood == "forgets to answer":
            raise JournalBroken("the answer was lost")
        return done

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        return await self._moody(lambda: self.inner.append(turn, live, case))

    async def note(self, fact: Fact) -> int:
        return await self._moody(lambda: self.inner.note(fact))

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        return await self._moody(lambda: self.inner.catch_up(entries))

    async def live(self, line: str) -> LiveRow | None:
        return await self._moody(lambda: self.inner.live(line))

    async def lines(self) -> Sequence[tuple[str, Any]]:
        return await self._moody(lambda: self.inner.lines())

    async def case(self, call: str, n: int) -> str | None:
        return await self._moody(lambda: self.inner.case(call, n))


CALLS = st.sampled_from(["c1", "c2", "c3"])


class SpoolMachine(RuleBasedStateMachine):
    """`turns` and `facts` are what was acknowledged."""

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory()
        self.vault = Vault(bytes(32))
        self.store = MoodyStore()
        self.turns: dict[str, int] = {}
        self.ended: set[str] = set()
        self.facts: list[str] = []
        self.cases: dict[str, str] = {}
        self._start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self.runner.run(work)

    def _start(self) -> None:
        @asynccontextmanager
        async def open_store() -> AsyncIterator[MoodyStore]:
            self.unopened = self.store.mood != "well"
            if self.store.mood == "refuses":
                raise JournalBroken("the disk is full")
            yield self.store

        self.spool = Spool(Path(self.directory.name), size=48 << 10)
        self.journal = SpooledJournal(
            open_store, lambda: self.vault, self.spool, patience=0.002, look=0.001
        )
        self.run(self.journal.__aenter__())

    def _append(self, call: str, *, last: bool, case: bool = False) -> None:
        n = self.turns.get(call, 0) + 1
        number = f"77{len(self.cases):09}" if case else ""
        live = None if last else make_live(call, n)
        append = self.journal.append(
            make_turn(call, n, last=last), live, make_case(number) if case else None
        )
        try:
            self.run(append)
        except JournalBroken:
            assert not self.journal.state().records or self.journal.state().room < 8 << 10
            return
        self.turns[call] = n
        if last:
            self.ended.add(call)
        if case:
            self.cases[f"{call}/{n}"] = number

    @rule(call=CALLS, last=st.sampled_from([False, False, False, True]))
    def append(self, call: str, last: bool) -> None:
        if call in self.ended:
            call = f"{call}-{len(self.ended)}"
        self._append(call, last=last)

    @rule(call=CALLS)
    def append_again(self, call: str) -> None:
        """A client in doubt sends its last turn twice."""
        n = self.turns.get(call, 0)
        if n and call not in self.ended and f"{call}/{n}" not in self.cases:
            self.run(self.journal.append(make_turn(call, n), make_live(call, n)))

    @rule(call=CALLS)
    def note(self, call: str) -> None:
        name = f"0000000{len(self.facts):05}"
        try:
            self.run(self.journal.note(make_fact(call, "noted", name=name)))
        except JournalBroken:
            return
        self.facts.append(name)

    @rule(mood=st.sampled_from(["refuses", "forgets to answer", "well"]))
    def change(self, mood: Mood) -> None:
        self.store.mood = mood

    @rule()
    def drain(self) -> None:
        if self.journal.state().store == "away":
            try:
                self.run(self.journal.drain())
            except JournalError:
                assert self.store.mood != "well"

    @rule(torn=st.binary(max_size=40))
    def crash(self, torn: bytes) -> None:
        """The process dies; behind the last record there may be part of another."""
        self.run(self.spool.settle())
        state = self.journal.state()
        self.spool.close()
        if state.spool == "ready":
            with (Path(self.directory.name) / FILE).open("r+b") as file:
                file.seek(-state.room, os.SEEK_END)
                file.write(torn[: state.room])
        self._start()

    @precondition(lambda self: self.turns)
    @invariant()
    def live_rows_are_the_last_acknowledged(self) -> None:
        """A store that could not be opened has rows that nobody can know."""
        for call, n in self.turns.items():
            live = self.run(self.journal.live(f"line-{call}"))
            unknown = self.unopened and self.journal.state().store != "here"
            if call not in self.ended and (live is not None or not unknown):
                assert live is not None
                assert live.run.turn >= n

    def teardown(self) -> None:
        try:
            self._compare()
        finally:
            self.spool.close()
            self.directory.cleanup()
            self.runner.close()

    def _compare(self) -> None:
        self.store.mood = "well"
        if self.journal.state().store != "here":
            self.run(self.journal.drain())
        inner, state = self.store.inner, self.journal.state()
        assert (state.store, state.waiting, state.refused) == ("here", 0, 0)
        for call, n in self.turns.items():
            stored = [turn.n for turn in self.run(inner.turns(call))]
            assert stored == list(range(1, len(stored) + 1))
            assert len(stored) >= n
        events = [fact.event for call in ("c1", "c2", "c3") for fact in self.run(inner.facts(call))]
        names = [event["name"] for event in events if event["type"] == "noted"]
        assert len(names) == len(set(names))
        assert set(self.facts) <= set(names)
        for place, number in self.cases.items():
            owner, nth = place.split("/")
            assert self.run(inner.case(owner, int(nth))) == number
        self.run(self.journal.__aexit__(None, None, None))


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(max_examples=200, stateful_step_count=30)
