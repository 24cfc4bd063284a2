"""What is declared of a name in a text: the source's field behind it, and how it is spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.identifiers import KINDS, KindName
from ivr.flow.sources import AnySource, SourceField
from ivr.flow.templates import Placeholder
from ivr.flow.texts import word_id


@dataclass(frozen=True, slots=True)
class Declared:
    """A source's field that a placeholder names, one of an `hours` node, or a kind of identifier.

    `label` says that the values are ids of texts.
    """

    source: str
    field: str
    of: SourceField
    label: bool = False

    @property
    def kind(self) -> str:
        """The speech kind of its values: their words are text."""
        return "text" if self.of.words else self.of.speak or self.of.type

    @property
    def named(self) -> bool:
        """Whether a value is spoken as the text that `word` names."""
        return self.label or bool(self.of.words)

    def word(self, value: str) -> str:
        """The id of the text for a value."""
        return value if self.label else word_id(self.source, self.field, value)


HOURS_FIELDS: Mapping[str, SourceField] = {
    "reason": SourceField(),
    "label": SourceField(),
    "closes": SourceField(speak="time"),
    "opens_date": SourceField(type="date", speak="weekday_date"),
    "opens_time": SourceField(speak="time"),
}
"""What an `hours` node tells. The value of `label` is the id of the text that is spoken."""


def find_declared(
    flow: Flow, sources: Mapping[str, AnySource], part: Placeholder
) -> Declared | None:
    """The field behind `{variable.field}`, when a lookup or hours node of the flow fills it; for a
    variable that takes an identifier, how identifiers of that kind are read out."""
    field = part.name.partition(".")[2]
    for node in flow.nodes.values():
        if isinstance(node, nodes.Lookup) and node.into == part.variable:
            of = sources[node.source].fields.get(field)
            return None if of is None else Declared(node.source, field, of)
        if isinstance(node, nodes.Hours) and node.into == part.variable:
            of = HOURS_FIELDS.get(field)
            is_label = field == "label"
            return None if of is None else Declared(node.calendar, field, of, label=is_label)
    kinds = set(_list_kinds(flow, part.name))
    if len(kinds) != 1:
        return None
    return Declared("", part.name, SourceField(speak=KINDS[kinds.pop()].speak))


def _list_kinds(flow: Flow, name: str) -> Iterator[KindName]:
    """The kinds of what is keyed into a variable; secrets have only their last four read out."""
    for node in flow.nodes.values():
        match node:
            case nodes.Collect(into=into, kind=str(kind), sensitive=False) if into == name:
                yield kind
