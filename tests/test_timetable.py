"""Properties of opening hours, against a table of every minute."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.engine.timetable import Timetable
from ivr.flow.calendars import DAY, WEEKDAYS, Calendar, find_overlap, list_week
from ivr.flow.holidays import NO_HOLIDAYS
from ivr.flow.national import compile_holidays

MONDAY = datetime(2026, 6, 1)
"""The first of June 2026, a Monday and a holiday; the calendars here are open on holidays."""

SPANS = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 96)).map(
        lambda span: (span[0] * 15, (span[0] + span[1]) * 15)
    ),
    max_size=3,
)
WEEKS = st.fixed_dictionaries({}, optional=dict.fromkeys(WEEKDAYS, SPANS))
MINUTES = st.integers(0, 14 * DAY - 1)


def make(week: dict[str, list[tuple[int, int]]], **more: object) -> Timetable:
    plain = {"hours": week, "national_holidays": "open", "cuti_bersama": "open", **more}
    return Timetable("office", Calendar.model_validate(plain), NO_HOLIDAYS)


def list_open(timetable: Timetable) -> set[int]:
    """The open minutes of a week, counted one by one, round the end of the week."""
    spans = list_week(timetable.calendar.hours)
    return {minute % (7 * DAY) for start, end in spans for minute in range(start, end)}


@given(WEEKS, MINUTES)
def test_a_minute_is_open_when_a_span_holds_it(
    week: dict[str, list[tuple[int, int]]], minute: int
) -> None:
    timetable = make(week)
    verdict = timetable.judge(MONDAY + timedelta(minutes=minute))
    assert verdict.open == (minute % (7 * DAY) in list_open(timetable))


@given(WEEKS, MINUTES)
def test_closing_is_the_first_closed_minute_and_opening_the_first_open_one_after(
    week: dict[str, list[tuple[int, int]]], minute: int
) -> None:
    timetable = make(week)
    minutes = list_open(timetable)
    verdict = timetable.judge(MONDAY + timedelta(minutes=minute))
    ahead = range(minute + 1, minute + 7 * DAY)
    if verdict.open:
        closes = next((one for one in ahead if one % (7 * DAY) not in minutes), None)
        assert verdict.closes == (None if closes is None else MONDAY + timedelta(minutes=closes))
    else:
        opens = next((one for one in ahead if one % (7 * DAY) in minutes), None)
        assert verdict.opens == (None if opens is None else MONDAY + timedelta(minutes=opens))


@given(WEEKS, MINUTES, st.integers(0, 59), st.integers(0, 999_999))
def test_seconds_do_not_count(
    week: dict[str, list[tuple[int, int]]], minute: int, second: int, microsecond: int
) -> None:
    timetable, at = make(week), MONDAY + timedelta(minutes=minute)
    assert timetable.judge(at) == timetable.judge(
        at + timedelta(seconds=second, microseconds=microsecond)
    )


@given(WEEKS, MINUTES)
def test_at_the_opening_it_is_open_and_at_the_closing_it_is_closed(
    week: dict[str, list[tuple[int, int]]], minute: int
) -> None:
    timetable = make(week)
    verdict = timetable.judge(MONDAY + timedelta(minutes=minute))
    if verdict.opens is not None:
        assert timetable.judge(verdict.opens).open
        assert not timetable.judge(verdict.opens - timedelta(minutes=1)).open
    if verdict.closes is not None:
        assert not timetable.judge(verdict.closes).open
        assert timetable.judge(verdict.closes - timedelta(minutes=1)).open


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=4))
def test_an_overlap_is_a_minute_that_two_spans_share(pairs: list[tuple[int, int]]) -> None:
    spans = tuple((start, start + length) for start, length in pairs)
    minutes = [minute for start, end in spans for minute in range(start, end)]
    assert find_overlap(spans) == (len(set(minutes)) < len(minutes))


@pytest.mark.parametrize(
    ("day", "reason"), [(1, "weekly"), (2, "override"), (4, "override"), (5, "weekly")]
)
def test_an_override_holds_from_its_first_day_to_its_last(day: int, reason: str) -> None:
    week = {"monday-sunday": "08:00-15:00"}
    other = {"from": "2026-06-02", "to": "2026-06-04", "label": "lain", "hours": week}
    timetable = make({}, overrides={"other": other})
    assert timetable.rule_on(date(2026, 6, day)).reason == reason


@settings(max_examples=50)
@given(WEEKS, st.integers(0, 4000 * DAY))
def test_any_minute_of_any_year_has_an_answer(
    week: dict[str, list[tuple[int, int]]], minute: int
) -> None:
    """And an answer that depends on holidays is never `open` in a year without them."""
    calendar = Calendar.model_validate({"hours": week})
    timetable = Timetable("office", calendar, compile_holidays())
    at = datetime(2024, 1, 1) + timedelta(minutes=minute)
    verdict = timetable.judge(at)
    if at - timedelta(days=1) > datetime(timetable.holidays.years[-1], 12, 31):
        assert not verdict.open
        assert verdict.unknown
