"""The node kind `hours`: which way out the clock takes, and what the flow may say about it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from ivr.engine.draft import Draft, Go
from ivr.engine.timetable import HoursChecked, Timetable, Verdict
from ivr.engine.values import Field
from ivr.flow import nodes
from ivr.flow.scalars import Target

Exit: TypeAlias = Literal["open", "closed", "holiday", "unknown"]

_ZONES = ("WIB", "WITA", "WIT")
"""Zones whose names can be spoken. Source: Keputusan Presiden 41 of 1987."""


def check_hours(draft: Draft, node: nodes.Hours) -> Go:
    """Take the way out for this minute. Never fails: what is not known has a way out too."""
    calendar = draft.bundle.calendars[node.calendar]
    zone = ZoneInfo(calendar.timezone or draft.bundle.hotline.timezone)
    timetable = Timetable(node.calendar, calendar, draft.bundle.holidays)
    verdict = timetable.judge(draft.at.astimezone(zone))
    exit_, target = _leave(node, verdict)
    if node.into is not None:
        draft.assign(node.into, _tell(verdict))
    reason, label = verdict.rule.reason, verdict.rule.label
    draft.emit(HoursChecked(*draft.place, node.calendar, exit_, reason, label))
    return Go(target)


def _leave(node: nodes.Hours, verdict: Verdict) -> tuple[Exit, Target]:
    """The exit and where it leads; `holiday` and `unknown` lead where `closed` does if absent."""
    if verdict.open:
        return "open", node.open
    if verdict.unknown:
        return "unknown", node.unknown or node.closed
    if verdict.rule.holiday and node.holiday is not None:
        return "holiday", node.holiday
    return "closed", node.closed


def _tell(verdict: Verdict) -> dict[str, Field]:
    return {
        "reason": verdict.rule.reason,
        "label": verdict.rule.label,
        "closes": _time(verdict.closes),
        "opens_date": "" if verdict.opens is None else verdict.opens.date().isoformat(),
        "opens_time": _time(verdict.opens),
    }


def _time(at: datetime | None) -> str:
    """`16:00 WIB`; without a zone where none can be spoken, empty when there is no such time."""
    if at is None:
        return ""
    zone = at.tzname()
    return f"{at:%H:%M} {zone}" if zone in _ZONES else f"{at:%H:%M}"
