"""Personal values that would be sent to a webhook that does not say it may be told.

A value counts as personal when anything in its flow gives it one; the engine refuses the rest when
the call comes to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.faults import Finding
from ivr.flow.plan import Plan, flow_file
from ivr.flow.templates import TemplateFault, list_placeholders

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?")


def check(plan: Plan) -> Iterator[Finding]:
    """Every `with` of a `notify` node that passes on what it must not."""
    for flow, _, node, path in plan.each_node():
        webhook = plan.webhooks.get(node.webhook) if isinstance(node, nodes.Notify) else None
        if not isinstance(node, nodes.Notify) or webhook is None or webhook.personal:
            continue
        personal = list_personal(plan, flow)
        for name, text in node.arguments.items():
            for used in _names_in(text):
                if used in personal:
                    values = {"name": used, "webhook": node.webhook}
                    place = (*path, "with", name)
                    yield Finding("personal-sent", flow_file(flow.flow), place, values)


def list_personal(plan: Plan, flow: Flow) -> set[str]:
    """The names of a flow that hold something about a person, as `name` or `name.field`."""
    found = {name for node in flow.nodes.values() for name in _given(plan, node)}
    while True:
        more = {
            name
            for node in flow.nodes.values()
            if isinstance(node, nodes.Set)
            for name, used in _assigned(node)
            if used & found
        }
        if more <= found:
            return found
        found |= more


def _given(plan: Plan, node: nodes.AnyNode) -> Iterator[str]:
    match node:
        case nodes.Collect() if not node.public:
            yield node.into
        case nodes.Record() if node.case:
            yield f"{node.into}.number"
        case nodes.Lookup() if node.source in plan.sources:
            for name, field in plan.sources[node.source].fields.items():
                if field.personal:
                    yield f"{node.into}.{name}"


def _assigned(node: nodes.Set) -> Iterator[tuple[str, set[str]]]:
    for name, text in node.values.items():
        yield name, set(_names_in(text))
    for name, expression in node.compute.items():
        yield name, set(_NAME.findall(expression))


def _names_in(text: str) -> list[str]:
    try:
        return [part.name for part in list_placeholders(text)]
    except TemplateFault:
        return []
