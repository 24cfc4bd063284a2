"""The journal without a disk: for tests, the terminal and the simulator. It keeps what it is told.

It keeps the same leaves as the SQLite store, personal values in clear beside them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from ivr.audit.leaf import (
    ERASED,
    Header,
    Leaf,
    as_recorded,
    encode_leaf,
    open_disclosures,
    read_leaf,
    write_id,
)
from ivr.errors import JournalConflict, JournalError
from ivr.ports import CallSummary, Fact, LiveRow, NewCase, Turn
from ivr.store.feed import Feed, Leaves
from ivr.store.plain import (
    CASE_TAKEN,
    LINE_TAKEN,
    Entry,
    fact_from_leaf,
    live_from_plain,
    live_to_plain,
    summarise_turn,
    turn_data,
    turn_from_leaf,
)


@dataclass(frozen=True, slots=True)
class _Record:
    call: str | None
    n: int | None
    leaf: Leaf


class MemoryJournal:
    """The Journal and the CallReader of `ivr.ports` in one object, gone with the process."""

    def __init__(
        self, *, log: str = "satu-pintu", source: str = "engine", depth: int = 1000
    ) -> None:
        self._log = log
        self._source = source
        self._feed = Feed(depth)
        self._records: list[_Record] = []
        self._live: dict[str, tuple[str, datetime, str]] = {}
        self._cases: dict[tuple[str, int], str] = {}
        self._calls: dict[str, CallSummary] = {}
        self._erased: set[str] = set()
        self._named: dict[str, int] = {}

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `Journal`."""
        return self._append(turn, live, case, late=False)

    def _append(self, turn: Turn, live: LiveRow | None, case: NewCase | None, *, late: bool) -> int:
        before = self._calls.get(turn.call)
        if turn.call in self._erased:
            raise JournalConflict(f"call {turn.call} was erased")
        turns = before.turns if before else 0
        if turn.n != turns + 1 or (before and before.ended):
            return self._repeat(turn, case, turns, late=late)
        row = self._write_live(turn, live, late=late)
        taken = case is not None and case.number in self._cases.values()
        if taken and not late:
            raise JournalConflict("the number of the new case is taken")
        seq = self._add("turn", turn.call, turn.n, turn.at, self._source, turn_data(turn))
        self._calls[turn.call] = summarise_turn(before, turn)
        self._live.pop(turn.call, None)
        if row is not None:
            self._live[turn.call] = row
        if taken:
            self._note(Fact(turn.call, turn.at, self._source, {**CASE_TAKEN, "turn": turn.n}))
        elif case is not None:
            self._cases[turn.call, turn.n] = case.number
        return seq

    async def note(self, fact: Fact) -> int:
        """Store a fact, see `Journal`."""
        return self._note(fact)

    def _note(self, fact: Fact) -> int:
        if fact.id not in self._named:
            seq = self._add("fact", fact.call, None, fact.at, fact.source, fact.event, fact.id)
            if not fact.id:
                return seq
            self._named[fact.id] = seq
        return self._named[fact.id]

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Store what was acknowledged elsewhere, see `Store`."""
        return [self._catch_up(entry) for entry in entries]

    def _catch_up(self, entry: Entry) -> int | None:
        try:
            if isinstance(entry, Fact):
                return self._note(entry)
            return self._append(entry.turn, entry.live, entry.case, late=True)
        except JournalError:
            return None

    async def live(self, line: str) -> LiveRow | None:
        """The call in progress on this line, see `Journal`."""
        for held, _, text in self._live.values():
            if held == line:
                return live_from_plain(json.loads(text))
        return None

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a live row, see `Journal`."""
        rows = [(line, at) for line, at, _ in self._live.values()]
        return sorted(rows, key=lambda row: (row[1], row[0]))

    async def case(self, call: str, n: int) -> str | None:
        """The number of a case, see `Journal`."""
        return self._cases.get((call, n))

    async def erase(self, fact: Fact) -> int:
        """Forget the personal data of the fact's call, see `SqliteJournal.erase`."""
        call = fact.call
        if call is None or all(record.call != call for record in self._records):
            raise JournalConflict(f"there is no call {call} to erase")
        if call in self._live:
            raise JournalConflict(f"call {call} is in progress and cannot be erased yet")
        self._erased.add(call)
        for place, record in enumerate(self._records):
            if record.call == call:
                self._records[place] = replace(record, leaf=replace(record.leaf, disclosures=()))
        line = self._calls.get(call)
        if line is not None and line.caller is not None:
            self._calls[call] = replace(line, caller=ERASED)
        for opened in self._cases:
            if opened[0] == call:
                self._cases[opened] = ERASED
        return await self.note(fact)

    def subscribe(self) -> AbstractAsyncContextManager[Leaves]:
        """Follow the log from now on, see `Feed.subscribe`."""
        return self._feed.subscribe()

    async def calls(self, *, limit: int = 50, prefix: str = "") -> Sequence[CallSummary]:
        """The newest calls first, see `CallReader`."""
        found = [line for line in self._calls.values() if line.call.startswith(prefix)]
        return sorted(found, key=lambda line: (line.started, line.call), reverse=True)[:limit]

    async def turns(self, call: str) -> Sequence[Turn]:
        """The turns of a call in order, see `CallReader`."""
        return [
            turn_from_leaf(read_leaf(record.leaf.raw), open_disclosures(record.leaf.disclosures))
            for record in self._records
            if record.call == call and record.n is not None
        ]

    async def facts(self, call: str) -> Sequence[Fact]:
        """The facts about a call in order, see `CallReader`."""
        return [
            fact_from_leaf(read_leaf(record.leaf.raw), open_disclosures(record.leaf.disclosures))
            for record in self._records
            if record.call == call and record.n is None
        ]

    def _write_live(
        self, turn: Turn, live: LiveRow | None, *, late: bool
    ) -> tuple[str, datetime, str] | None:
        """The row as text, so that nobody can change it afterwards."""
        if live is None:
            return None
        if live.call != turn.call:
            raise JournalConflict(f"the live row of call {live.call} came with call {turn.call}")
        for call, (line, _, _) in tuple(self._live.items()):
            if line == live.line and call != live.call:
                if not late:
                    raise JournalConflict(f"line {live.line} is held by call {call}")
                del self._live[call]
                self._note(Fact(call, turn.at, self._source, LINE_TAKEN))
        try:
            text = json.dumps(live_to_plain(live), allow_nan=False)
        except (ValueError, TypeError) as error:
            name = type(error).__name__
            raise JournalError(f"the record cannot be stored ({name})") from None
        return live.line, live.at, text

    def _repeat(self, turn: Turn, case: NewCase | None, turns: int, *, late: bool) -> int:
        for seq, record in enumerate(self._records):
            if (record.call, record.n) != (turn.call, turn.n) or not (late or turn.n == turns):
                continue
            opened = open_disclosures(record.leaf.disclosures)
            there = turn_from_leaf(read_leaf(record.leaf.raw), opened)
            same = there.at == turn.at and turn_data(there) == as_recorded(turn_data(turn))
            if same and (case.number if case else None) == self._cases.get((turn.call, turn.n)):
                return seq
        raise JournalConflict(f"turn {turn.n} does not follow turn {turns} of call {turn.call}")

    def _add(
        self,
        kind: Literal["turn", "fact"],
        call: str | None,
        n: int | None,
        at: datetime,
        source: str,
        data: Mapping[str, Any],
        record: str = "",
    ) -> int:
        seq = len(self._records)
        try:
            record = record or write_id(at, os.urandom(10))
            header = Header(self._log, seq, record, at, source, call, n, kind)
            leaf = encode_leaf(header, data, lambda: os.urandom(16))
        except (ValueError, TypeError) as error:
            raise JournalError(f"the record cannot be a leaf of the log: {error}") from None
        if call in self._erased:
            leaf = replace(leaf, disclosures=())
        self._records.append(_Record(call, n, leaf))
        self._feed.publish([leaf.content])
        return seq
