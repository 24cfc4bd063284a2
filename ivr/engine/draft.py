"""A turn in the making: the run under change and the events so far. It lives within one turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from ivr.engine.events import Event
from ivr.engine.run import Frame, Run
from ivr.engine.steps import Step
from ivr.engine.utterance import Utterance
from ivr.engine.values import Value
from ivr.flow.bundle import Bundle, Flow
from ivr.flow.nodes import AnyNode
from ivr.flow.scalars import Target


@dataclass(frozen=True, slots=True)
class Go:
    """Leave the node for `target`."""

    target: Target


@dataclass(frozen=True, slots=True)
class Finish:
    """The engine's part of the call is over."""


Move: TypeAlias = "Step | Go | Finish"
"""What a node answers with: a step to perform, a place to go to, or the end."""


class Draft:
    """The run being changed. Nodes read and write it through these few methods."""

    def __init__(self, bundle: Bundle, run: Run, at: datetime) -> None:
        self.bundle = bundle
        self.run = run
        self.at = at
        self.events: list[Event] = []

    @property
    def flow(self) -> Flow:
        """The flow that is running."""
        return self.bundle.flows[self.run.frame.flow]

    @property
    def node(self) -> AnyNode:
        """The node that is running."""
        return self.flow.nodes[self.run.frame.node]

    @property
    def place(self) -> tuple[str, str]:
        """The names of the flow and the node, as events want them."""
        return self.run.frame.flow, self.run.frame.node

    @property
    def local_time(self) -> datetime:
        """Now, on the hotline's clock."""
        return self.at.astimezone(ZoneInfo(self.bundle.hotline.timezone))

    def change(self, **fields: Any) -> None:
        """Replace fields of the run."""
        self.run = replace(self.run, **fields)

    def change_frame(self, **fields: Any) -> None:
        """Replace fields of the flow on top of the stack."""
        frames = self.run.frames
        self.change(frames=(*frames[:-1], replace(frames[-1], **fields)))

    def push(self, frame: Frame) -> None:
        """Put a flow on the stack."""
        self.change(frames=(*self.run.frames, frame))

    def assign(self, name: str, value: Value) -> None:
        """Set a variable of the running flow."""
        self.change_frame(variables={**self.run.frame.variables, name: value})

    def emit(self, event: Event) -> None:
        """Add an event to the turn."""
        self.events.append(event)

    def preface(self, *utterances: Utterance) -> None:
        """Have these said before the next prompt."""
        self.change(preface=(*self.run.preface, *utterances))
