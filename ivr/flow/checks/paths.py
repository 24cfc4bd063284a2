"""Ways through a hotline: what cannot be reached, does not end, or does not lead to a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.flow import nodes
from ivr.flow.faults import Finding, Path
from ivr.flow.graph import (
    Vertex,
    find_loops,
    list_edges,
    list_exits,
    listens_for_keys,
    reach,
    resolve,
)
from ivr.flow.plan import Plan, flow_file
from ivr.flow.scalars import RETURN, WORDS, Jump

Edges = Mapping[Vertex, tuple[Vertex, ...]]


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about paths. The plan must be whole and every target must exist."""
    edges = list_edges(plan)
    silent = _silent_edges(plan)
    quiet = {vertex for loop in find_loops(silent) for vertex in loop}
    yield from _find_unreachable(plan, edges)
    yield from _find_silent_loops(silent)
    yield from _find_dead_ends(plan, edges, quiet)
    yield from _find_unbounded_loops(plan, edges)
    yield from _find_without_person(plan, edges)
    yield from _find_lost_returns(plan)
    yield from _find_recursion(plan)


def _place(vertex: Vertex) -> tuple[str, Path]:
    return flow_file(vertex[0]), ("nodes", vertex[1])


def _starts(plan: Plan) -> list[Vertex]:
    flows = [flow for flow in plan.hotline.numbers.values() if flow in plan.flows]
    return [(flow, plan.flows[flow].start) for flow in flows]


def _find_unreachable(plan: Plan, edges: Edges) -> Iterator[Finding]:
    """Flows that no number leads to, and nodes that nothing in a used or unused flow leads to."""
    if not plan.hotline.numbers:
        return
    reached = reach(_starts(plan), lambda vertex: edges.get(vertex, ()))
    used = {flow for flow, _ in reached}
    entries = [(name, flow.start) for name, flow in plan.flows.items() if name not in used]
    reached |= reach(entries, lambda vertex: edges.get(vertex, ()))
    for name in plan.flows:
        if name not in used:
            yield Finding("unreachable-flow", flow_file(name), ("flow",), {"name": name})
    for vertex in edges:
        if vertex not in reached:
            yield Finding("unreachable-node", *_place(vertex), {"name": vertex[1]})


def _is_silent(node: nodes.AnyNode) -> bool:
    return not isinstance(node, nodes.Listening)


def _silent_edges(plan: Plan) -> Edges:
    """Ways between nodes that wait for nobody; of a node with `visits` only the bound's way out."""
    edges: dict[Vertex, tuple[Vertex, ...]] = {}
    for flow, name, node, _ in plan.each_node():
        if not _is_silent(node):
            continue
        ends = [
            resolve(plan, flow.flow, exit_.target)
            for exit_ in list_exits(plan, flow, name)
            if node.visits is None or exit_.path[-1] == "else"
        ]
        if isinstance(node, nodes.Subflow):
            into = resolve(plan, flow.flow, Jump(flow=node.flow))
            ends = [*(ends if _returns_silently(plan, node.flow) else []), into]
        edges[flow.flow, name] = tuple(end for end in ends if end is not None)
    return edges


def _returns_silently(plan: Plan, flow: str) -> bool:
    """Whether a subflow can come back without having waited for the caller."""
    inner = plan.flows[flow]
    waiting, seen = [inner.start], set()
    while waiting:
        name = waiting.pop()
        node = inner.nodes.get(name)
        if name in seen or node is None or not _is_silent(node):
            continue
        seen.add(name)
        targets = [exit_.target for exit_ in list_exits(plan, inner, name)]
        if RETURN in targets:
            return True
        waiting += [target for target in targets if isinstance(target, str)]
    return False


def _find_silent_loops(silent: Edges) -> Iterator[Finding]:
    for loop in find_loops(silent):
        yield Finding("silent-loop", *_place(loop[0]), {"nodes": _list(loop)})


def _list(loop: list[Vertex]) -> str:
    same = len({flow for flow, _ in loop}) == 1
    return _shorten([node if same else f"{flow}.{node}" for flow, node in loop])


def _shorten(names: list[str]) -> str:
    return ", ".join([*names[:6], *(["…"] if len(names) > 6 else [])])


def _ends(plan: Plan, vertex: Vertex) -> bool:
    flow = plan.flows[vertex[0]]
    if isinstance(flow.nodes[vertex[1]], nodes.Hangup):
        return True
    return any(exit_.target in WORDS for exit_ in list_exits(plan, flow, vertex[1]))


def _find_dead_ends(plan: Plan, edges: Edges, quiet: set[Vertex]) -> Iterator[Finding]:
    """Loops without any way to the end of the call. Silent ones are told of already."""
    for loop in find_loops(edges):
        inside = set(loop)
        leaves = any(end not in inside for vertex in loop for end in edges[vertex])
        if not leaves and not inside & quiet and not any(_ends(plan, vertex) for vertex in loop):
            yield Finding("dead-end", *_place(loop[0]), {"nodes": _list(loop)})


def _find_unbounded_loops(plan: Plan, edges: Edges) -> Iterator[Finding]:
    """Loops that a caller who says nothing never leaves."""
    for loop in find_loops(_edges_of_silence(plan, edges)):
        heard = [vertex for vertex in loop if not _is_silent(_node(plan, vertex))]
        if heard and not any(_node(plan, vertex).visits for vertex in loop):
            yield Finding("unbounded-loop", *_place(heard[0]), {"nodes": _list(loop)})


def _node(plan: Plan, vertex: Vertex) -> nodes.AnyNode:
    return plan.flows[vertex[0]].nodes[vertex[1]]


def _edges_of_silence(plan: Plan, edges: Edges) -> Edges:
    """Where the call goes when the caller never presses a key."""
    quiet: dict[Vertex, tuple[Vertex, ...]] = {}
    for vertex, ends in edges.items():
        flow, node = plan.flows[vertex[0]], _node(plan, vertex)
        if isinstance(node, nodes.Record):
            ends = tuple(filter(None, [resolve(plan, vertex[0], node.on_nothing)]))
        elif isinstance(node, nodes.Consent):
            silent = node.on_give_up.next if node.on_give_up else node.refused
            ends = tuple(filter(None, [resolve(plan, vertex[0], silent)]))
        elif isinstance(node, nodes.Listening):
            given_up = [
                resolve(plan, vertex[0], exit_.target)
                for exit_ in list_exits(plan, flow, vertex[1])
                if exit_.path[-2:] == ("on_give_up", "next") or exit_.path[-1] == "otherwise"
            ]
            ends = tuple(end for end in given_up if end is not None)
        quiet[vertex] = ends
    return quiet


def _find_without_person(plan: Plan, edges: Edges) -> Iterator[Finding]:
    person = plan.hotline.person
    if person is None or person not in plan.flows:
        return
    backward: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in edges}
    for vertex, ends in edges.items():
        for end in ends:
            backward[end].append(vertex)
    inside = [vertex for vertex in edges if vertex[0] == person]
    near = reach(inside, lambda vertex: backward[vertex])
    for vertex in edges:
        if vertex not in near and listens_for_keys(_node(plan, vertex)):
            yield Finding("no-person", *_place(vertex), {"name": vertex[1], "person": person})


def _jumps(plan: Plan, flow: str) -> set[str]:
    exits = [
        exit_
        for name in plan.flows[flow].nodes
        for exit_ in list_exits(plan, plan.flows[flow], name)
    ]
    return {exit_.target.flow for exit_ in exits if isinstance(exit_.target, Jump)}


def _find_lost_returns(plan: Plan) -> Iterator[Finding]:
    """`return` in a flow that no subflow node leads to, directly or by jumps."""
    called = [node.flow for _, _, node, _ in plan.each_node() if isinstance(node, nodes.Subflow)]
    inside = reach(called, lambda flow: _jumps(plan, flow))
    for flow, name, _, _ in plan.each_node():
        if flow.flow in inside:
            continue
        for exit_ in list_exits(plan, flow, name):
            if exit_.target == RETURN and not exit_.inherited:
                yield Finding("return-outside", exit_.file, exit_.path, {"name": flow.flow})


def _find_recursion(plan: Plan) -> Iterator[Finding]:
    calls: dict[str, list[str]] = {name: [] for name in plan.flows}
    for flow, _, node, _ in plan.each_node():
        if isinstance(node, nodes.Subflow):
            calls[flow.flow].append(node.flow)
    for loop in find_loops(calls):
        for flow, _, node, path in plan.each_node():
            if flow.flow == loop[0] and isinstance(node, nodes.Subflow) and node.flow in loop:
                values = {"flows": _shorten(loop)}
                yield Finding("recursive-subflow", flow_file(flow.flow), path, values)
                break
