"""The picture of one or several flows: a box for each node, a row for each way out of it.

What a node inherits is left out: it is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.diagram.picture import Box, Group, Marked, Picture, Row
from ivr.flow.faults import Path
from ivr.flow.graph import list_exits, resolve
from ivr.flow.plan import Plan, flow_file
from ivr.flow.scalars import WORDS, Jump, Target, Text

PERSON = "person"
_NAMES = {"next": "", "on_hangup": "on hangup", "on_give_up": "gives up"}


def draw_flows(plan: Plan, names: Sequence[str], marked: Marked) -> Picture:
    """The picture of the flows called `names`, each of which the plan must have."""
    artist = _Artist(plan, names, marked)
    groups = [artist.draw_group(plan.flows[name]) for name in names]
    return Picture(groups, list(artist.outside.values()))


def in_words(text: Text | None, plan: Plan) -> str:
    """A text in the default language, or in whichever there is."""
    if text is None or isinstance(text, str):
        return text or ""
    return text.get(plan.hotline.languages[0]) or next(iter(text.values()), "")


class _Artist:
    """Draws flow by flow; `outside` are the boxes that some row leads to and no flow holds."""

    def __init__(self, plan: Plan, names: Sequence[str], marked: Marked) -> None:
        self._plan = plan
        self._names = names
        self._marked = marked
        self._ids: dict[tuple[str, ...], str] = {}
        self.outside: dict[str, Box] = {}

    def draw_group(self, flow: Flow) -> Group:
        boxes = list(self._draw_starts(flow))
        boxes += [self._draw_node(flow, name) for name in flow.nodes]
        boxes += self._draw_unread(flow)
        return Group(f"{flow.title} ({flow.flow})", boxes, self._marked.get((flow.flow, ""), ()))

    def _id(self, *key: str) -> str:
        return self._ids.setdefault(key, f"b{len(self._ids) + 1}")

    def _draw_starts(self, flow: Flow) -> Iterator[Box]:
        dialled = [number for number, to in self._plan.hotline.numbers.items() if to == flow.flow]
        row = self._row(flow, "", flow.start, "start")
        yield Box(self._id("start", flow.flow), "start", ", ".join(dialled) or "start", rows=[row])

    def _draw_node(self, flow: Flow, name: str) -> Box:
        node = flow.nodes[name]
        return Box(
            self._id("node", flow.flow, name),
            str(type(node).model_fields["type"].default),
            name,
            _describe(node, self._plan),
            list(self._rows(flow, name)),
            self._marked.get((flow.flow, name), ()),
        )

    def _draw_unread(self, flow: Flow) -> Iterator[Box]:
        for name in self._plan.node_names(flow.flow):
            if name not in flow.nodes:
                faults = self._marked.get((flow.flow, name), ())
                yield Box(self._id("node", flow.flow, name), "unread", name, faults=faults)

    def _rows(self, flow: Flow, name: str) -> Iterator[Row]:
        node = flow.nodes[name]
        if isinstance(node, nodes.Menu):
            for option in node.options:
                target = option.next or node.next
                label = f"{option.key}  {in_words(option.label, self._plan) or option.name}"
                if target is not None:
                    yield self._row(flow, label, target, name)
        if isinstance(node, nodes.Subflow) and node.flow in self._names:
            yield self._row(flow, "runs", Jump(flow=node.flow), name)
        for exit_ in list_exits(self._plan, flow, name):
            below = exit_.path[2:]
            told_already = isinstance(node, nodes.Menu) and below[0] in ("options", "next")
            if not exit_.inherited and not told_already:
                yield self._row(flow, _label(node, below, self._plan), exit_.target, name)

    def _row(self, flow: Flow, label: str, target: Target, source: str) -> Row:
        person = self._plan.hotline.person
        if isinstance(target, Jump):
            if target.flow == person and person not in self._names:
                return Row(label, word=PERSON)
            return Row(label, self._find_flow(target, flow.flow, source))
        if target in WORDS:
            return Row(label, word=target)
        if target in self._plan.node_names(flow.flow):
            return Row(label, self._id("node", flow.flow, target))
        return Row(label, self._put_outside("missing", target, "", flow.flow, source))

    def _find_flow(self, target: Jump, flow: str, source: str) -> str:
        vertex = resolve(self._plan, flow, target)
        if vertex is not None and vertex[0] in self._names:
            return self._id("node", *vertex)
        known = self._plan.flows.get(target.flow)
        kind = "flow" if target.flow in self._plan.flow_names() else "missing"
        return self._put_outside(kind, target.flow, known.title if known else "", flow, source)

    def _put_outside(self, kind: str, name: str, text: str, flow: str, source: str) -> str:
        """A box of its own for each node that leads there: long arrows are hard to follow."""
        id_ = self._id(kind, name, flow, source)
        self.outside.setdefault(id_, Box(id_, kind, name, text))
        return id_


def _describe(node: nodes.AnyNode, plan: Plan) -> str:
    match node:
        case nodes.Say() | nodes.Menu() | nodes.Collect() | nodes.Record() | nodes.Hangup():
            return in_words(node.say, plan)
        case nodes.Set():
            return ", ".join((*node.values, *node.compute))
        case nodes.Lookup():
            return f"{node.source} → {node.into}"
        case nodes.Hours():
            return node.calendar
        case nodes.Language() | nodes.Transfer():
            return node.to
        case nodes.Subflow():
            known = plan.flows.get(node.flow)
            return f"{known.title}\n{node.flow}" if known else node.flow
        case _:
            return ""


def _label(node: nodes.AnyNode, path: Path, plan: Plan) -> str:
    """What leads to an exit, from the place where it is written."""
    match path:
        case ("cases", int(index), _) if isinstance(node, nodes.Choose):
            return _condition(node.cases[index])
        case ("options", int(index), _) if isinstance(node, nodes.Transfer):
            option = node.options[index]
            return f"{option.key}  {in_words(option.label, plan) or option.name}"
        case ("visits", _) if node.visits is not None:
            return f"after {node.visits.at_most} visits"
        case ("keys", str(keys), _):
            return f"key {keys}"
        case ("on_silence", int(index), _):
            return f"silence {index + 1}"
        case ("on_wrong_key", int(index), _):
            return f"wrong key {index + 1}"
        case (str(name), *_):
            return _NAMES.get(name, name.replace("_", " "))
        case _:
            return ""


def _condition(case: nodes.Case) -> str:
    if case.when is not None:
        return case.when
    return ", ".join(f"{name} = {value}" for name, value in (case.equals or {}).items())


def list_unreadable(plan: Plan) -> list[str]:
    """The flows of which nothing could be read."""
    files = {file for file, path in plan.unread if not path}
    return [name for name in plan.flow_names() if flow_file(name) in files]
