"""Calendars: hours that contradict one another, dates that are over, and nodes that ask them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.calendars import (
    DAY,
    WEEKDAYS,
    Calendar,
    Week,
    find_overlap,
    is_closed,
    list_week,
    list_weekdays,
    may_never_close,
    needs_holidays,
)
from ivr.flow.faults import Finding, Path
from ivr.flow.plan import CALENDARS_FILE, Plan, flow_file
from ivr.flow.templates import TemplateFault, locate_placeholders
from ivr.flow.texts import CALENDARS, HOLIDAYS, list_flow_texts
from ivr.flow.translation import Written

AHEAD = timedelta(days=60)
"""How long before a year begins its holidays must be known."""


def check(
    plan: Plan, written: Mapping[str, Mapping[str, Written]], today: date | None
) -> Iterator[Finding]:
    """Every finding about `calendars.yaml` and the nodes that ask it."""
    for name, calendar in plan.calendars.items():
        path = (CALENDARS, name)
        if name == HOLIDAYS:
            yield Finding("reserved-name", CALENDARS_FILE, path, {"name": name})
        yield from _check_zone(calendar, path)
        yield from _check_week(calendar.hours, (*path, "hours"))
        yield from _check_days(calendar, path)
        yield from _check_overrides(calendar, path)
        if is_closed(calendar.hours):
            yield Finding("empty-calendar", CALENDARS_FILE, (*path, "hours"), {"name": name})
        if today is not None:
            yield from _find_outdated(plan, calendar, path, today)
    for flow, name, node, _ in plan.each_node():
        if isinstance(node, nodes.Hours) and node.calendar in plan.calendars:
            yield from _check_node(plan, flow, name, node, written)


def _check_zone(calendar: Calendar, path: Path) -> Iterator[Finding]:
    name = calendar.timezone
    try:
        ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):
        values = {"name": name or ""}
        yield Finding("unknown-timezone", CALENDARS_FILE, (*path, "timezone"), values)


def _check_week(week: Week, path: Path) -> Iterator[Finding]:
    """A weekday that stands twice, and spans that share a minute."""
    seen: dict[int, str] = {}
    for key in week:
        for weekday in list_weekdays(key):
            if weekday in seen:
                values = {"name": WEEKDAYS[weekday], "other": seen[weekday]}
                yield Finding("weekday-twice", CALENDARS_FILE, (*path, key), values)
                return
            seen[weekday] = key
    spans = sorted(list_week(week))
    if not spans:
        return
    first = spans[0]
    around = [*spans, (first[0] + 7 * DAY, first[1] + 7 * DAY)]
    for one, other in pairwise(around):
        if one[1] > other[0]:
            key = seen[other[0] // DAY % 7]
            yield Finding("hours-overlap", CALENDARS_FILE, (*path, key), {"value": _write(other)})
            return


def _write(span: tuple[int, int]) -> str:
    return "-".join(f"{at // 60 % 24:02}:{at % 60:02}" for at in span)


def _check_days(calendar: Calendar, path: Path) -> Iterator[Finding]:
    taken: dict[date, str] = {}
    for name, day in calendar.days.items():
        place = (*path, "days", name)
        if day.date in taken:
            values = {"value": day.date.isoformat(), "name": taken[day.date]}
            yield Finding("day-twice", CALENDARS_FILE, (*place, "date"), values)
        taken.setdefault(day.date, name)
        yield from _check_spans(day.hours, (*place, "hours"))
    for field, how in (
        ("national_holidays", calendar.national_holidays),
        ("cuti_bersama", calendar.cuti_bersama),
    ):
        if how != "open":
            yield from _check_spans(how, (*path, field))


def _check_spans(spans: tuple[tuple[int, int], ...], path: Path) -> Iterator[Finding]:
    if find_overlap(spans):
        values = {"value": _write(sorted(spans)[-1])}
        yield Finding("hours-overlap", CALENDARS_FILE, path, values)


def _check_overrides(calendar: Calendar, path: Path) -> Iterator[Finding]:
    for name, override in calendar.overrides.items():
        place = (*path, "overrides", name)
        if override.last < override.first:
            values = {"first": override.first.isoformat(), "last": override.last.isoformat()}
            yield Finding("dates-reversed", CALENDARS_FILE, (*place, "to"), values)
        yield from _check_week(override.hours, (*place, "hours"))
    for (one, first), (other, second) in combinations(calendar.overrides.items(), 2):
        if first.first <= second.last and second.first <= first.last:
            place = (*path, "overrides", other)
            yield Finding("override-overlap", CALENDARS_FILE, place, {"name": one})


def _find_outdated(plan: Plan, calendar: Calendar, path: Path, today: date) -> Iterator[Finding]:
    """Overrides that are over, and years whose holidays the calendar will miss."""
    for name, override in calendar.overrides.items():
        if override.last < today:
            values = {"last": override.last.isoformat()}
            place = (*path, "overrides", name)
            yield Finding("override-expired", CALENDARS_FILE, place, values)
    years = plan.holidays.years
    missing = sorted({today.year, (today + AHEAD).year} - {*years})
    if missing and needs_holidays(calendar):
        values = {"year": str(missing[0]), "last": str(max(years, default="—"))}
        yield Finding("no-holidays", CALENDARS_FILE, path, values)


def _check_node(
    plan: Plan,
    flow: Flow,
    name: str,
    node: nodes.Hours,
    written: Mapping[str, Mapping[str, Written]],
) -> Iterator[Finding]:
    calendar, file = plan.calendars[node.calendar], flow_file(flow.flow)
    path: Path = ("nodes", name)
    values = {"name": node.calendar}
    if node.holiday is not None and not _has_holidays(calendar):
        yield Finding("exit-never-taken", file, (*path, "holiday"), {**values, "exit": "holiday"})
    if node.unknown is not None and not needs_holidays(calendar):
        yield Finding("exit-never-taken", file, (*path, "unknown"), {**values, "exit": "unknown"})
    if node.into is None:
        return
    spoken = _list_spoken(flow, written)
    if f"{node.into}.closes" in spoken and may_never_close(calendar):
        yield Finding("never-closes", file, (*path, "into"), {**values, "into": node.into})
    opens = {f"{node.into}.opens_date", f"{node.into}.opens_time"}
    if opens & spoken and node.unknown is None and needs_holidays(calendar):
        yield Finding("needs-unknown", file, path, {**values, "into": node.into})


def _has_holidays(calendar: Calendar) -> bool:
    """Whether a date can be closed as a whole by something else than its weekday."""
    closed = [day.hours for day in calendar.days.values()]
    return not all((*closed, calendar.national_holidays, calendar.cuti_bersama))


def _list_spoken(flow: Flow, written: Mapping[str, Mapping[str, Written]]) -> set[str]:
    """The names that the texts of a flow speak."""
    names: set[str] = set()
    for entry in list_flow_texts(flow):
        for found in written.get(entry.id, {}).values():
            try:
                names |= {part.name for part, _ in locate_placeholders(found.text)}
            except TemplateFault:
                continue
    return names
