"""From the files of a flow directory to a bundle, or every fault of all of them at once.

Pure: takes the bytes of the files by their path below the directory. A part that cannot be read is
left out, and the others are checked as if it were right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from ivr.flow import checks
from ivr.flow.acceptance import Accepted, accepted_file, find_stale, read_accepted
from ivr.flow.bundle import Bundle
from ivr.flow.calendars import Calendar, Calendars
from ivr.flow.desk import Desk, entries_of
from ivr.flow.faults import Fault, Finding, sort_faults
from ivr.flow.flow_files import read_flows, read_hotline
from ivr.flow.holidays import NO_HOLIDAYS, Holidays
from ivr.flow.plan import (
    CALENDARS_FILE,
    HOTLINE_FILE,
    SOURCES_FILE,
    Plan,
    table_file,
    texts_file,
)
from ivr.flow.reading import ModelType, read_model
from ivr.flow.remarks import find_remarks
from ivr.flow.source import Document
from ivr.flow.sources import AnySource, Sources, Table, TableSource
from ivr.flow.translation import Phrases, Translation, translate
from ivr.flow.tree import Plain, Tree
from ivr.flow.versions import tell_newer

_ACCEPTED = re.compile(re.escape(accepted_file("LANGUAGE")).replace("LANGUAGE", "([^/]+)"))


@dataclass(frozen=True)
class Examined:
    """A directory as far as it could be read; `bundle` None when it has a fault.

    `faults` are in the order of files and lines, warnings among them. `translation` holds every
    text of `plan`, whatever is wrong elsewhere; `accepted` is by language.
    """

    plan: Plan
    translation: Translation
    accepted: Mapping[str, Accepted]
    bundle: Bundle | None
    faults: list[Fault]


def assemble(
    files: Mapping[str, bytes],
    phrases: Phrases,
    holidays: Holidays = NO_HOLIDAYS,
    *,
    today: date | None = None,
    shown: Callable[[str], str] = str,
) -> tuple[Bundle | None, list[Fault]]:
    """The bundle of a directory, and its faults; see `examine`."""
    examined = examine(files, phrases, holidays, today=today, shown=shown)
    return examined.bundle, examined.faults


def examine(
    files: Mapping[str, bytes],
    phrases: Phrases,
    holidays: Holidays = NO_HOLIDAYS,
    *,
    today: date | None = None,
    shown: Callable[[str], str] = str,
) -> Examined:
    """Read and check a directory.

    `holidays` go into a bundle that has calendars. Without `today` nothing is warned of as out of
    date. `shown` makes of a file's path what the faults call it.
    """
    desk = Desk(files)
    desk.open(HOTLINE_FILE)
    if tell_newer(desk.documents[HOTLINE_FILE]):
        return _refuse(desk.documents[HOTLINE_FILE], shown)
    plan = _read_plan(desk, holidays)
    translation = _translate(desk, plan, phrases)
    accepted = {name: read_accepted(desk.open(accepted_file(name))) for name in _accepted(desk)}
    desk.findings += translation.findings
    desk.findings += find_stale(translation.written, plan.hotline.languages[0], accepted)
    desk.findings += find_remarks(desk.documents, translation.written)
    desk.findings += checks.find_faults(plan, translation.written, today)
    faults = [fault for document in desk.documents.values() for fault in document.faults]
    faults += filter(None, (_locate(desk, finding) for finding in desk.findings))
    faults = sort_faults(_show(fault, shown) for fault in faults)
    faulty = any(fault.severity == "fault" for fault in faults)
    bundle = None if faulty else _bind(plan, translation)
    return Examined(plan, translation, accepted, bundle, faults)


def _bind(plan: Plan, translation: Translation) -> Bundle:
    return Bundle(
        plan.hotline,
        plan.flows,
        plan.sources,
        translation.texts,
        plan.tables,
        plan.calendars,
        plan.holidays,
        plan.webhooks,
    )


def _refuse(hotline: Document, shown: Callable[[str], str]) -> Examined:
    """Of a directory of a later version of the language nothing is read but that."""
    plan = _read_plan(Desk({}), NO_HOLIDAYS)
    faults = [_show(fault, shown) for fault in hotline.faults]
    return Examined(plan, Translation(), {}, None, faults)


def _locate(desk: Desk, finding: Finding) -> Fault | None:
    desk.open(finding.file)
    return desk.documents[finding.file].locate(finding)


def _show(fault: Fault, shown: Callable[[str], str]) -> Fault:
    return replace(fault, file=shown(fault.file))


def _read_plan(desk: Desk, holidays: Holidays) -> Plan:
    hotline = read_hotline(desk)
    flows = dict(read_flows(desk))
    read = _read_entries(desk, SOURCES_FILE, Sources) or Sources()
    calendars = _read_calendars(desk)
    return Plan(
        hotline,
        flows,
        read.sources,
        dict(_read_tables(desk, read.sources)),
        frozenset(desk.unread),
        calendars,
        holidays if calendars else NO_HOLIDAYS,
        webhooks=read.webhooks,
        files=frozenset(desk.files),
    )


def _read_calendars(desk: Desk) -> Mapping[str, Calendar]:
    read = _read_entries(desk, CALENDARS_FILE, Calendars)
    return read.calendars if read is not None else {}


def _read_entries(desk: Desk, file: str, model: type[ModelType]) -> ModelType | None:
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
            for name, part in entries_of(entries_of(tree)[field]).items()
            if (field, name) not in places
        }
        for field in model.model_fields
        if field in entries_of(tree)
    }
    return read_model(model, tree, file, kept)[0]


def _read_tables(desk: Desk, sources: Mapping[str, AnySource]) -> Iterator[tuple[str, Table]]:
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


def _read_rows(desk: Desk, file: str, tree: Tree) -> Iterator[Mapping[str, str]]:
    for index, row in enumerate(tree.value if isinstance(tree.value, list) else ()):
        cells = {name: cell.value for name, cell in entries_of(row).items()}
        texts = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
        if not isinstance(row.value, dict) or len(texts) < len(cells):
            desk.findings.append(Finding("bad-row", file, (index,)))
        yield MappingProxyType(texts)


def _translate(desk: Desk, plan: Plan, phrases: Phrases) -> Translation:
    if plan.lacks(HOTLINE_FILE, "languages"):
        return Translation()
    languages = [
        file.removeprefix("texts/").removesuffix(".yaml")
        for file in sorted(desk.files)
        if file.startswith("texts/") and not _ACCEPTED.fullmatch(file)
    ]
    return translate(plan, {name: desk.open(texts_file(name)) for name in languages}, phrases)


def _accepted(desk: Desk) -> list[str]:
    """The languages in which something was accepted."""
    return [found[1] for file in sorted(desk.files) if (found := _ACCEPTED.fullmatch(file))]
