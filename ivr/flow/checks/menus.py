"""Keys and options: each key means one thing, each option leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from ivr.flow import identifiers, nodes
from ivr.flow.bundle import Flow
from ivr.flow.faults import Finding, Path
from ivr.flow.graph import own_keys
from ivr.flow.plan import HOTLINE_FILE, Plan, flow_file, unknown

CONFIRMATION = ("1", "2")
"""The keys that answer a read-back, in `ivr.engine.collect`."""


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about keys, options and reasons for refusing digits."""
    yield from _check_inherited(plan)
    for flow, _, node, path in plan.each_node():
        file = flow_file(flow.flow)
        if isinstance(node, nodes.Menu):
            yield from _check_options(node, file, path)
            yield from _check_prefixes(plan, flow, node, own_keys(node), path)
        if isinstance(node, nodes.Consent) or (isinstance(node, nodes.Record) and node.review):
            yield from _check_answers(plan, flow, node, path)
        if isinstance(node, nodes.Transfer):
            yield from _check_options(node, file, path)
        if isinstance(node, nodes.Collect):
            yield from _check_collect(plan, flow, node, path)


def _check_answers(
    plan: Plan, flow: Flow, node: nodes.Consent | nodes.Record, path: Path
) -> Iterator[Finding]:
    """The keys that the engine's own sentences name: each means one thing."""
    own = own_keys(node)
    if len(own) < (2 if isinstance(node, nodes.Consent) else 3):
        place = "refuse" if isinstance(node, nodes.Consent) else "review_keys"
        yield Finding("answer-twice", flow_file(flow.flow), (*path, place))
    yield from _check_prefixes(plan, flow, node, own, path)


def _check_options(node: nodes.Menu | nodes.Transfer, file: str, path: Path) -> Iterator[Finding]:
    common, into = (node.next, node.into) if isinstance(node, nodes.Menu) else (None, None)
    keys: set[str] = set()
    names: set[str] = set()
    for index, option in enumerate(node.options):
        place = (*path, "options", index)
        values = {"key": option.key, "name": option.name}
        if option.key in keys:
            yield Finding("key-twice", file, (*place, "key"), values)
        if option.name in names:
            yield Finding("option-twice", file, (*place, "name"), values)
        if option.next is None and common is None:
            yield Finding("option-without-next", file, place, values)
        if option.value is not None and into is None:
            yield Finding("value-without-into", file, (*place, "value"), values)
        if option.label is None and option.spoken and node.say is None:
            yield Finding("option-without-label", file, place, values)
        keys.add(option.key)
        names.add(option.name)


def _universals(plan: Plan, flow: Flow, node: nodes.Listening) -> dict[str, nodes.KeyAction]:
    merged = {**plan.hotline.keys, **flow.keys, **node.keys}
    return {keys: action for keys, action in merged.items() if action != "off"}


def _check_prefixes(
    plan: Plan,
    flow: Flow,
    node: nodes.Listening,
    own: Mapping[str, Path],
    path: Path,
) -> Iterator[Finding]:
    """A key that begins another would have to wait for the other's second press."""
    places: dict[str, Path] = {**{keys: ("keys", keys) for keys in node.keys}, **own}
    inherited = [key for key in _universals(plan, flow, node) if key not in places]
    here = [key for key in places if node.keys.get(key) != "off" or key in own]
    for key in here:
        for other in (*here, *inherited):
            longer, shorter = (key, other) if len(key) > len(other) else (other, key)
            if other != key and _hides(shorter, longer) and (key == longer or other not in here):
                values = {"key": longer, "other": shorter}
                yield Finding("key-prefix", flow_file(flow.flow), (*path, *places[key]), values)


def _hides(shorter: str, longer: str) -> bool:
    """Whether the longer key can never be typed, or only by waiting. `*` and `**` can be told
    apart: the engine waits a moment after the first (`ivr.engine.keys.TWICE`)."""
    return longer.startswith(shorter) and (shorter, longer) != ("*", "**")


def _check_inherited(plan: Plan) -> Iterator[Finding]:
    """Universal keys that begin one another, at the level where the second of them is written."""
    nothing: nodes.Keys = {}
    levels = [(HOTLINE_FILE, plan.hotline.keys, nothing)]
    levels += [(flow_file(flow.flow), flow.keys, plan.hotline.keys) for flow in plan.flows.values()]
    for file, keys, above in levels:
        known = {key: action for key, action in {**above, **keys}.items() if action != "off"}
        for one, other in combinations(known, 2):
            longer, shorter = (one, other) if len(one) > len(other) else (other, one)
            here = longer if longer in keys else shorter
            if _hides(shorter, longer) and here in keys:
                values = {"key": longer, "other": shorter}
                yield Finding("key-prefix", file, ("keys", here), values)


def _check_collect(plan: Plan, flow: Flow, node: nodes.Collect, path: Path) -> Iterator[Finding]:
    file = flow_file(flow.flow)
    possible = identifiers.reasons(node.kind)
    for reason in node.on_invalid:
        if reason not in possible:
            place = (*path, "on_invalid", reason)
            more = {"reasons": ", ".join(possible)}
            yield unknown("unknown-reason", file, place, reason, possible, **more)
    lengths = node.lengths()
    if lengths is not None and not 1 <= lengths[0] <= lengths[1]:
        yield Finding("digits-range", file, (*path, "digits"), {"value": node.digits or ""})
    if node.confirm is not None:
        own: dict[str, Path] = dict.fromkeys(CONFIRMATION, ("confirm",))
        yield from _check_prefixes(plan, flow, node, own, path)
