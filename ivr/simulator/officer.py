"""The officers of a simulated hotline: what becomes of a caller who is handed to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from ivr.endings import UNHAPPY
from ivr.engine.outcomes import Transferred
from ivr.engine.steps import Transfer
from ivr.simulator.caller import Officer, Press
from ivr.simulator.line import Line

Reason: TypeAlias = Literal["busy", "no_answer", "queue_full", "queue_closed", "failed"]


class Wait(Protocol):
    """How time goes by; `playing` says whether the other side speaks."""

    def __call__(self, until: int, *, playing: bool) -> bool:
        """See `ivr.simulator.hands`."""


def hand_over(
    step: Transfer,
    line: Line,
    wait: Wait,
    act: Callable[[], bool],
    show: Callable[[str], None],
) -> Transferred:
    """The attempt and, when an officer answers, the talk.

    `wait` lets time go by until the clock stands there; True when the caller did something before,
    which `act` then does, False when that was to hang up. Whoever listens until all was said goes
    on listening in a talk.
    """
    begun = line.clock
    reason, after = _expect(line.officer, step)
    show(f"-- waiting for {step.name}")
    while wait(begun + after, playing=False):
        pressed = line.act.keys if isinstance(line.act, Press) else ""
        if not act():
            return Transferred("left", waited=line.clock - begun)
        if key := next((key for key in pressed if key in step.keys), ""):
            return Transferred("key", key, waited=line.clock - begun)
    waited = line.clock - begun
    if reason is not None:
        show(f"-- {UNHAPPY[reason]}")
        return Transferred(reason, waited=waited)
    show("-- an officer answers")
    return _talk(line, waited, wait, act, show)


def _talk(
    line: Line,
    waited: int,
    wait: Wait,
    act: Callable[[], bool],
    show: Callable[[str], None],
) -> Transferred:
    """Keys in the talk mean nothing to anybody but the officer."""
    begun = line.clock
    while wait(begun + line.officer.talks, playing=True):
        if not act():
            return Transferred("left", waited=waited, talked=line.clock - begun)
    show("-- the officer hangs up")
    line.said = True
    return Transferred("ended", waited=waited, talked=line.clock - begun)


def _expect(officer: Officer, step: Transfer) -> tuple[Reason | None, int]:
    """Why nobody answers (None: somebody does), and after how many milliseconds."""
    queue = step.way == "queue"
    match officer.does:
        case "answers" if officer.after < step.limit:
            return None, officer.after
        case "answers" | "no_answer":
            return "no_answer", step.limit
        case "busy":
            return ("no_answer", step.limit) if queue else ("busy", 0)
        case "full":
            return ("queue_full", 0) if queue else ("failed", 0)
        case "closed":
            return ("queue_closed", 0) if queue else ("no_answer", step.limit)
        case "unreachable":
            return "failed", 0
