"""The calls in progress as the writer knows them, for the time when the store cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.errors import JournalConflict
from ivr.ports import LiveRow, Turn
from ivr.store.plain import Append, turn_data


@dataclass(frozen=True, slots=True)
class Known:
    """A call: `n` turns, `turn` the last of them (None: only its live row is known).

    `seq` is what was told of the last turn, `number` the case that it opened.
    """

    n: int
    live: LiveRow | None
    turn: Turn | None = None
    number: str | None = None
    seq: int = -1


class Mirror:
    """The last turn and the live row of each call in progress.

    `complete` says whether every call in progress is known; without that, a turn of an unknown call
    is believed.
    """

    def __init__(self) -> None:
        self._calls: dict[str, Known] = {}
        self._cases: dict[tuple[str, int], str] = {}
        self.complete = False

    def learn(self, live: LiveRow) -> None:
        """Know a call from its live row in the store, unless something newer is known."""
        if live.call not in self._calls:
            self._calls[live.call] = Known(live.run.turn, live)

    def check(self, append: Append) -> int | None:
        """What was told of this turn when it came before, None for a new turn.

        Raises JournalConflict as `Journal.append` does, as far as can be known here.
        """
        turn, known = append.turn, self._calls.get(append.turn.call)
        if known is not None and (turn.n != known.n + 1 or _is_over(known)):
            return _repeat(append, known)
        if known is None and (turn.n < 1 or (turn.n > 1 and self.complete)):
            raise JournalConflict(f"turn {turn.n} does not begin call {turn.call}")
        if append.live is not None:
            self._check_line(append.live, turn.call)
        if append.case is not None and append.case.number in self._cases.values():
            raise JournalConflict("the number of the new case is taken")
        return None

    def put(self, append: Append, seq: int) -> Known | None:
        """Know a turn that was stored, or is about to be; returns what was known before."""
        turn, case = append.turn, append.case
        before = self._calls.get(turn.call)
        number = case.number if case else None
        self._calls[turn.call] = Known(turn.n, append.live, turn, number, seq)
        if number is not None:
            self._cases[turn.call, turn.n] = number
        return before

    def take_back(self, append: Append, before: Known | None) -> None:
        """Forget a turn that could not be stored after all."""
        self._cases.pop((append.turn.call, append.turn.n), None)
        if before is None:
            self._calls.pop(append.turn.call, None)
        else:
            self._calls[append.turn.call] = before

    def settle(self, call: str | None = None) -> None:
        """Forget what only counts while the store is away: calls that ended, and cases.

        `call` names the only one to be looked at, whose cases count until it ends; None: all.
        """
        for name in tuple(self._calls) if call is None else (call,):
            if name in self._calls and _is_over(self._calls[name]):
                del self._calls[name]
        if call is None:
            self._cases.clear()
        elif call not in self._calls:
            self._cases = {at: number for at, number in self._cases.items() if at[0] != call}

    def live(self, line: str) -> LiveRow | None:
        """The call in progress on a line."""
        rows = (known.live for known in self._calls.values())
        return next((row for row in rows if row is not None and row.line == line), None)

    def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a call in progress, oldest first."""
        rows = [known.live for known in self._calls.values() if known.live is not None]
        return sorted(((row.line, row.at) for row in rows), key=lambda row: (row[1], row[0]))

    def case(self, call: str, n: int) -> str | None:
        """The number of a case that was opened while the store was away."""
        return self._cases.get((call, n))

    def _check_line(self, live: LiveRow, call: str) -> None:
        if live.call != call:
            raise JournalConflict(f"the live row of call {live.call} came with call {call}")
        held = self.live(live.line)
        if held is not None and held.call != call:
            raise JournalConflict(f"line {live.line} is held by call {held.call}")


def _is_over(known: Known) -> bool:
    return known.turn is not None and known.turn.step is None


def _repeat(append: Append, known: Known) -> int:
    turn, there = append.turn, known.turn
    if there is None and turn.n == known.n and append.live == known.live:
        return known.seq  # a live row tells its turn: its time, its run, its step
    if there is not None and (there.n, there.at) == (turn.n, turn.at):
        number = append.case.number if append.case else None
        if turn_data(there) == turn_data(turn) and number == known.number:
            return known.seq
    raise JournalConflict(f"turn {turn.n} does not follow turn {known.n} of call {turn.call}")
