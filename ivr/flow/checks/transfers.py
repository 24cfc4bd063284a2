"""Handing a caller to a person: the destination, every exit, the keys that end the waiting."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flow import nodes
from ivr.flow.faults import Finding, Path
from ivr.flow.plan import HOTLINE_FILE, Plan, flow_file, unknown

ALWAYS = ("call", "language", "agency", "path")
"""What the engine tells every officer; a flow cannot tell it otherwise."""


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about `transfer` nodes that concerns no target and no placeholder."""
    for flow, _, node, path in plan.each_node():
        if isinstance(node, nodes.Transfer):
            yield from _check_destination(plan, node, flow_file(flow.flow), path)
            yield from _check_keys(node, flow_file(flow.flow), path)
            for name in node.context:
                if name in ALWAYS:
                    place = (*path, "context", name)
                    yield Finding("reserved-name", flow_file(flow.flow), place, {"name": name})


def _check_destination(
    plan: Plan, node: nodes.Transfer, file: str, path: Path
) -> Iterator[Finding]:
    if plan.lacks(HOTLINE_FILE, "destinations"):
        return
    destination = plan.hotline.destinations.get(node.to)
    if destination is None:
        names = plan.hotline.destinations
        yield unknown("unknown-destination", file, (*path, "to"), node.to, names)
        return
    exits = node.unhappy()
    missing = [name for name in destination.unhappy if exits[name] is None]
    if missing:
        yield Finding("missing-exit", file, path, {"exits": ", ".join(missing)})


def _check_keys(node: nodes.Transfer, file: str, path: Path) -> Iterator[Finding]:
    for index, option in enumerate(node.options):
        if len(option.key) > 1:
            place = (*path, "options", index, "key")
            yield Finding("key-single", file, place, {"key": option.key})
