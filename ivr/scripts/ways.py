"""The ways out of every node, as names: those that a bundle has, and those that a call took.

A way is a place (`tax.main`) and a word: `option filing`, `give up silence`, `found`, `case 1` ….
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, assert_never

from ivr.flow import nodes
from ivr.flow.bundle import Bundle, Flow
from ivr.flow.scalars import Jump

Way: TypeAlias = tuple[str, str]

_FAULTS = ("silence", "wrong_key")


def list_ways(bundle: Bundle) -> set[Way]:
    """Every way out of every node of the bundle."""
    return {
        (f"{flow.flow}.{name}", way)
        for flow in bundle.flows.values()
        for name, node in flow.nodes.items()
        for way in (*_own(bundle, flow, node), *(["visits"] if node.visits else []))
    }


def _own(  # noqa: C901 - one case for each kind
    bundle: Bundle, flow: Flow, node: nodes.AnyNode
) -> Iterator[str]:
    match node:
        case nodes.Menu():
            yield from (f"option {option.name}" for option in node.options)
            yield from _listening(bundle, flow, node, {option.key for option in node.options})
        case nodes.Collect():
            yield from ("accepted", *(f"rejected {reason}" for reason in node.on_invalid))
            yield from _confirming(bundle, flow, node) if node.confirm else ()
            yield from _listening(bundle, flow, node, set())
        case nodes.Record():
            yield from ("recorded", "nothing", "hangup")
            yield from _reviewing(bundle, flow, node) if node.review else ()
        case nodes.Consent():
            yield from ("given", "refused key", "hangup")
            yield from _answering(bundle, flow, node, {node.agree, node.refuse})
        case nodes.Choose():
            yield from (f"case {number}" for number in range(len(node.cases) + 1))
        case nodes.Lookup():
            yield from ("found", "not_found", "failed")
        case nodes.Hours():
            yield from ("open", "closed")
            yield from (way for way in ("holiday", "unknown") if getattr(node, way) is not None)
        case nodes.Transfer():
            yield from (f"option {option.name}" for option in node.options)
            queue = bundle.hotline.destinations[node.to].queue is not None
            never = {"busy"} if queue else {"queue_full", "queue_closed"}
            yield from ("ended", "hangup", *(way for way in node.unhappy() if way not in never))
        case nodes.Notify():
            yield from ("next", "failed")
        case nodes.Say() | nodes.Set() | nodes.Language() | nodes.Subflow():
            yield "next"
        case nodes.Hangup():
            yield "ended"
        case _:
            assert_never(node)


def _reviewing(bundle: Bundle, flow: Flow, node: nodes.Record) -> Iterator[str]:
    own = node.review_keys
    yield from ("kept", "played", "spoken again")
    yield from _answering(bundle, flow, node, {own.keep, own.listen, own.again, node.finish})


def _answering(bundle: Bundle, flow: Flow, node: nodes.Listening, own: set[str]) -> Iterator[str]:
    yield from (f"key {keys}" for keys in _universals(bundle, flow, node) if keys not in own)
    for fault in _FAULTS:
        yield from (fault, f"give up {fault}")


def _confirming(bundle: Bundle, flow: Flow, node: nodes.Collect) -> Iterator[str]:
    yield from ("right", "again")
    yield from (f"key {keys}" for keys in _universals(bundle, flow, node))


def _universals(bundle: Bundle, flow: Flow, node: nodes.Listening) -> Iterator[str]:
    merged = {**bundle.hotline.keys, **flow.keys, **node.keys}
    return (keys for keys, action in merged.items() if action != "off")


def _listening(
    bundle: Bundle, flow: Flow, node: nodes.Menu | nodes.Collect, own: set[str]
) -> Iterator[str]:
    yield "hangup"
    for keys in _universals(bundle, flow, node):
        star = "" if keys[0] == "*" or isinstance(node, nodes.Menu) else "*"
        if keys not in own:
            yield f"key {star}{keys}"
    if isinstance(node, nodes.Menu) and node.otherwise is not None:
        yield "otherwise"
        return
    for fault in _FAULTS:
        yield from (fault, f"give up {fault}")


@dataclass
class Watch:
    """What the events of a call, in their order, say of the ways that it took."""

    bundle: Bundle
    taken: set[Way] = field(default_factory=set)
    _here: tuple[str, str] = ("", "")
    _left: bool = True
    _subflows: list[tuple[str, str]] = field(default_factory=list)

    def copy(self) -> Watch:
        """Another watch that goes on from here."""
        return replace(self, taken=set(self.taken), _subflows=list(self._subflows))

    def see(self, event: Mapping[str, Any]) -> None:
        """The next event, as the journal has it."""
        if event["type"] == "node.entered":
            self._enter(event["flow"], event["node"])
        elif event["type"] == "call.ended":
            self._end()
        elif event["type"] in _NAMED:
            self._left = self._left or event["type"] in _LEAVING
            way = _NAMED[event["type"]](event)
            self.taken.add((f"{event['flow']}.{event['node']}", way))

    def _enter(self, flow: str, name: str) -> None:
        if not self._left:
            self._pass_on()
        if self._subflows and self._next_of(self._subflows[-1]) == (flow, name):
            self.taken.add((".".join(self._subflows.pop()), "next"))
        self._here, self._left = (flow, name), False
        if isinstance(self._node(self._here), nodes.Subflow):
            self._subflows.append(self._here)

    def _pass_on(self) -> None:
        """The node was left without a word of its own in the journal."""
        match self._node(self._here):
            case nodes.Say() | nodes.Set() | nodes.Language():
                self._take("next")
            case nodes.Record():
                self._take("nothing")
            case nodes.Menu(otherwise=otherwise) if otherwise is not None:
                self._take("otherwise")

    def _end(self) -> None:
        if self._here[0] and isinstance(self._node(self._here), nodes.Hangup):
            self._take("ended")

    def _take(self, way: str) -> None:
        self.taken.add((".".join(self._here), way))

    def _node(self, place: tuple[str, str]) -> nodes.AnyNode:
        return self.bundle.flows[place[0]].nodes[place[1]]

    def _next_of(self, place: tuple[str, str]) -> tuple[str, str]:
        node = self._node(place)
        assert isinstance(node, nodes.Subflow)
        if isinstance(node.next, Jump):
            return node.next.flow, node.next.node or self.bundle.flows[node.next.flow].start
        return place[0], node.next


_LEAVING = frozenset(
    {
        "menu.chosen",
        "universal.used",
        "tries.exhausted",
        "message.recorded",
        "message.kept",
        "consent.given",
        "consent.refused",
        "caller.hung_up",
        "transfer.ended",
    }
)
"""Events after which the node was not left by itself."""


_NAMED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "menu.chosen": lambda event: f"option {event['option']}",
    "universal.used": lambda event: f"key {event['keys']}",
    "input.silent": lambda event: "silence",
    "input.wrong": lambda event: "wrong_key",
    "input.rejected": lambda event: f"rejected {event['reason']}",
    "input.accepted": lambda event: "accepted",
    "input.confirmed": lambda event: "right" if event["right"] else "again",
    "tries.exhausted": lambda event: (
        "visits" if event["reason"] == "visits" else f"give up {event['reason']}"
    ),
    "case.taken": lambda event: f"case {event['case']}",
    "source.answered": lambda event: str(event["result"]),
    "webhook.answered": lambda event: "next" if event["result"] == "accepted" else "failed",
    "hours.checked": lambda event: str(event["exit"]),
    "message.recorded": lambda event: "hangup" if event["ended"] == "hangup" else "recorded",
    "message.kept": lambda event: "kept" if event["how"] == "key" else "recorded",
    "message.played": lambda event: "played",
    "message.rejected": lambda event: "spoken again",
    "consent.given": lambda event: "given",
    "consent.refused": lambda event: f"refused {event['how']}",
    "caller.hung_up": lambda event: "hangup",
    "transfer.ended": lambda event: {
        "key": f"option {event['option']}",
        "left": "hangup",
    }.get(event["result"], event["result"]),
}
"""The way that an event tells of, by its type."""


def ways_of(bundle: Bundle, events: Iterable[Mapping[str, Any]]) -> frozenset[Way]:
    """The ways that a call with these events took."""
    watch = Watch(bundle)
    for event in events:
        watch.see(event)
    return frozenset(watch.taken)
