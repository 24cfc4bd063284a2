"""Holidays of the yearly decrees, and what the checker says with today's date."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from ivr.flow.assembly import assemble
from ivr.flow.calendars import Calendar
from ivr.flow.holidays import NO_HOLIDAYS, Holidays, slug
from ivr.flow.loader import load_phrases
from ivr.flow.national import FIRST_YEAR, compile_holidays
from ivr.following import load_and_warn
from tests.flow_cases import GOOD, read_directory

HOLIDAYS = compile_holidays()

NATIONAL = {
    2026: "01-01 01-16 02-17 03-19 03-21 03-22 04-03 04-05 05-01 05-14 05-27 05-31 06-01 06-16"
    " 08-17 08-25 12-25",
    2027: "01-01 01-05 02-06 03-08 03-10 03-11 03-26 03-28 05-01 05-06 05-17 05-20 06-01 06-06"
    " 08-15 08-17 12-25 12-26",
}
CUTI_BERSAMA = {
    2026: "02-16 03-18 03-20 03-23 03-24 05-15 05-28 12-24",
    2027: "02-05 03-09 03-12 03-15 03-25 05-18 05-19 12-24",
}
"""SKB 3 Menteri: for 2026 No. 1497/2025, 2/2025, 5/2025; for 2027 No. 1205/2026, 3/2026, 2/2026."""


@pytest.mark.parametrize("year", [2026, 2027])
@pytest.mark.parametrize("kind", ["national_holiday", "cuti_bersama"])
def test_the_dates_are_those_of_the_decree(year: int, kind: str) -> None:
    wanted = (NATIONAL if kind == "national_holiday" else CUTI_BERSAMA)[year]
    found = [day for day, one in HOLIDAYS.days.items() if day.year == year and one.kind == kind]
    assert [day.isoformat()[5:] for day in found] == wanted.split()


@pytest.mark.parametrize(
    ("start", "days", "end", "with_joint_leave_worked"),
    [
        ("2026-03-16", 3, "2026-03-26", "2026-03-20"),
        ("2026-12-21", 5, "2026-12-30", "2026-12-29"),
        ("2026-11-24", 14, "2026-12-14", "2026-12-14"),
        ("2026-11-24", 60, "2027-02-23", "2027-02-19"),
    ],
)
def test_working_days_come_out_as_by_hand(
    start: str, days: int, end: str, with_joint_leave_worked: str
) -> None:
    assert count_on(date.fromisoformat(start), days, free={"national_holiday", "cuti_bersama"}) == (
        date.fromisoformat(end)
    )
    assert count_on(date.fromisoformat(start), days, free={"national_holiday"}) == (
        date.fromisoformat(with_joint_leave_worked)
    )


def count_on(day: date, days: int, free: set[str]) -> date:
    while days:
        day += timedelta(days=1)
        holiday = HOLIDAYS.days.get(day)
        days -= day.weekday() < 5 and (holiday is None or holiday.kind not in free)
    return day


def test_a_year_is_known_when_its_cuti_bersama_is() -> None:
    assert {FIRST_YEAR, 2025, 2026, 2027} <= {*HOLIDAYS.years}
    assert {day.year for day in HOLIDAYS.days} == {*HOLIDAYS.years}
    assert [*HOLIDAYS.years] == [*range(FIRST_YEAR, HOLIDAYS.years[-1] + 1)]


def test_holidays_are_named_in_both_languages_and_never_as_an_estimate() -> None:
    christmas = HOLIDAYS.days[date(2026, 12, 25)]
    assert christmas.name == "hari_raya_natal"
    assert christmas.label == {"id": "Hari Raya Natal", "en": "Christmas Day"}
    for holiday in HOLIDAYS.days.values():
        assert holiday.name == slug(holiday.label["id"])
        assert "perkiraan" not in holiday.label["id"]
        assert "estimated" not in holiday.label["en"]
        assert ";" not in "".join(holiday.label.values())


def test_one_name_is_one_label() -> None:
    """So that the label's id, which has only the name, says the same on every date."""
    labels = {(one.name, *sorted(one.label.items())) for one in HOLIDAYS.days.values()}
    assert len(labels) == len({one.name for one in HOLIDAYS.days.values()})


def test_holidays_survive_json() -> None:
    assert Holidays.model_validate_json(HOLIDAYS.model_dump_json()) == HOLIDAYS


CALENDAR = """
calendars:
  office:
    hours: {monday-friday: 08:00-16:00}
    overrides:
      ramadan:
        from: 2026-02-18
        to: 2026-03-19
        label: {id: puasa, en: fasting}
        hours: {monday-friday: 08:00-15:00}
"""
ALWAYS = "calendars: {office: {hours: {monday-sunday: 24h}, %s}}"
OPEN = "national_holidays: open, cuti_bersama: open"


def warn(today: date | None, calendars: str = CALENDAR, holidays: Holidays = HOLIDAYS) -> list[str]:
    files = {**read_directory(GOOD), "calendars.yaml": calendars.encode()}
    bundle, faults = assemble(files, load_phrases(), holidays, today=today)
    assert bundle is not None
    return [str(fault) for fault in faults]


def test_an_override_counts_to_its_last_day() -> None:
    assert warn(date(2026, 3, 19)) == []
    assert warn(date(2026, 3, 20)) == [
        "calendars.yaml:6:7: calendars.office.overrides.ramadan: this ended on 2026-03-19 and is "
        "ignored since; delete it or give it new dates [override-expired]"
    ]


def test_without_a_date_nothing_is_out_of_date() -> None:
    assert warn(None, holidays=NO_HOLIDAYS) == []


def test_a_year_without_holidays_is_told_two_months_before() -> None:
    last = date(HOLIDAYS.years[-1], 12, 31)
    calendars = CALENDAR.replace("2026-03-19", "2199-03-19")
    assert warn(last - timedelta(days=60), calendars) == []
    for today in (last - timedelta(days=59), last + timedelta(days=1)):
        (told,) = warn(today, calendars)
        assert told.startswith("calendars.yaml:3:3: calendars.office: the holidays of ")
        assert f"the holidays of {last.year + 1} are not known (only to {last.year})" in told


def test_a_calendar_that_needs_no_holidays_is_not_warned_of() -> None:
    assert warn(date(2150, 1, 1), ALWAYS % OPEN) == []
    assert len(warn(date(2150, 1, 1), ALWAYS % "national_holidays: closed")) == 1
    assert warn(date(2150, 1, 1), ALWAYS % "national_holidays: 24h, cuti_bersama: open") == []


def test_a_service_that_starts_logs_what_is_out_of_date(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And starts all the same: callers of such a year still reach it."""
    for name, data in {**read_directory(GOOD), "calendars.yaml": CALENDAR.encode()}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    bundle = load_and_warn(tmp_path, date(2150, 1, 1))
    assert [*bundle.calendars] == ["office"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "[no-holidays]" in caplog.text
    assert "[override-expired]" in caplog.text


def test_calendars_and_holidays_are_part_of_the_hash() -> None:
    def load(calendars: str, holidays: Holidays) -> str:
        files = {**read_directory(GOOD), "calendars.yaml": calendars.encode()}
        bundle, _ = assemble(files, load_phrases(), holidays)
        assert bundle is not None
        return bundle.hash

    fewer = HOLIDAYS.model_copy(update={"years": HOLIDAYS.years[:-1]})
    hashes = {
        load(CALENDAR, HOLIDAYS),
        load(CALENDAR.replace("08:00-16:00", "08:00-16:01"), HOLIDAYS),
        load(CALENDAR, fewer),
    }
    assert len(hashes) == 3
    assert load(CALENDAR.replace("08:00-16:00", "8.00 – 16.00"), HOLIDAYS) in hashes


def test_a_directory_without_calendars_carries_no_holidays() -> None:
    bundle, _ = assemble(read_directory(GOOD), load_phrases(), HOLIDAYS)
    assert bundle is not None
    assert bundle.holidays == NO_HOLIDAYS


def test_a_calendar_that_cannot_be_read_hides_no_other() -> None:
    """And a node that asks it is not blamed."""
    files = read_directory(GOOD)
    clock = b"next: clock\n  clock: {type: hours, calendar: %s, open: main, closed: main}\n"
    tax = files["tax.yaml"].replace(b"next: main\n", clock % b"broken", 1)
    calendars = CALENDAR + "  broken:\n    hours: {monday: 8}\n  empty:\n    hours: {}\n"
    changed = {**files, "tax.yaml": tax, "calendars.yaml": calendars.encode()}
    _, faults = assemble(changed, load_phrases(), HOLIDAYS)
    assert [fault.code for fault in faults] == ["opening-hours", "empty-calendar"]


@pytest.mark.parametrize(
    ("written", "spans"),
    [
        ("closed", ()),
        ("24h", ((0, 1440),)),
        ("08:00-16:00", ((480, 960),)),
        ("8.00 – 16.00", ((480, 960),)),
        ("16:00-24:00", ((960, 1440),)),
        ("00:00-24:00", ((0, 1440),)),
        ("22:00-06:00", ((1320, 1800),)),
        (["13:00-16:00", "08:00-11:30"], ((780, 960), (480, 690))),
    ],
)
def test_hours_are_read(written: object, spans: tuple[tuple[int, int], ...]) -> None:
    assert Calendar.model_validate({"hours": {"monday": written}}).hours["monday"] == spans


@pytest.mark.parametrize(
    "written",
    [
        "",
        "8-16",
        "08:00",
        "08:60-16:00",
        "08:00-24:01",
        "24:00-06:00",
        "08:00-08:00",
        "25:00-26:00",
    ],
)
def test_what_are_no_hours_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="opening-hours"):
        Calendar.model_validate({"hours": {"monday": written}})
