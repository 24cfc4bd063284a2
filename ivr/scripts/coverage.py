"""Which of the written exits of a bundle the played calls have taken. Pure.

An exit that a node writes itself counts for itself. One that nodes inherit from their flow or from
the hotline counts once for each kind of node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import assert_never

from ivr.flow import nodes
from ivr.flow.bundle import Bundle, Flow
from ivr.flow.faults import Path
from ivr.flow.graph import listens_for_keys, own_keys
from ivr.flow.plan import HOTLINE_FILE, flow_file
from ivr.scripts.ways import Way

_GIVE_UP = ("give up silence", "give up wrong_key")


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out as it is written. `place` is a node or a kind of node, `name` what it says there,
    `file` and `path` where. Any of `ways` takes it."""

    place: str
    name: str
    file: str
    path: Path
    ways: frozenset[Way]
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the exits were taken, and those that were not."""

    own: int
    own_taken: int
    inherited: int
    inherited_taken: int
    missing: tuple[Exit, ...]


def measure(bundle: Bundle, taken: Set[Way]) -> Coverage:
    """The coverage by all ways that were taken."""
    exits = list_exits(bundle)
    missing = tuple(one for one in exits if one.ways.isdisjoint(taken))
    own, inherited = _split(exits)
    own_missing, inherited_missing = _split(missing)
    return Coverage(own, own - own_missing, inherited, inherited - inherited_missing, missing)


def _split(exits: Iterable[Exit]) -> tuple[int, int]:
    marks = [one.inherited for one in exits]
    return marks.count(False), marks.count(True)


def list_exits(bundle: Bundle) -> list[Exit]:
    """Every written exit: those of the nodes, then the inherited ones."""
    own = [
        exit_
        for flow in bundle.flows.values()
        for name, node in flow.nodes.items()
        for exit_ in _own(bundle, flow, name, node)
    ]
    return [*own, *_inherited(bundle)]


def _own(bundle: Bundle, flow: Flow, name: str, node: nodes.AnyNode) -> Iterator[Exit]:
    place = f"{flow.flow}.{name}"
    file, path = flow_file(flow.flow), ("nodes", name)

    def leave(name: str, below: Path, *ways: str) -> Exit:
        return Exit(place, name, file, (*path, *below), frozenset((place, way) for way in ways))

    for said, below, *ways in (*_outcomes(bundle, node), *_heard(node)):
        yield leave(said, below, *ways)
    if node.visits is not None:
        yield leave("visits", ("visits",), "visits")


_Written = tuple[str, Path, *tuple[str, ...]]
"""The name of an exit, its path below the node, and the ways that take it."""


def _outcomes(bundle: Bundle, node: nodes.AnyNode) -> Iterator[_Written]:  # noqa: C901 - each kind
    match node:
        case nodes.Menu():
            yield from _options(node.options)
            yield from _present(node, "otherwise")
        case nodes.Collect():
            yield "next", ("next",), "accepted"
            for reason in node.on_invalid:
                yield f"on_invalid {reason}", ("on_invalid", reason), f"rejected {reason}"
            if node.confirm is not None:
                yield "confirm: again", ("confirm",), "again"
        case nodes.Record():
            yield "next", ("next",), "recorded", "kept"
            yield "on_nothing", ("on_nothing",), "nothing"
            if node.review:
                yield "review: keep", ("review",), "kept"
                yield "review: listen", ("review",), "played"
                yield "review: again", ("review",), "spoken again"
        case nodes.Consent():
            yield "granted", ("granted",), "given"
            yield "refused", ("refused",), "refused key"
        case nodes.Choose():
            for index in range(len(node.cases)):
                yield f"case {index + 1}", ("cases", index), f"case {index + 1}"
            yield "else", ("else",), "case 0"
        case nodes.Lookup():
            yield from _present(node, "found", "not_found", "failed")
        case nodes.Notify():
            yield from _present(node, "next", "failed")
        case nodes.Hours():
            yield from _present(node, "open", "closed", "holiday", "unknown")
        case nodes.Transfer():
            yield from _options(node.options)
            yield from _ends(bundle, node)
        case nodes.Say() | nodes.Set() | nodes.Language() | nodes.Subflow():
            yield "next", ("next",), "next"
        case nodes.Hangup():
            yield "the end", (), "ended"
        case _:
            assert_never(node)


def _options(options: Iterable[nodes.Option]) -> Iterator[_Written]:
    for index, option in enumerate(options):
        yield f"option {option.name}", ("options", index), f"option {option.name}"


def _present(node: nodes.AnyNode, *names: str) -> Iterator[_Written]:
    """Exits whose way is called as their field."""
    written = node.model_fields_set
    yield from ((name, (name,), name) for name in names if name in written)


def _ends(bundle: Bundle, node: nodes.Transfer) -> Iterator[_Written]:
    yield "ended", ("ended",), "ended"
    unhappy = bundle.hotline.destinations[node.to].unhappy
    written = [name for name in unhappy if name in node.model_fields_set]
    yield from ((name, (name,), name) for name in written)
    rest = [name for name in unhappy if name not in written]
    if node.otherwise is not None and rest:
        yield "otherwise", ("otherwise",), *rest
    if node.on_hangup is not None:
        yield "on_hangup", ("on_hangup",), "hangup"


def _heard(node: nodes.AnyNode) -> Iterator[_Written]:
    """What a node that listens writes of its own about silence, wrong keys, giving up, keys."""
    if not isinstance(node, nodes.Listening):
        return
    for field in _fields(node):
        yield field, (field,), *_ways(field)
    for keys, action in node.keys.items():
        if action != "off":
            yield f"key {keys}", ("keys", keys), *_key_ways(node, keys)
    if node.on_hangup is not None:
        yield "on_hangup", ("on_hangup",), "hangup"


def _fields(habits: nodes.Habits) -> Iterator[str]:
    for field in ("on_silence", "on_wrong_key", "on_give_up"):
        if field in habits.model_fields_set:
            yield field


def _ways(field: str) -> tuple[str, ...]:
    return _GIVE_UP if field == "on_give_up" else (field.removeprefix("on_"),)


def _key_ways(node: nodes.AnyNode, keys: str) -> tuple[str, ...]:
    """In a collect a key follows a star, except where digits are confirmed."""
    return (f"key *{keys}", f"key {keys}") if isinstance(node, nodes.Collect) else (f"key {keys}",)


def _inherited(bundle: Bundle) -> Iterator[Exit]:
    for flow in bundle.flows.values():
        yield from _level(flow_file(flow.flow), [flow], flow.defaults, flow.keys, above=False)
    hotline = bundle.hotline
    flows = list(bundle.flows.values())
    yield from _level(HOTLINE_FILE, flows, hotline.defaults, hotline.keys, above=True)


def _level(
    file: str, flows: Iterable[Flow], habits: nodes.Habits, keys: nodes.Keys, *, above: bool
) -> Iterator[Exit]:
    """The exits that nodes inherit from a flow's own level, or from the hotline `above`."""
    heirs = [
        (f"{flow.flow}.{name}", node, flow)
        for flow in flows
        for name, node in flow.nodes.items()
        if _hears_keys(node)
    ]
    for field in _fields(habits):
        yield from _for_kinds(
            field,
            file,
            ("defaults", field),
            [
                (place, node, _ways(field))
                for place, node, flow in heirs
                if field not in node.model_fields_set
                and not (above and field in flow.defaults.model_fields_set)
                and _inherits(node, field)
            ],
        )
    for key in (key for key, action in keys.items() if action != "off"):
        yield from _for_kinds(
            f"key {key}",
            file,
            ("keys", key),
            [
                (place, node, _key_ways(node, key))
                for place, node, flow in heirs
                if not _is_taken(node, flow, key, above=above)
            ],
        )


def _hears_keys(node: nodes.AnyNode) -> bool:
    return listens_for_keys(node)


def _inherits(node: nodes.AnyNode, field: str) -> bool:
    """Whether the field means anything in the node when it stands further up."""
    if isinstance(node, nodes.Menu) and node.otherwise is not None:
        return False
    return field != "on_give_up" or not isinstance(node, nodes.Consent | nodes.Record)


def _is_taken(node: nodes.AnyNode, flow: Flow, key: str, *, above: bool) -> bool:
    """Whether something nearer says what the key does."""
    assert isinstance(node, nodes.Listening)
    return key in own_keys(node) or key in node.keys or (above and key in flow.keys)


def _for_kinds(
    name: str,
    file: str,
    path: Path,
    heirs: Iterable[tuple[str, nodes.AnyNode, tuple[str, ...]]],
) -> Iterator[Exit]:
    by_kind: dict[str, set[Way]] = {}
    for place, node, ways in heirs:
        by_kind.setdefault(node.type, set()).update((place, way) for way in ways)
    for kind, found in by_kind.items():
        yield Exit(f"any {kind}", name, file, path, frozenset(found), inherited=True)
