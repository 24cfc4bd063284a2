"""A picture before it has a form: boxes with rows, and arrows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ivr.flow.graph import Vertex

Marked: TypeAlias = Mapping[Vertex, Sequence[str]]
"""The sentences of the faults of each node; those of a flow's head under the node `""`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A way out of a box: what leads there, and where.

    `target` is the id of a box. `word` stands for places that every flow knows, so that they need
    no arrow: `person`, `back`, `return`. One of the two is empty.
    """

    label: str
    target: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or what stands outside the picture: another flow, a name that does not exist.

    `kind` is the node's, `flow`, `start`, `missing` for what does not exist, `unread` for what
    could not be read.
    """

    id: str
    kind: str
    name: str
    text: str = ""
    rows: Sequence[Row] = ()
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The boxes of one flow."""

    title: str
    boxes: Sequence[Box]
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn; `outside` belongs to no flow."""

    groups: Sequence[Group] = ()
    outside: Sequence[Box] = field(default_factory=tuple)

    def boxes(self) -> list[Box]:
        """Every box, those of the groups first."""
        return [*(box for group in self.groups for box in group.boxes), *self.outside]


def shorten(text: str, most: int) -> str:
    """A text without line breaks, cut at a word."""
    words = " ".join(text.split())
    if len(words) <= most:
        return words
    return words[: most - 1].rsplit(" ", 1)[0] + "…"
