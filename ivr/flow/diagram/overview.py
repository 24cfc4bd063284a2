"""The picture of a whole hotline: a box for each flow, an arrow where one leads to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.diagram.flows import list_unreadable
from ivr.flow.diagram.picture import Box, Group, Marked, Picture, Row
from ivr.flow.graph import list_exits
from ivr.flow.plan import Plan
from ivr.flow.scalars import Jump

MOST_ARROWS = 5
"""More arrows than this to one flow are not drawn."""


def draw_overview(plan: Plan, marked: Marked) -> Picture:
    """Jumps and subflows between the flows; those to the way to a person are left out."""
    unread = [name for name in list_unreadable(plan) if name not in plan.flows]
    ids = {name: f"b{index}" for index, name in enumerate((*plan.flows, *unread), start=1)}
    hubs = _find_hubs(plan)
    boxes = [_draw_flow(plan, flow, ids, hubs, marked) for flow in plan.flows.values()]
    boxes += [Box(ids[name], "unread", name, faults=_faults(name, marked)) for name in unread]
    starts = [
        Box(f"n{index}", "start", number, rows=[Row("", ids[flow])])
        for index, (number, flow) in enumerate(plan.hotline.numbers.items(), start=1)
        if flow in ids
    ]
    return Picture([Group(plan.hotline.hotline, [*starts, *boxes])])


def _faults(flow: str, marked: Marked) -> list[str]:
    return [one for (name, _), told in marked.items() if name == flow for one in told]


def _draw_flow(
    plan: Plan, flow: Flow, ids: Mapping[str, str], hubs: frozenset[str], marked: Marked
) -> Box:
    leads_to = [name for name in dict.fromkeys(_leads_to(plan, flow)) if name in ids]
    rows = [Row("", ids[name]) for name in leads_to if name not in hubs]
    also = ", ".join(name for name in leads_to if name in hubs)
    number = len(flow.nodes)
    text = f"{flow.title}\n{number} node{'s' * (number != 1)}" + (f"\n→ {also}" if also else "")
    return Box(ids[flow.flow], "flow", flow.flow, text, rows, _faults(flow.flow, marked))


def _find_hubs(plan: Plan) -> frozenset[str]:
    """Flows that so many others lead to that their arrows would hide the rest: named instead."""
    dialled = set(plan.hotline.numbers.values())
    ends = Counter(name for flow in plan.flows.values() for name in set(_leads_to(plan, flow)))
    return frozenset(name for name, n in ends.items() if n > MOST_ARROWS and name not in dialled)


def _leads_to(plan: Plan, flow: Flow) -> list[str]:
    hidden = (plan.hotline.person, flow.flow)
    return [name for name in _targets(plan, flow) if name not in hidden]


def _targets(plan: Plan, flow: Flow) -> Iterator[str]:
    for name, node in flow.nodes.items():
        if isinstance(node, nodes.Subflow):
            yield node.flow
        for exit_ in list_exits(plan, flow, name):
            if isinstance(exit_.target, Jump) and not exit_.inherited:
                yield exit_.target.flow
