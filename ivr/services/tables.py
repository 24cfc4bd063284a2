"""The sources that are table files of the bundle: the adapter of the Source port for them."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.engine.answers import AnswerFault, read_fields
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.flow.identifiers import normalise
from ivr.flow.sources import Table, TableSource


class Tables:
    """Answers from the tables that were loaded with the bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._sources = bundle.sources
        self._tables = bundle.tables

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """The first row whose key columns equal the arguments; `key` is not needed to read."""
        declared = self._sources.get(source)
        table = self._tables.get(source)
        if not isinstance(declared, TableSource) or table is None:
            return Failed("unknown_source")
        row = _find_row(declared, table, arguments)
        if row is None:
            return NotFound(table.sha256)
        try:
            return Found(read_fields(declared.fields, row), table.sha256)
        except AnswerFault as fault:
            return Failed(fault.reason)


def _find_row(
    declared: TableSource, table: Table, arguments: Mapping[str, Scalar]
) -> Mapping[str, str] | None:
    wanted = {name: _comparable(declared, name, arguments.get(name)) for name in declared.key}
    for row in table.rows:
        if all(_comparable(declared, name, row.get(name)) == wanted[name] for name in wanted):
            return row
    return None


def _comparable(declared: TableSource, column: str, value: Scalar) -> str:
    """A number that can be written in two ways must match in both."""
    text = "" if value is None else str(value)
    kind = declared.kinds.get(column)
    return normalise(kind, text) if kind is not None else text
