"""Values that could only be spoken by synthesis during the call, which no caller should wait for.

Texts of tables, word lists and assignments are known before a call and rendered; what is computed
or keyed is not, unless its placeholder says how it is spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.expressions import check_expression
from ivr.flow.faults import Finding
from ivr.flow.names import Names, flatten
from ivr.flow.plan import Plan
from ivr.flow.sources import TableSource
from ivr.flow.templates import Placeholder, TemplateFault, locate_placeholders
from ivr.flow.texts import list_flow_texts
from ivr.flow.translation import Written

_CALL_TEXTS = ("call.date", "call.weekday", "call.language")


def check(
    plan: Plan, names: Mapping[str, Names], written: Mapping[str, Mapping[str, Written]]
) -> Iterator[Finding]:
    """Every placeholder whose value would be free text."""
    for flow in plan.flows.values():
        computed = {*_list_computed(flow, names[flow.flow]), *_list_told(plan, flow)}
        keyed = set(_list_keyed(flow))
        for entry in list_flow_texts(flow):
            for found in written.get(entry.id, {}).values():
                for placeholder, offset in _locate(found.text):
                    if _is_free(placeholder, computed, keyed):
                        values = {"name": placeholder.name}
                        yield Finding("free-text", found.file, found.path, values, None, offset)


def _list_computed(flow: Flow, names: Names) -> Iterator[str]:
    """Names that hold a computed text, a word for conditions, or true and false."""
    flat = flatten(names)
    for node in flow.nodes.values():
        if isinstance(node, nodes.Consent) and node.into is not None:
            yield node.into
        if isinstance(node, nodes.Hours) and node.into is not None:
            yield f"{node.into}.reason"
        if isinstance(node, nodes.Set):
            for name, expression in node.compute.items():
                if check_expression(expression, flat) in ("string", "bool"):
                    yield name


def _list_told(plan: Plan, flow: Flow) -> Iterator[str]:
    """Fields whose text only the call will tell: of a source that is no table."""
    for node in flow.nodes.values():
        if not isinstance(node, nodes.Lookup):
            continue
        source = plan.sources.get(node.source)
        if source is None or isinstance(source, TableSource):
            continue
        for name, field in source.fields.items():
            if field.type == "text" and not field.words and field.speak in (None, "text"):
                yield f"{node.into}.{name}"


def _list_keyed(flow: Flow) -> Iterator[str]:
    """Names that hold digits."""
    for node in flow.nodes.values():
        if isinstance(node, nodes.Collect):
            yield node.into
        if isinstance(node, nodes.Record):
            yield f"{node.into}.number"


def _locate(text: str) -> tuple[tuple[Placeholder, int], ...]:
    try:
        return locate_placeholders(text)
    except TemplateFault:
        return ()


def _is_free(placeholder: Placeholder, computed: set[str], keyed: set[str]) -> bool:
    name, kind = placeholder.name, placeholder.kind
    if kind not in (None, "text"):
        return False
    return name in computed or name in _CALL_TEXTS or (name in keyed and kind == "text")
