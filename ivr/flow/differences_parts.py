"""Rows of tables by their key, and opening hours as they are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ivr.flow.calendars import DAY

Row: TypeAlias = Mapping[str, str]

MOST_ROWS = 20
"""More rows than this are counted and not told one by one."""


def match_rows(
    old: Sequence[Row], new: Sequence[Row], key: Sequence[str]
) -> list[tuple[str, Row | None, Row | None]] | None:
    """The rows that differ: what they are known by, before, and after.

    None when rows cannot be known by their key, or when too many differ.
    """
    was, now = _by_key(old, key), _by_key(new, key)
    if not key or len(was) < len(old) or len(now) < len(new):
        return None
    names = [*was, *(name for name in now if name not in was)]
    found = [
        (name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)
    ]
    return found if len(found) <= MOST_ROWS else None


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[str, Row]:
    return {" ".join(row.get(column, "") for column in key): row for row in rows}


def are_spans(values: Sequence[Any]) -> bool:
    """Whether these are opening hours: pairs of minutes, as nothing else is."""
    return bool(values) and all(isinstance(one, list) and len(one) == 2 for one in values)


def write_span(start: int, end: int) -> str:
    """`08:00-13:00`; `24h` for a whole day."""
    if (start, end) == (0, DAY):
        return "24h"
    return f"{_write_minute(start)}-{_write_minute(end if end <= DAY else end - DAY)}"


def _write_minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
