"""Runs, steps, outcomes and events as JSON-ready data, and back without loss."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ivr.engine.events import Event
from ivr.engine.outcomes import Outcome
from ivr.engine.run import Run
from ivr.engine.steps import Step

_RUN: TypeAdapter[Run] = TypeAdapter(Run)
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)

Read = TypeVar("Read")


def read_plain(adapter: TypeAdapter[Read], data: object) -> Read:
    """The data as what the adapter reads. Raises ValueError, which names places but no values."""
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        places = sorted({".".join(map(str, one["loc"])) or "all of it" for one in found})
    raise ValueError(f"the data cannot be read: {', '.join(places)}")


def run_to_plain(run: Run) -> dict[str, Any]:
    """The run as JSON-ready data; personal values keep their `$personal` mark."""
    return _RUN.dump_python(run, mode="json")  # type: ignore[no-any-return]


def run_from_plain(data: object) -> Run:
    """The run again. Raises ValueError, without a value in it, when the data is no run."""
    return read_plain(_RUN, data)


def step_to_plain(step: Step) -> dict[str, Any]:
    """The step as JSON-ready data."""
    return _STEP.dump_python(step, mode="json")  # type: ignore[no-any-return]


def step_from_plain(data: object) -> Step:
    """The step again. Raises ValueError, without a value in it."""
    return read_plain(_STEP, data)


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON-ready data."""
    return _OUTCOME.dump_python(outcome, mode="json")  # type: ignore[no-any-return]


def outcome_from_plain(data: object) -> Outcome:
    """The outcome again. Raises ValueError, without a value in it."""
    return read_plain(_OUTCOME, data)


def event_to_plain(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data."""
    return _EVENT.dump_python(event, mode="json")  # type: ignore[no-any-return]


def event_from_plain(data: object) -> Event:
    """The event again. Raises ValueError, without a value in it."""
    return read_plain(_EVENT, data)
