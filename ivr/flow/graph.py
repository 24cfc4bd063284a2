"""A directory as a graph: every exit of every node, and what can be reached.

Must not judge: `ivr.flow.checks` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard, TypeVar

from ivr.flow import nodes
from ivr.flow.bundle import Flow, Hotline
from ivr.flow.faults import Path
from ivr.flow.plan import HOTLINE_FILE, Plan, flow_file
from ivr.flow.scalars import WORDS, Jump, Target

Vertex: TypeAlias = tuple[str, str]
"""A flow and a node in it."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a node: what is written, and where. `inherited` ones stand elsewhere."""

    target: Target
    file: str
    path: Path
    inherited: bool = False


def list_exits(plan: Plan, flow: Flow, name: str) -> Iterator[Exit]:
    """The exits of a node, with those that it inherits from its flow and the hotline."""
    node, file, path = flow.nodes[name], flow_file(flow.flow), ("nodes", name)
    for target, below in _own_exits(node):
        yield Exit(target, file, (*path, *below))
    if listens_for_keys(node):
        yield from _inherited_exits(plan.hotline, flow, node)


def listens_for_keys(node: nodes.AnyNode) -> TypeGuard[nodes.Listening]:
    """Whether keys mean something in the node: in a message only while it is reviewed."""
    return isinstance(node, nodes.Listening) and (not isinstance(node, nodes.Record) or node.review)


def _own_exits(node: nodes.AnyNode) -> Iterator[tuple[Target, Path]]:
    if node.visits is not None:
        yield node.visits.otherwise, ("visits", "else")
    yield from _outcomes(node)
    if isinstance(node, nodes.Listening):
        yield from _present((node.on_hangup, "on_hangup"))
        yield from list_habit_exits(node, node.keys)


def _outcomes(node: nodes.AnyNode) -> Iterator[tuple[Target, Path]]:  # noqa: C901 - one case each
    match node:
        case nodes.Menu():
            for index, option in enumerate(node.options):
                yield from _present((option.next, "options", index, "next"))
            yield from _present((node.next, "next"), (node.otherwise, "otherwise"))
        case nodes.Choose():
            for index, case in enumerate(node.cases):
                yield case.next, ("cases", index, "next")
            yield node.otherwise, ("else",)
        case nodes.Record():
            yield node.on_nothing, ("on_nothing",)
            yield node.next, ("next",)
        case nodes.Consent():
            yield node.granted, ("granted",)
            yield node.refused, ("refused",)
        case nodes.Lookup():
            yield node.found, ("found",)
            yield node.not_found, ("not_found",)
            yield node.failed, ("failed",)
        case nodes.Notify():
            yield node.next, ("next",)
            yield node.failed, ("failed",)
        case nodes.Hours():
            yield from _present((node.open, "open"), (node.closed, "closed"))
            yield from _present((node.holiday, "holiday"), (node.unknown, "unknown"))
        case nodes.Transfer():
            yield from _ends_of_transfer(node)
        case nodes.Hangup():
            return
        case _:
            yield node.next, ("next",)


def _ends_of_transfer(node: nodes.Transfer) -> Iterator[tuple[Target, Path]]:
    yield node.ended, ("ended",)
    for index, option in enumerate(node.options):
        yield from _present((option.next, "options", index, "next"))
    yield from _present(
        (node.busy, "busy"),
        (node.no_answer, "no_answer"),
        (node.queue_full, "queue_full"),
        (node.queue_closed, "queue_closed"),
        (node.failed, "failed"),
        (node.otherwise, "otherwise"),
        (node.on_hangup, "on_hangup"),
    )


def _present(*fields: tuple[Target | None, *Path]) -> Iterator[tuple[Target, Path]]:
    for target, *path in fields:
        if target is not None:
            yield target, tuple(path)


def list_habit_exits(habits: nodes.Habits, keys: nodes.Keys) -> Iterator[tuple[Target, Path]]:
    """Where silence, wrong keys, giving up and universal keys lead, as written at one level."""
    for field, attempts in (
        ("on_silence", habits.on_silence),
        ("on_wrong_key", habits.on_wrong_key),
    ):
        for index, attempt in enumerate(attempts or ()):
            if attempt.next is not None:
                yield attempt.next, (field, index, "next")
    if habits.on_give_up is not None:
        yield habits.on_give_up.next, ("on_give_up", "next")
    for sequence, action in keys.items():
        if isinstance(action, nodes.UniversalJump):
            yield action.next, ("keys", sequence, "next")


def _inherited_exits(hotline: Hotline, flow: Flow, node: nodes.Listening) -> Iterator[Exit]:
    """From flow and hotline, what no nearer level says otherwise."""
    taken = {*_set_fields(node), *node.keys, *own_keys(node)}
    if isinstance(node, nodes.Consent | nodes.Record):
        taken.add("on_give_up")
    for file, habits, keys in (
        (flow_file(flow.flow), flow.defaults, flow.keys),
        (HOTLINE_FILE, hotline.defaults, hotline.keys),
    ):
        for target, path in list_habit_exits(habits, keys):
            if str(path[1] if path[0] == "keys" else path[0]) not in taken:
                place = path if path[0] == "keys" else ("defaults", *path)
                yield Exit(target, file, place, inherited=True)
        taken |= {*_set_fields(habits), *keys}


def own_keys(node: nodes.Listening) -> Mapping[str, Path]:
    """The keys that mean something of the node's own, and where they are written."""
    match node:
        case nodes.Menu():
            return {option.key: ("options", at, "key") for at, option in enumerate(node.options)}
        case nodes.Consent():
            return {node.agree: ("agree",), node.refuse: ("refuse",)}
        case nodes.Record():
            own = node.review_keys
            keys = (own.keep, "keep"), (own.listen, "listen"), (own.again, "again")
            return {key: ("review_keys", name) for key, name in keys}
        case _:
            return {}


def _set_fields(habits: nodes.Habits) -> Iterator[str]:
    if habits.on_silence is not None:
        yield "on_silence"
    if habits.on_wrong_key is not None:
        yield "on_wrong_key"
    if habits.on_give_up is not None:
        yield "on_give_up"


def resolve(plan: Plan, flow: str, target: Target) -> Vertex | None:
    """The node that a target names; None for `back`, `return` and what does not exist."""
    if isinstance(target, Jump):
        if target.flow not in plan.flows:
            return None
        vertex = (target.flow, target.node or plan.flows[target.flow].start)
    elif target in WORDS:
        return None
    else:
        vertex = (flow, target)
    return vertex if vertex[1] in plan.flows[vertex[0]].nodes else None


def list_edges(plan: Plan) -> Mapping[Vertex, tuple[Vertex, ...]]:
    """Every node and where it leads. A subflow node leads into its flow and, after it, on."""
    edges: dict[Vertex, tuple[Vertex, ...]] = {}
    for flow, name, node, _ in plan.each_node():
        ends = [resolve(plan, flow.flow, exit_.target) for exit_ in list_exits(plan, flow, name)]
        if isinstance(node, nodes.Subflow):
            ends.append(resolve(plan, flow.flow, Jump(flow=node.flow)))
        edges[flow.flow, name] = tuple(dict.fromkeys(end for end in ends if end is not None))
    return edges


def reach(starts: Iterable[Item], onward: Callable[[Item], Iterable[Item]]) -> set[Item]:
    """Everything that can be reached from `starts`, these included."""
    found, waiting = set(), list(starts)
    while waiting:
        item = waiting.pop()
        if item not in found:
            found.add(item)
            waiting.extend(onward(item))
    return found


def find_loops(edges: Mapping[Item, Iterable[Item]]) -> list[list[Item]]:
    """The groups of items that lead to one another (strongly connected, Tarjan 1972).

    An item alone is a group when it leads to itself. Items are in the order of `edges`.
    """
    order: dict[Item, int] = {}
    low: dict[Item, int] = {}
    stack: list[Item] = []
    groups: list[list[Item]] = []
    for root in edges:
        if root not in order:
            _search(root, edges, order, low, stack, groups)
    place = {item: index for index, item in enumerate(edges)}
    loops = [sorted(group, key=lambda item: place[item]) for group in groups]
    loops = [loop for loop in loops if len(loop) > 1 or loop[0] in edges[loop[0]]]
    return sorted(loops, key=lambda loop: place[loop[0]])


def _search(
    root: Item,
    edges: Mapping[Item, Iterable[Item]],
    order: dict[Item, int],
    low: dict[Item, int],
    stack: list[Item],
    groups: list[list[Item]],
) -> None:
    """Tarjan's search without recursion, so that a long flow cannot exhaust the stack."""
    work = [(root, iter(edges[root]))]
    order[root] = low[root] = len(order)
    stack.append(root)
    while work:
        item, rest = work[-1]
        following = next((end for end in rest if end in edges), None)
        if following is None:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[item])
            if low[item] == order[item]:
                cut = stack.index(item)
                groups.append(stack[cut:])
                del stack[cut:]
        elif following not in order:
            order[following] = low[following] = len(order)
            stack.append(following)
            work.append((following, iter(edges[following])))
        elif following in stack:
            low[item] = min(low[item], order[following])
