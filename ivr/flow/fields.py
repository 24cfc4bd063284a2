"""What is declared of a name in a text: the source's field behind it, and how it is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow import nodes
from ivr.flow.bundle import Flow, SourceField, TableSource
from ivr.flow.templates import Placeholder


@dataclass(frozen=True, slots=True)
class Declared:
    """A source's field that a placeholder names."""

    source: str
    field: str
    of: SourceField

    @property
    def kind(self) -> str:
        """The speech kind of its values: their words are text."""
        return "text" if self.of.words else self.of.speak or self.of.type


def find_declared(
    flow: Flow, sources: Mapping[str, TableSource], part: Placeholder
) -> Declared | None:
    """The field behind `{variable.field}`, when a lookup of this flow fills the variable."""
    field = part.name.partition(".")[2]
    for node in flow.nodes.values():
        if isinstance(node, nodes.Lookup) and node.into == part.variable:
            of = sources[node.source].fields.get(field)
            return None if of is None else Declared(node.source, field, of)
    return None
