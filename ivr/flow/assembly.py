"""From the files of a flow directory to a bundle, or every fault of all of them at once.

Pure: takes the bytes of the files by their path below the directory. A part that cannot be read is
left out, and the others are checked as if it were right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from ivr.flow import checks
from ivr.flow.bundle import Bundle, Flow, Hotline
from ivr.flow.calendars import Calendar, Calendars
from ivr.flow.faults import Fault, Finding, Path, sort_faults
from ivr.flow.holidays import NO_HOLIDAYS, Holidays
from ivr.flow.nodes import Habits
from ivr.flow.plan import (
    CALENDARS_FILE,
    HOTLINE_FILE,
    SOURCES_FILE,
    Plan,
    flow_file,
    table_file,
    texts_file,
)
from ivr.flow.reading import ModelType, read_model
from ivr.flow.source import Document
from ivr.flow.sources import AnySource, Sources, Table, TableSource
from ivr.flow.translation import Phrases, Translation, translate
from ivr.flow.tree import Plain, Tree
from ivr.flow.versions import tell_newer

_EMPTY = b"{}"


@dataclass
class _Desk:
    """What lies on the table while a directory is read."""

    files: Mapping[str, bytes]
    documents: dict[str, Document] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unread: set[tuple[str, Path]] = field(default_factory=set)

    def open(self, file: str, root: type[dict[Any, Any] | list[Any]] = dict) -> Tree | None:
        """The tree of a file, None when it is missing or not YAML."""
        if file not in self.documents:
            data = self.files.get(file, _EMPTY)
            self.documents[file] = Document(file, data, root=root)
        return self.documents[file].tree


def assemble(
    files: Mapping[str, bytes],
    phrases: Phrases,
    holidays: Holidays = NO_HOLIDAYS,
    *,
    today: date | None = None,
    shown: Callable[[str], str] = str,
) -> tuple[Bundle | None, list[Fault]]:
    """The bundle of a directory, and its faults in the order of files and lines.

    The bundle is None when there is a fault that is more than a warning. `holidays` go into a
    bundle that has calendars. Without `today` nothing is warned of as out of date. `shown` makes
    of a file's path what the faults call it.
    """
    desk = _Desk(files)
    desk.open(HOTLINE_FILE)
    if tell_newer(desk.documents[HOTLINE_FILE]):
        return None, [_show(fault, shown) for fault in desk.documents[HOTLINE_FILE].faults]
    plan = _read_plan(desk, holidays)
    translation = _translate(desk, plan, phrases)
    desk.findings += translation.findings
    desk.findings += checks.find_faults(plan, translation.written, today)
    faults = [fault for document in desk.documents.values() for fault in document.faults]
    faults += filter(None, (_locate(desk, finding) for finding in desk.findings))
    faults = sort_faults(_show(fault, shown) for fault in faults)
    if any(fault.severity == "fault" for fault in faults):
        return None, faults
    bundle = Bundle(
        plan.hotline,
        plan.flows,
        plan.sources,
        translation.texts,
        plan.tables,
        plan.calendars,
        plan.holidays,
        plan.webhooks,
    )
    return bundle, faults


def _locate(desk: _Desk, finding: Finding) -> Fault | None:
    desk.open(finding.file)
    return desk.documents[finding.file].locate(finding)


def _show(fault: Fault, shown: Callable[[str], str]) -> Fault:
    return replace(fault, file=shown(fault.file))


def _read_plan(desk: _Desk, holidays: Holidays) -> Plan:
    hotline = _read_hotline(desk)
    flows = dict(_read_flows(desk))
    read = _read_entries(desk, SOURCES_FILE, Sources) or Sources()
    tables = dict(_read_tables(desk, read.sources))
    calendars = _read_calendars(desk)
    known = holidays if calendars else NO_HOLIDAYS
    unread = frozenset(desk.unread)
    return Plan(
        hotline, flows, read.sources, tables, unread, calendars, known, webhooks=read.webhooks
    )


def _read_hotline(desk: _Desk) -> Hotline:
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
    kept = {name: part for name, part in _entries(tree).items() if name not in bad}
    plain = {"hotline": "none", "numbers": {}, "languages": ["id"], "defaults": {}}
    usable = {**plain, **{name: part.plain() for name, part in kept.items()}}
    return Hotline.model_validate(usable, by_alias=True, by_name=False)


def _entries(tree: Tree) -> Mapping[str, Tree]:
    return tree.value if isinstance(tree.value, dict) else {}


def _read_flows(desk: _Desk) -> Iterator[tuple[str, Flow]]:
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


def _read_flow(desk: _Desk, name: str, tree: Tree) -> Flow | None:
    """The flow as far as it can be read, None when it has no usable node."""
    file = flow_file(name)
    flow, findings, paths = read_model(Flow, tree, file)
    desk.findings += findings
    if flow is not None and flow.flow != name:
        values = {"name": flow.flow, "expected": name}
        desk.findings.append(Finding("flow-file", file, ("flow",), values))
        desk.unread.add((file, ("flow",)))
        return flow.model_copy(update={"flow": name})
    return flow or _read_rest(desk, name, tree, paths)


def _read_rest(desk: _Desk, name: str, tree: Tree, bad: list[Path]) -> Flow | None:
    file = flow_file(name)
    places = {path[:2] if path[:1] == ("nodes",) else path[:1] for path in bad}
    desk.unread |= {(file, place) for place in places}
    if not all(places) or ("nodes",) in places:
        return None
    nodes: dict[str, Plain] = {
        node: part.plain()
        for node, part in _entries(_entries(tree)["nodes"]).items()
        if ("nodes", node) not in places
    }
    if not nodes:
        return None
    kept = {
        field: part.plain()
        for field, part in _entries(tree).items()
        if (field,) not in places and field != "nodes"
    }
    head: dict[str, Plain] = {"title": "?", "start": next(iter(nodes)), **kept, "flow": name}
    return read_model(Flow, tree, file, {**head, "nodes": nodes})[0]


def _read_calendars(desk: _Desk) -> Mapping[str, Calendar]:
    read = _read_entries(desk, CALENDARS_FILE, Calendars)
    return read.calendars if read is not None else {}


def _read_entries(desk: _Desk, file: str, model: type[ModelType]) -> ModelType | None:
    """A file whose fields are entries by name, without those entries that cannot be read."""
    if file not in desk.files:
        return None
    tree = desk.open(file)
    if tree is None:
        desk.unread.add((file, ()))
        return None
    read, findings, paths = read_model(model, tree, file)
    desk.findings += findings
    if read is not None:
        return read
    places = {path[:2] for path in paths}
    desk.unread |= {(file, place) for place in places}
    kept: dict[str, Plain] = {
        field: {
            name: part.plain()
            for name, part in _entries(_entries(tree)[field]).items()
            if (field, name) not in places
        }
        for field in model.model_fields
        if field in _entries(tree)
    }
    return read_model(model, tree, file, kept)[0]


def _read_tables(desk: _Desk, sources: Mapping[str, AnySource]) -> Iterator[tuple[str, Table]]:
    for name, source in sources.items():
        if not isinstance(source, TableSource):
            continue
        file = table_file(source.table)
        if file not in desk.files:
            values = {"name": source.table, "file": file}
            desk.findings.append(
                Finding("no-table", SOURCES_FILE, ("sources", name, "table"), values)
            )
            continue
        tree = desk.open(file, list)
        if tree is not None:
            rows = tuple(_read_rows(desk, file, tree))
            yield name, Table(rows, hashlib.sha256(desk.files[file]).hexdigest())


def _read_rows(desk: _Desk, file: str, tree: Tree) -> Iterator[Mapping[str, str]]:
    for index, row in enumerate(tree.value if isinstance(tree.value, list) else ()):
        cells = {name: cell.value for name, cell in _entries(row).items()}
        texts = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
        if not isinstance(row.value, dict) or len(texts) < len(cells):
            desk.findings.append(Finding("bad-row", file, (index,)))
        yield MappingProxyType(texts)


def _translate(desk: _Desk, plan: Plan, phrases: Phrases) -> Translation:
    if plan.lacks(HOTLINE_FILE, "languages"):
        return Translation()
    languages = [
        file.removeprefix("texts/").removesuffix(".yaml")
        for file in sorted(desk.files)
        if file.startswith("texts/")
    ]
    return translate(plan, {name: desk.open(texts_file(name)) for name in languages}, phrases)
