"""Calls that stand still: a turn older than its step can last. Their task is ended.

A call whose task is ended goes on with the next engine, or with this one: the dialplan asks again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from ivr.engine.steps import (
    Collect,
    Hangup,
    Lookup,
    Menu,
    Notify,
    OpenCase,
    PlayBack,
    Record,
    Say,
    SetRecording,
    Step,
    Transfer,
)

PROMPTS = 300.0
"""Seconds that the prompts of a step may last at most, a way to the caller and back included."""

SHORT = 60.0
"""Seconds for a step that plays nothing or little: a lookup has its own limit, far below."""


def longest(step: Step) -> float:
    """Seconds after which a step cannot be under way any more; infinite for one that may last."""
    match step:
        case Say() | Hangup():
            return PROMPTS
        case Menu():
            keys = max((len(keys) for keys in step.keys), default=1)
            return PROMPTS + (step.timing.first_key + keys * step.timing.next_key) / 1000
        case Collect():
            return PROMPTS + (step.timing.first_key + step.timing.total) / 1000
        case Record():
            return PROMPTS + (step.limit + step.silence) / 1000
        case PlayBack():
            return PROMPTS + step.length / 1000
        case Lookup() | Notify() | OpenCase() | SetRecording():
            return SHORT
        case Transfer():
            return math.inf  # a talk is never cut
        case _:
            assert_never(step)


@dataclass(frozen=True, slots=True)
class Standing:
    """A turn that is under way. `since` is on the clock of the watch."""

    call: str
    step: Step
    since: float
    task: asyncio.Task[object]


class TurnWatch:
    """The present turn of each line that this engine leads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._turns: dict[str, Standing] = {}

    def begin(self, line: str, call: str, step: Step) -> None:
        """The task that calls this has been asked for a step."""
        task = asyncio.current_task()
        assert task is not None
        self._turns[line] = Standing(call, step, self._clock(), task)

    def end(self, line: str) -> None:
        """The line is no longer led here. Harmless for one that never was."""
        self._turns.pop(line, None)

    def end_stuck(self) -> Iterator[Standing]:
        """End the tasks of calls that stand still, and give each of them once."""
        for line, turn in list(self._turns.items()):
            if self._clock() - turn.since > longest(turn.step):
                del self._turns[line]
                turn.task.cancel()
                yield turn
