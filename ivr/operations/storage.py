"""Tells operators how the store is: here, or away with so many records in the spool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ivr.operations.instruments import Instruments
from ivr.store.state import StoreState

PART: Final = "store"

FULL: Final = 0.9
"""Fill of a spool from which on the process is not ready: there is still time to make room."""


class StoreWatch:
    """Looks at the state of a journal over store and spool, and reports it."""

    def __init__(self, instruments: Instruments, state: Callable[[], StoreState]) -> None:
        self._readiness = instruments.readiness
        self._name = instruments.name
        self._meters = instruments.meters.store
        self._state = state
        self._unrecorded = self._refused = 0

    def look(self) -> None:
        """Report how it is now."""
        state, meters, name = self._state(), self._meters, self._name
        self._readiness.report(PART, find_fault(state), describe(state))
        meters.away.labels(name).set(state.store != "here")
        meters.bad.labels(name).set(state.store == "bad")
        meters.records.labels(name).set(state.waiting)
        meters.fill.labels(name).set(state.fill)
        meters.drained.labels(name).set(state.drained.timestamp() if state.drained else 0)
        meters.unrecorded.labels(name).inc(state.unrecorded - self._unrecorded)
        meters.refused.labels(name).inc(state.refused - self._refused)
        self._unrecorded, self._refused = state.unrecorded, state.refused


def find_fault(state: StoreState) -> str:
    """Why the store is not ready for calls; empty while records can be made durable for long."""
    if not state.records:
        return "neither the store nor the spool takes a record"
    if state.store != "here" and state.fill >= FULL:
        return "away, and there is little room left in the spool"
    return ""


def describe(state: StoreState) -> str:
    """What an operator should know; empty when all is well."""
    if state.store == "here":
        return "" if state.spool == "ready" else "here, but the spool cannot be used"
    how = "away" if state.store == "away" else "bad until a restart"
    since = "" if state.since is None else f" since {state.since:%Y-%m-%d %H:%M:%S} UTC"
    return f"{how}{since}, {state.waiting} records wait, the spool is {state.fill:.0%} full"
