"""Sources and their tables: columns, cells of the declared type, words for values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.flow import identifiers
from ivr.flow.faults import Finding, Path, nearest
from ivr.flow.plan import SOURCES_FILE, Plan, table_file, unknown
from ivr.flow.sources import SourceField, Table, TableSource, is_date
from ivr.flow.templates import SPEECH_KINDS


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about `sources.yaml` and the tables."""
    for name, source in plan.sources.items():
        yield from _check_fields(name, source.fields)
        if isinstance(source, TableSource):
            yield from _check_kinds(name, source)
            if name in plan.tables:
                yield from _check_table(source, plan.tables[name])
    yield from _find_unused(plan)


def _find_unused(plan: Plan) -> Iterator[Finding]:
    """Tables that no source names; while one names a table that is not there, it may be this."""
    named = {
        table_file(source.table)
        for source in plan.sources.values()
        if isinstance(source, TableSource)
    }
    broken = any(file == SOURCES_FILE for file, _ in plan.unread)
    if broken or not named <= plan.files:
        return
    for file in sorted(plan.files - named):
        if file.startswith("data/"):
            name = file.removeprefix("data/").removesuffix(".yaml")
            yield Finding("unused-table", file, (), {"name": name})


def _check_kinds(name: str, source: TableSource) -> Iterator[Finding]:
    for column in source.kinds:
        if column not in source.key:
            kinds = ("sources", name, "kinds", column)
            yield unknown("unknown-key", SOURCES_FILE, kinds, column, source.key, owner=name)


def _check_fields(name: str, fields: Mapping[str, SourceField]) -> Iterator[Finding]:
    for field, declared in fields.items():
        speak = declared.speak
        if speak is not None and speak not in SPEECH_KINDS:
            place = ("sources", name, "fields", field, "speak")
            near = nearest(speak, SPEECH_KINDS)
            yield Finding("speech-kind", SOURCES_FILE, place, {"value": speak}, near)


def _check_table(source: TableSource, table: Table) -> Iterator[Finding]:
    file = table_file(source.table)
    columns = dict.fromkeys((*source.key, *source.fields))
    for index, row in enumerate(table.rows):
        for column in columns if row else ():
            if column not in row:
                values = {"name": column}
                yield Finding("missing-column", file, (index,), values, nearest(column, row))
                continue
            cell, place = row[column], (index, column)
            if column in source.fields:
                yield from check_cell(source.fields[column], cell, file, place)
            if column in source.kinds:
                yield from _check_identifier(source.kinds[column], cell, file, place)
    yield from _find_twins(source, table, file)


def check_cell(declared: SourceField, cell: str, file: str, place: Path) -> Iterator[Finding]:
    """Whether a value fits its field: of a row, or of an example."""
    values = {"value": cell, "name": str(place[-1])}
    if declared.type == "number" and not re.fullmatch(r"-?[0-9]{1,15}", cell):
        yield Finding("cell-number", file, place, values)
    if declared.type == "date" and not is_date(cell):
        yield Finding("cell-date", file, place, values)
    if declared.words and cell not in declared.words:
        near = nearest(cell, declared.words)
        yield Finding("cell-without-word", file, place, values, near)


def _check_identifier(kind: str, cell: str, file: str, place: tuple[int, str]) -> Iterator[Finding]:
    reason = identifiers.check_written(kind, cell)
    if reason is not None:
        yield Finding("cell-identifier", file, place, {"kind": kind, "reason": reason})


def _find_twins(source: TableSource, table: Table, file: str) -> Iterator[Finding]:
    """Rows that answer to the same question: the second is never found."""
    seen: dict[tuple[str, ...], int] = {}
    for index, row in enumerate(table.rows):
        key = tuple(_normal(source.kinds, column, row) for column in source.key)
        if key in seen:
            yield Finding("row-twice", file, (index,), {"row": str(seen[key] + 1)})
        seen.setdefault(key, index)


def _normal(kinds: Mapping[str, str], column: str, row: Mapping[str, str]) -> str:
    cell = row.get(column, "")
    return identifiers.normalise(kinds[column], cell) if column in kinds else cell
