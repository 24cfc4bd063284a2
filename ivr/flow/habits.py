"""What nodes share: bounds on visits, and how a node listens. The node kinds are in `nodes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ivr.flow.scalars import Duration, KeySequence, Model, Target, Text


class Visits(Model):
    """A bound on loops that run over several nodes: after `at_most` visits go to `else`."""

    at_most: int = Field(ge=1, le=100)
    otherwise: Target = Field(alias="else")


class Attempt(Model):
    """What happens at the first, second … silence or wrong key; the last entry repeats.

    `say` comes before the node's own prompt is played again; `next` leaves the node instead.
    """

    say: Text | None = None
    next: Target | None = None


class GiveUp(Model):
    """Where a node leads when its tries are used up, and what is said on the way."""

    say: Text | None = None
    next: Target


class UniversalJump(Model):
    """A key that leads to the same place from everywhere."""

    next: Target


KeyAction: TypeAlias = Literal["repeat", "back", "slower", "off"] | UniversalJump
"""What a universal key does. `slower` changes the pace for the rest of the call, there and back;
`off` takes an inherited key away."""

Keys: TypeAlias = Mapping[KeySequence, KeyAction]


class Node(Model):
    """What every node has."""

    visits: Visits | None = None


class Habits(Model):
    """How a node listens: timers, tries, and what follows silence, wrong keys and giving up.

    None: as the level above says (node, then the flow's defaults, then the hotline's). `first_key`
    counts from the end of the prompt, `next_key` between keys, `total` from the end of the prompt
    to the end of the input.
    """

    first_key: Duration | None = None
    next_key: Duration | None = None
    total: Duration | None = None
    tries: Annotated[int, Field(ge=1, le=10)] | None = None
    on_silence: tuple[Attempt, ...] | None = None
    on_wrong_key: tuple[Attempt, ...] | None = None
    on_give_up: GiveUp | None = None


class Listening(Node, Habits):
    """What every node has that waits for keys."""

    on_hangup: Target | None = None
    type_ahead: Literal["keep", "flush"] = "keep"
    keys: Keys = Field(default_factory=dict)
