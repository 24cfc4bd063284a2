"""`hotline.yaml` and the flow files as models, as far as they can be read.

A part that cannot be read is left out, so that the rest is checked all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.flow.bundle import Flow, Hotline
from ivr.flow.desk import Desk, entries_of
from ivr.flow.faults import Finding, Path
from ivr.flow.nodes import Habits
from ivr.flow.plan import CALENDARS_FILE, HOTLINE_FILE, SOURCES_FILE, flow_file
from ivr.flow.reading import read_model
from ivr.flow.scalars import FLOW_NAME
from ivr.flow.tree import Plain, Tree


def read_hotline(desk: Desk) -> Hotline:
    """The hotline without what cannot be read of it."""
    tree = desk.open(HOTLINE_FILE)
    if HOTLINE_FILE not in desk.files:
        desk.findings.append(Finding("no-hotline", HOTLINE_FILE, ()))
        tree = None
    nothing = Hotline(hotline="none", numbers={}, languages=("id",), defaults=Habits(), person=None)
    if tree is None:
        desk.unread.add((HOTLINE_FILE, ()))
        return nothing
    hotline, findings, paths = read_model(Hotline, tree, HOTLINE_FILE)
    desk.findings += findings
    if hotline is not None:
        return hotline
    bad = {str(path[0]) for path in paths}
    desk.unread |= {(HOTLINE_FILE, (name,)) for name in bad}
    kept = {name: part for name, part in entries_of(tree).items() if name not in bad}
    plain = {"hotline": "none", "numbers": {}, "languages": ["id"], "defaults": {}}
    usable = {**plain, **{name: part.plain() for name, part in kept.items()}}
    return Hotline.model_validate(usable, by_alias=True, by_name=False)


def read_flows(desk: Desk) -> Iterator[tuple[str, Flow]]:
    """Every flow of which something can be read, by its name."""
    special = (HOTLINE_FILE, SOURCES_FILE, CALENDARS_FILE)
    for file in sorted(desk.files):
        if file in special or file.startswith(("texts/", "data/", "calls/")):
            continue
        name = file.removesuffix(".yaml")
        tree = desk.open(file)
        flow = _read_flow(desk, name, tree) if tree is not None else None
        if flow is None:
            desk.unread.add((file, ()))
        else:
            yield name, flow


def _read_flow(desk: Desk, name: str, tree: Tree) -> Flow | None:
    """The flow as far as it can be read, None when it has no usable node."""
    file = flow_file(name)
    flow, findings, paths = read_model(Flow, tree, file)
    desk.findings += findings
    if flow is not None and flow.flow != name:
        desk.findings.append(_blame_name(flow.flow, name, file))
        desk.unread.add((file, ("flow",)))
        return flow.model_copy(update={"flow": name})
    return flow or _read_rest(desk, name, tree, paths)


def _blame_name(written: str, expected: str, file: str) -> Finding:
    """A flow must be called as its file, whose name must be fit to be one."""
    if not re.fullmatch(FLOW_NAME, expected):
        return Finding("file-name", file, (), {"name": written})
    return Finding("flow-file", file, ("flow",), {"name": written, "expected": expected})


def _read_rest(desk: Desk, name: str, tree: Tree, bad: list[Path]) -> Flow | None:
    file = flow_file(name)
    places = {path[:2] if path[:1] == ("nodes",) else path[:1] for path in bad}
    desk.unread |= {(file, place) for place in places}
    if not all(places) or ("nodes",) in places:
        return None
    nodes: dict[str, Plain] = {
        node: part.plain()
        for node, part in entries_of(entries_of(tree)["nodes"]).items()
        if ("nodes", node) not in places
    }
    if not nodes:
        return None
    kept = {
        field: part.plain()
        for field, part in entries_of(tree).items()
        if (field,) not in places and field != "nodes"
    }
    head: dict[str, Plain] = {"title": "?", "start": next(iter(nodes)), **kept, "flow": name}
    return read_model(Flow, tree, file, {**head, "nodes": nodes})[0]
