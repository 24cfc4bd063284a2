"""A call as plain data: everything that the engine knows between two turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr.engine.steps import Step
from ivr.engine.utterance import Pace, Utterance
from ivr.engine.values import Personal, Value

ENGINE_RULES = 2
"""Version of the engine's rules. It stands in every call's first event; a change that would make
an old call decide differently raises it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One flow on the stack. `into` is the caller's variable that takes the results, or None."""

    flow: str
    node: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A node that listened, to go back to. `depth` is how many flows were on the stack."""

    flow: str
    node: str
    depth: int
    variables: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """The state of a call.

    `turn` counts from 1. `stage` is where a node stands that takes more than one step (`ask`,
    `confirm`, `review`, `listen`, `case`). `silences` and `wrongs` count apart, for the present
    node; `faults` counts steps that failed one after the other. `pending` holds what a node keeps
    between its steps.
    `preface` waits to be said before the next prompt. `trail` are the nodes that listened, the
    present one last. `present` says whether the caller is on the line, `afterwards` whether a flow
    said what to do after a hangup, `result` how reports will count the call (empty: not decided).
    `path` are the options chosen last, `flow.node.option`, for the officer. `aside` counts the
    milliseconds of waiting for officers and talking to them, which no limit of the call counts.
    `pace` is how fast the caller wants to be spoken to.
    """

    call: str
    bundle: str
    dialled: str
    caller: Personal | None
    language: str
    turn: int
    frames: tuple[Frame, ...]
    stage: str = "ask"
    silences: int = 0
    wrongs: int = 0
    faults: int = 0
    pending: Mapping[str, Value] = field(default_factory=dict)
    trail: tuple[Place, ...] = ()
    visits: Mapping[str, int] = field(default_factory=dict)
    preface: tuple[Utterance, ...] = ()
    present: bool = True
    afterwards: bool = False
    path: tuple[str, ...] = ()
    aside: int = 0
    pace: Pace = "normal"
    result: str = ""
    started: datetime | None = None
    step: Step | None = None

    @property
    def frame(self) -> Frame:
        """The flow that is running now."""
        return self.frames[-1]
