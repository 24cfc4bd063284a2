"""The file `calendars.yaml`: when an office is open.

What holds on a date, the nearest first: an agency `day`, a national holiday, cuti bersama, an
`override` of the weekly hours, the weekly hours. Whether it is open is `ivr.engine.timetable`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from ivr.flow.scalars import Model, Name, Text, refusal, shape

DAY = 1440
"""Minutes of a day."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TIME = r"(\d{1,2})[:.](\d{2})"
_SPAN = re.compile(rf"{_TIME} ?[-–] ?{_TIME}")


def _read_span(written: object) -> object:
    if not isinstance(written, str):
        return written
    if written.strip() == "24h":
        return 0, DAY
    found = _SPAN.fullmatch(written.strip())
    if not found:
        raise refusal("opening-hours")
    start, end = (_minute(found[1], found[2]), _minute(found[3], found[4]))
    if start in (end, DAY):
        raise refusal("opening-hours")
    return start, end if end > start else end + DAY


def _minute(hours: str, minutes: str) -> int:
    """The minute of the day; 24:00 is its end."""
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > DAY:
        raise refusal("opening-hours")
    return minute


def _read_spans(written: object) -> object:
    if isinstance(written, str):
        return () if written.strip() == "closed" else (written,)
    return written


def _read_treatment(written: object) -> object:
    """`open`, or spans; all of it here, so that a slip is told once and not for each branch."""
    if written == "open":
        return written
    spans = _read_spans(written)
    return tuple(map(_read_span, spans)) if isinstance(spans, list | tuple) else spans


def _check_weekdays(written: str) -> str:
    if not list_weekdays(written):
        raise refusal("weekday")
    return written


def _read_date(written: object) -> object:
    if not isinstance(written, str):
        return written
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise refusal("calendar-date") from None
    if day.isoformat() != written or not 2000 <= day.year < 2200:
        raise refusal("calendar-date")
    return day


def list_weekdays(written: str) -> range | tuple[int, ...]:
    """`monday-friday` as 0 to 4; empty when it is no day or no range of days."""
    first, hyphen, last = (part.strip() for part in written.partition("-"))
    if first not in WEEKDAYS or (hyphen and last not in WEEKDAYS):
        return ()
    start = WEEKDAYS.index(first)
    return range(start, WEEKDAYS.index(last or first) + 1)


_WEEKDAY = "|".join(WEEKDAYS)
_HOURS = rf"24h|{_SPAN.pattern}"


def _spans_schema(*words: str) -> dict[str, object]:
    """What an editor is told of hours: a word, a span, or a list of spans."""
    span = {"type": "string", "pattern": f"^({_HOURS})$"}
    several = {"type": "array", "items": span}
    return {"anyOf": [{"enum": [*words, "24h"]}, span, several]}


Span: TypeAlias = Annotated[
    tuple[int, int], BeforeValidator(_read_span), shape(_HOURS, "opening-hours")
]
"""Minutes from midnight, the first included, the last not; above `DAY` on the next date."""

Spans: TypeAlias = Annotated[
    tuple[Span, ...], BeforeValidator(_read_spans), WithJsonSchema(_spans_schema("closed"))
]
"""When a day is open: `closed`, `24h`, `08:00-16:00`, or a list of spans."""

Weekdays: TypeAlias = Annotated[
    str, AfterValidator(_check_weekdays), shape(rf"({_WEEKDAY})( ?- ?({_WEEKDAY}))?", "weekday")
]
"""`monday`, or `monday-friday`."""

Week: TypeAlias = Mapping[Weekdays, Spans]
"""The hours of each weekday; a weekday that is absent is closed."""

Day: TypeAlias = Annotated[
    date, BeforeValidator(_read_date), shape(r"2[01]\d\d-\d\d-\d\d", "calendar-date")
]

Treatment: TypeAlias = Annotated[
    Literal["open"] | tuple[Span, ...],
    BeforeValidator(_read_treatment),
    WithJsonSchema(_spans_schema("closed", "open")),
]
"""What a holiday does: `closed`, `open` (hours as on any other day), or hours of its own."""


class AgencyDay(Model):
    """A date on which this office has hours of its own. It counts before any holiday."""

    date: Day
    label: Text
    hours: Spans


class Override(Model):
    """Other weekly hours for some weeks, from the first date to the last, both included."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    label: Text
    hours: Week


class Calendar(Model):
    """When an office is open. `timezone` None: the hotline's."""

    timezone: str | None = None
    hours: Week
    national_holidays: Treatment = ()
    cuti_bersama: Treatment = ()
    days: Mapping[Name, AgencyDay] = Field(default_factory=dict)
    overrides: Mapping[Name, Override] = Field(default_factory=dict)


class Calendars(Model):
    """The file `calendars.yaml`."""

    calendars: Mapping[Name, Calendar] = Field(default_factory=dict)


def spans_of(week: Week, weekday: int) -> tuple[Span, ...]:
    """The spans of a weekday, 0 for Monday, in the order of their start."""
    return tuple(
        sorted(
            span for key, spans in week.items() for span in spans if weekday in list_weekdays(key)
        )
    )


def find_overlap(spans: tuple[Span, ...]) -> bool:
    """Whether two spans of a day share a minute, the beginning of the next date included."""
    return any(one[1] > other[0] for one, other in pairwise(sorted(spans)))


def list_week(week: Week) -> Iterator[Span]:
    """All spans of a week in minutes from Monday's midnight; those of Sunday may pass the end."""
    for weekday in range(7):
        for start, end in spans_of(week, weekday):
            yield weekday * DAY + start, weekday * DAY + end


def needs_holidays(calendar: Calendar) -> bool:
    """Whether it can depend on holidays if a date is open."""
    weeks = [calendar.hours, *(override.hours for override in calendar.overrides.values())]
    return any(
        how != "open" and tuple(sorted(how)) != usual
        for how in (calendar.national_holidays, calendar.cuti_bersama)
        for week in weeks
        for usual in (spans_of(week, weekday) for weekday in range(7))
        if usual
    )


def may_never_close(calendar: Calendar) -> bool:
    """Whether its weekly hours, or those of an override, leave no minute closed."""
    weeks = [calendar.hours, *(override.hours for override in calendar.overrides.values())]
    return any(sum(end - start for start, end in list_week(week)) >= 7 * DAY for week in weeks)


def is_closed(week: Week) -> bool:
    """Whether no weekday has a span."""
    return not any(week.values())
