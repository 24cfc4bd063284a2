"""Runs, steps, outcomes and events as JSON-ready data, and back without loss."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ivr.engine.events import Event
from ivr.engine.outcomes import Outcome
from ivr.engine.run import Run
from ivr.engine.steps import Step

_RUN: TypeAdapter[Run] = TypeAdapter(Run)
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def run_to_plain(run: Run) -> dict[str, Any]:
    """The run as JSON-ready data; personal values keep their `$personal` mark."""
    return _RUN.dump_python(run, mode="json")  # type: ignore[no-any-return]


def run_from_plain(data: object) -> Run:
    """The run again. Raises pydantic.ValidationError when the data is not a run."""
    return _RUN.validate_python(data)


def step_to_plain(step: Step) -> dict[str, Any]:
    """The step as JSON-ready data."""
    return _STEP.dump_python(step, mode="json")  # type: ignore[no-any-return]


def step_from_plain(data: object) -> Step:
    """The step again. Raises pydantic.ValidationError."""
    return _STEP.validate_python(data)


def outcome_to_plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON-ready data."""
    return _OUTCOME.dump_python(outcome, mode="json")  # type: ignore[no-any-return]


def outcome_from_plain(data: object) -> Outcome:
    """The outcome again. Raises pydantic.ValidationError."""
    return _OUTCOME.validate_python(data)


def event_to_plain(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data."""
    return _EVENT.dump_python(event, mode="json")  # type: ignore[no-any-return]


def event_from_plain(data: object) -> Event:
    """The event again. Raises pydantic.ValidationError."""
    return _EVENT.validate_python(data)
