"""Whether a calendar is open at a minute, until when, and when it opens next. Pure arithmetic.

An opening minute is open, a closing minute is closed. A span over midnight belongs to the date on
which it begins, whatever the next date is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from ivr.flow.calendars import DAY, Calendar, Span, Treatment, spans_of
from ivr.flow.holidays import Holiday, Holidays
from ivr.flow.texts import UNKNOWN_HOURS, WEEKLY_HOURS, day_id, holiday_id, override_id

FARTHEST = 400
"""Days that are searched for the next opening; no office is closed for longer."""

LONGEST_RUN = 15
"""Days after which an office that has not closed counts as never closing."""

Reason: TypeAlias = Literal[
    "weekly", "override", "day", "national_holiday", "cuti_bersama", "unknown"
]


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds on a date. `label` is the id of the text that names it."""

    spans: tuple[Span, ...]
    reason: Reason
    label: str

    @property
    def holiday(self) -> bool:
        """Whether the whole date is closed, and not because its weekday is."""
        return not self.spans and self.reason in ("day", "national_holiday", "cuti_bersama")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for a minute, and the rule that gave it.

    `opens` is the next opening after this minute, None when there is none or it needs a year whose
    holidays are not known. `closes` is the end of the opening that holds or comes next, None when
    there is none or it never closes.
    """

    open: bool
    rule: Rule
    closes: datetime | None = None
    opens: datetime | None = None

    @property
    def unknown(self) -> bool:
        """Whether nobody can say that it is open, nor when it will be."""
        return not self.open and self.opens is None


@dataclass(frozen=True, slots=True)
class HoursChecked:
    """The clock took a way out: `exit` is what was found (`open`, `closed`, `holiday`, `unknown`).

    `reason` is the rule that held on the date, `label` the id of the text that names it.
    """

    flow: str
    node: str
    calendar: str
    exit: str
    reason: str
    label: str
    type: Literal["hours.checked"] = "hours.checked"


@dataclass(frozen=True, slots=True)
class Timetable:
    """A calendar with the holidays that are known, and its name for the ids of its labels."""

    name: str
    calendar: Calendar
    holidays: Holidays

    def judge(self, now: datetime) -> Verdict:
        """The verdict for a local time; a zone is kept, seconds do not count."""
        today, minute = now.date(), now.hour * 60 + now.minute
        for day, shift in ((today - timedelta(days=1), DAY), (today, 0)):
            rule = self.rule_on(day)
            if any(start <= minute + shift < end for start, end in rule.spans):
                closes = self._find_closing(now)
                return Verdict(True, rule, closes, closes and self._find_opening(closes))
        opens = self._find_opening(now)
        return Verdict(False, self.rule_on(today), opens and self._find_closing(opens), opens)

    def rule_on(self, day: date) -> Rule:
        """What holds on a date, the nearest rule first."""
        for name, own in self.calendar.days.items():
            if own.date == day:
                return Rule(tuple(sorted(own.hours)), "day", day_id(self.name, name))
        usual = self._usual(day)
        if day.year in self.holidays.years:
            found = self.holidays.days.get(day)
            return usual if found is None else self._on_holiday(found, usual)
        if all(self._spans(how, usual) == usual.spans for how in self._treatments()):
            return usual
        return Rule((), "unknown", UNKNOWN_HOURS)

    def _treatments(self) -> tuple[Treatment, Treatment]:
        return self.calendar.national_holidays, self.calendar.cuti_bersama

    def _usual(self, day: date) -> Rule:
        weekday = day.weekday()
        for name, override in self.calendar.overrides.items():
            if override.first <= day <= override.last:
                label = override_id(self.name, name)
                return Rule(spans_of(override.hours, weekday), "override", label)
        return Rule(spans_of(self.calendar.hours, weekday), "weekly", WEEKLY_HOURS)

    def _on_holiday(self, holiday: Holiday, usual: Rule) -> Rule:
        national, joint = self._treatments()
        how = national if holiday.kind == "national_holiday" else joint
        if how == "open":
            return usual
        return Rule(self._spans(how, usual), holiday.kind, holiday_id(holiday.name))

    @staticmethod
    def _spans(how: Treatment, usual: Rule) -> tuple[Span, ...]:
        """No holiday opens a weekday that is closed."""
        return usual.spans if how == "open" or not usual.spans else tuple(sorted(how))

    def _find_closing(self, now: datetime) -> datetime | None:
        """The end of the spans that follow one another without a gap."""
        midnight = _midnight(now)
        end = now.hour * 60 + now.minute
        for ahead in range(-1, LONGEST_RUN):
            for start, stop in self.rule_on(now.date() + timedelta(days=ahead)).spans:
                if start + ahead * DAY <= end:
                    end = max(end, stop + ahead * DAY)
        return None if end >= (LONGEST_RUN - 1) * DAY else midnight + timedelta(minutes=end)

    def _find_opening(self, now: datetime) -> datetime | None:
        minute = now.hour * 60 + now.minute
        for ahead in range(FARTHEST):
            rule = self.rule_on(now.date() + timedelta(days=ahead))
            if rule.reason == "unknown":
                return None
            for start, _ in rule.spans:
                if start + ahead * DAY > minute:
                    return _midnight(now) + timedelta(minutes=start + ahead * DAY)
        return None


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
