"""What the journal takes, as JSON-ready data and back: for the live row and for the socket.

Live rows and numbers are in clear here; nothing of this may be written anywhere unsealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from ivr.audit.leaf import read_time, restore
from ivr.engine.plain import read_plain, run_to_plain
from ivr.engine.values import PERSONAL_KEY
from ivr.errors import JournalError
from ivr.ports import CallSummary, Fact, LiveRow, NewCase, Turn


@dataclass(frozen=True, slots=True)
class Append:
    """What `Journal.append` takes."""

    turn: Turn
    live: LiveRow | None
    case: NewCase | None = None


Entry: TypeAlias = Append | Fact
"""What was acknowledged elsewhere and goes into the store later."""

_TURN: TypeAdapter[Turn] = TypeAdapter(Turn)
_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
_CASE: TypeAdapter[NewCase] = TypeAdapter(NewCase)
_LIVE: TypeAdapter[LiveRow] = TypeAdapter(LiveRow)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LINE_TAKEN = {"type": "call.abandoned", "reason": "line"}
"""A call began on the line of another one while the store was away; that one has no more turns."""

CASE_TAKEN = {"type": "case.number_taken"}
"""While the store was away, a caller was told a case number that another case has."""


def to_micros(at: datetime) -> int:
    """Microseconds since 1970, exactly. Raises JournalError for a time without a zone."""
    if at.tzinfo is None:
        raise JournalError("a time without a zone cannot be stored")
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The time again, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def turn_data(turn: Turn) -> dict[str, Any]:
    """The data of a turn's leaf."""
    return {"outcome": turn.outcome, "events": turn.events, "step": turn.step}


def turn_from_leaf(leaf: Mapping[str, Any], opened: Mapping[str, str | int]) -> Turn:
    """The turn that a leaf tells of; `opened` says what its digests stand for."""
    data = restore(leaf["data"], opened)
    at = read_time(leaf["at"])
    return Turn(leaf["call"], leaf["n"], at, data["outcome"], data["events"], data["step"])


def fact_from_leaf(leaf: Mapping[str, Any], opened: Mapping[str, str | int]) -> Fact:
    """The fact that a leaf tells of."""
    data = restore(leaf["data"], opened)
    return Fact(leaf["call"], read_time(leaf["at"]), leaf["src"], data)


def summarise_turn(summary: CallSummary | None, turn: Turn) -> CallSummary:
    """The line of a call in a list after this turn, from the line before it."""
    started = _find_event(turn, "call.started")
    ended = _find_event(turn, "call.ended")
    caller = started.get("caller")
    return CallSummary(
        call=turn.call,
        started=summary.started if summary else turn.at,
        ended=turn.at if turn.step is None else None,
        dialled=summary.dialled if summary else str(started.get("dialled", "")),
        caller=summary.caller if summary else _reveal(caller),
        turns=turn.n,
        outcome=ended.get("outcome"),
    )


def _find_event(turn: Turn, kind: str) -> Mapping[str, Any]:
    return next((event for event in turn.events if event.get("type") == kind), {})


def _reveal(mark: Any) -> str | None:
    return str(mark[PERSONAL_KEY]) if isinstance(mark, Mapping) else None


def turn_to_plain(turn: Turn) -> dict[str, Any]:
    """A turn as data."""
    return {"call": turn.call, "n": turn.n, "at": to_micros(turn.at), **turn_data(turn)}


def turn_from_plain(data: Mapping[str, Any]) -> Turn:
    """The turn again. Raises KeyError, TypeError or ValueError when the data are not one."""
    return read_plain(_TURN, {**data, "at": from_micros(data["at"])})


def fact_to_plain(fact: Fact) -> dict[str, Any]:
    """A fact as data."""
    at = to_micros(fact.at)
    return {
        "call": fact.call,
        "at": at,
        "source": fact.source,
        "event": fact.event,
        "id": fact.id,
    }


def fact_from_plain(data: Mapping[str, Any]) -> Fact:
    """The fact again. Raises KeyError, TypeError or ValueError when the data are not one."""
    return read_plain(_FACT, {**data, "at": from_micros(data["at"])})


def case_to_plain(case: NewCase) -> dict[str, Any]:
    """A new case as data."""
    return {"kind": case.kind, "number": case.number, "recording": case.recording}


def case_from_plain(data: Mapping[str, Any]) -> NewCase:
    """The new case again. Raises ValueError when the data are not one."""
    return read_plain(_CASE, data)


def live_to_plain(row: LiveRow) -> dict[str, Any]:
    """A live row as data, secrets in clear."""
    return {
        "call": row.call,
        "line": row.line,
        "run": run_to_plain(row.run),
        "position": row.position,
        "secrets": row.secrets.digits,
        "at": to_micros(row.at),
    }


def live_from_plain(data: Mapping[str, Any]) -> LiveRow:
    """The row again. Raises KeyError, TypeError or ValueError when the data are not one."""
    secrets = {"digits": data["secrets"]}
    return read_plain(_LIVE, {**data, "secrets": secrets, "at": from_micros(data["at"])})


def entry_to_plain(entry: Entry) -> dict[str, Any]:
    """An entry as data, personal values and secrets in clear."""
    if isinstance(entry, Fact):
        return {"fact": fact_to_plain(entry)}
    return {
        "turn": turn_to_plain(entry.turn),
        "live": live_to_plain(entry.live) if entry.live else None,
        "case": case_to_plain(entry.case) if entry.case else None,
    }


def entry_from_plain(data: Mapping[str, Any]) -> Entry:
    """The entry again. Raises KeyError, TypeError or ValueError when the data are not one."""
    if "fact" in data:
        return fact_from_plain(data["fact"])
    live = live_from_plain(data["live"]) if data["live"] else None
    case = case_from_plain(data["case"]) if data["case"] else None
    return Append(turn_from_plain(data["turn"]), live, case)
