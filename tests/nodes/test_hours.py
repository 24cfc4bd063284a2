from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.engine.outcomes import HungUp
from ivr.engine.steps import Say
from ivr.flow.assembly import assemble
from ivr.flow.bundle import Bundle
from ivr.flow.holidays import Holidays
from ivr.flow.loader import load_phrases
from ivr.flow.national import compile_holidays
from ivr.speech.catalogue import list_bundle_clips
from ivr.speech.compose import Clip, compose
from tests.talk import HOTLINE, PERSON, Talk, write_flow

CALENDARS = """
calendars:
  office:
    hours:
      monday-thursday: [08:00-12:00, 13:00-16:00]
      friday: 08:00-11:30
    cuti_bersama: 09:00-12:00
    days:
      moving:
        date: 2026-02-12
        label: {id: hari pindah kantor, en: moving day}
        hours: closed
      feast:
        date: 2026-08-17
        label: {id: upacara, en: ceremony}
        hours: 10:00-11:00
    overrides:
      ramadan:
        from: 2026-02-18
        to: 2026-03-19
        label: {id: jam Ramadan, en: Ramadan hours}
        hours: {monday-friday: 08:00-15:00}
  east:
    timezone: Asia/Jayapura
    hours: {monday-friday: 08:00-16:00}
  night:
    hours: {friday: 22:00-06:00, saturday: 20:00-24:00, sunday: 00:00-02:00}
    national_holidays: closed
  always:
    hours: {monday-sunday: 24h}
    national_holidays: open
    cuti_bersama: open
"""

FLOW = """
  clock:
    type: hours
    calendar: %s
    into: office
    open: open
    closed: closed%s
  open: {type: say, say: "Buka, %s.", next: end}
  closed: {type: say, say: "Tutup, {office.label}.", next: end}
  holiday: {type: say, say: "Libur, {office.label}.", next: end}
  unknown: {type: say, say: "Entah.", next: end}
  end: {type: hangup}
"""
EXITS = "\n    holiday: holiday\n    unknown: unknown"
OPENS = "{office.opens_date}, {office.opens_time} sampai {office.closes}"


def load(
    calendar: str = "office",
    exits: str = EXITS,
    opens: str = OPENS,
    holidays: Holidays | None = None,
) -> Bundle:
    flow = FLOW % (calendar, exits, opens)
    if not exits:
        flow = re.sub(r"  (holiday|unknown): .*\n", "", flow)
    one_language = re.sub(r"\{id: (.*?), en: .*?\}", r"\1", CALENDARS)
    return build({"main.yaml": write_flow("main", flow), "calendars.yaml": one_language}, holidays)


def build(files: Mapping[str, str], holidays: Holidays | None = None) -> Bundle:
    texts = {"hotline.yaml": HOTLINE, "person.yaml": PERSON, **files}
    data = {name: text.encode() for name, text in texts.items()}
    bundle, faults = assemble(data, load_phrases(), holidays or compile_holidays())
    assert bundle is not None, [str(fault) for fault in faults]
    return bundle


def call_at(when: str, bundle: Bundle | None = None, zone: str = "Asia/Jakarta") -> Talk:
    at = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone))
    return Talk(bundle or load(), at=at)


def told(call: Talk) -> tuple[str, str]:
    event = call.event("hours.checked")
    return event.exit, event.reason


@pytest.mark.parametrize(
    ("when", "exit_", "reason"),
    [
        ("2026-01-05T07:59:59", "closed", "weekly"),
        ("2026-01-05T08:00:00", "open", "weekly"),
        ("2026-01-05T11:59:59", "open", "weekly"),
        ("2026-01-05T12:00:00", "closed", "weekly"),
        ("2026-01-05T13:00:00", "open", "weekly"),
        ("2026-01-05T16:00:00", "closed", "weekly"),
        ("2026-01-09T11:30:00", "closed", "weekly"),
        ("2026-01-10T10:00:00", "closed", "weekly"),
        ("2026-01-16T10:00:00", "holiday", "national_holiday"),
        ("2026-01-16T03:00:00", "holiday", "national_holiday"),
        ("2026-02-16T08:30:00", "closed", "cuti_bersama"),
        ("2026-02-16T09:00:00", "open", "cuti_bersama"),
        ("2026-02-12T10:00:00", "holiday", "day"),
        ("2026-08-17T10:30:00", "open", "day"),
        ("2026-08-17T11:00:00", "closed", "day"),
        ("2026-02-18T14:59:00", "open", "override"),
        ("2026-02-20T12:00:00", "open", "override"),
        ("2026-03-18T14:59:00", "closed", "cuti_bersama"),
        ("2026-03-19T10:00:00", "holiday", "national_holiday"),
        ("2026-03-25T15:30:00", "open", "weekly"),
        ("2028-01-03T10:00:00", "unknown", "unknown"),
        ("2028-01-01T10:00:00", "unknown", "weekly"),
        ("2027-12-31T11:30:00", "unknown", "weekly"),
    ],
)
def test_the_clock_takes_a_way_out(when: str, exit_: str, reason: str) -> None:
    call = call_at(when)
    assert told(call) == (exit_, reason)
    assert call.said == [f"main.{exit_}.say"]


def test_the_event_names_place_calendar_and_label() -> None:
    event = call_at("2026-02-12T10:00").event("hours.checked")
    assert (event.flow, event.node, event.calendar) == ("main", "clock", "office")
    assert event.label == "calendars.office.days.moving"


@pytest.mark.parametrize("when", ["2026-01-16T10:00", "2028-01-03T10:00"])
def test_closed_stands_in_for_a_way_that_is_not_given(when: str) -> None:
    bundle = load(exits="", opens="sampai {office.closes}")
    call = call_at(when, bundle)
    assert call.said == ["main.closed.say"]
    assert call.event("hours.checked").exit in ("closed", "unknown")


def test_a_calendar_has_a_clock_of_its_own() -> None:
    """08:00 in Jayapura is 06:00 in Jakarta, where the hotline is."""
    bundle = load("east")
    assert told(call_at("2026-01-05T05:59", bundle)) == ("closed", "weekly")
    call = call_at("2026-01-05T06:00", bundle)
    assert told(call) == ("open", "weekly")
    office = call.run.frame.variables["office"]
    assert isinstance(office, dict)
    assert (office["closes"], office["opens_time"]) == ("16:00 WIT", "08:00 WIT")


@pytest.mark.parametrize(
    ("when", "exit_"),
    [
        ("2026-01-09T21:59", "closed"),
        ("2026-01-09T22:00", "open"),
        ("2026-01-10T00:00", "open"),
        ("2026-01-10T05:59", "open"),
        ("2026-01-10T06:00", "closed"),
        ("2026-01-10T23:59", "open"),
        ("2026-01-11T00:00", "open"),
        ("2026-01-11T02:00", "closed"),
        ("2027-12-25T03:00", "open"),  # begun on Friday, although Saturday is Christmas
        ("2027-12-25T20:00", "holiday"),
    ],
)
def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins(when: str, exit_: str) -> None:
    bundle = load("night")
    if when.startswith("2027"):
        bundle = load("night", holidays=_without_cuti_bersama())
    assert told(call_at(when, bundle))[0] == exit_


def _without_cuti_bersama() -> Holidays:
    known = compile_holidays()
    days = {day: one for day, one in known.days.items() if one.kind == "national_holiday"}
    return known.model_copy(update={"days": days})


@pytest.mark.parametrize("when", ["2026-01-01T00:00", "2026-06-07T23:59", "2150-01-01T00:00"])
def test_a_calendar_without_a_closed_minute_is_open_in_any_year(when: str) -> None:
    call = call_at(when, load("always", exits="", opens="selalu"))
    assert told(call) == ("open", "weekly")
    assert call.run.frame.variables["office"] == {
        "reason": "weekly",
        "label": "engine.weekly_hours",
        "closes": "",
        "opens_date": "",
        "opens_time": "",
    }


@pytest.mark.parametrize(
    ("when", "opens", "closes"),
    [
        ("2026-01-05T07:00", "2026-01-05 08:00 WIB", "12:00 WIB"),
        ("2026-01-05T09:00", "2026-01-05 13:00 WIB", "12:00 WIB"),
        ("2026-01-09T12:00", "2026-01-12 08:00 WIB", "12:00 WIB"),
        ("2026-03-17T16:00", "2026-03-18 09:00 WIB", "12:00 WIB"),
        ("2026-03-19T10:00", "2026-03-20 09:00 WIB", "12:00 WIB"),
        ("2026-12-24T12:00", "2026-12-28 08:00 WIB", "12:00 WIB"),
    ],
)
def test_into_tells_the_next_opening_and_the_closing(when: str, opens: str, closes: str) -> None:
    office = call_at(when).run.frame.variables["office"]
    assert isinstance(office, dict)
    assert f"{office['opens_date']} {office['opens_time']}" == opens
    assert office["closes"] == closes


def test_spans_without_a_gap_are_one_opening() -> None:
    office = call_at("2026-01-10T21:00", load("night")).run.frame.variables["office"]
    assert isinstance(office, dict)
    assert office["closes"] == "02:00 WIB"


@pytest.mark.parametrize(
    ("language", "when", "words"),
    [
        ("id", "2026-01-16T10:00", "Libur, / Isra Mikraj Nabi Muhammad"),
        ("en", "2026-01-16T10:00", "Libur, / Isra' and Mi'raj"),
        ("en", "2026-02-12T10:00", "Libur, / moving day"),
        ("id", "2026-02-25T15:00", "Tutup, / jam Ramadan"),
        ("en", "2026-01-05T07:00", "Tutup, / the usual hours"),
    ],
)
def test_labels_are_spoken_in_the_language_of_the_call_from_clips(
    language: str, when: str, words: str
) -> None:
    other = "id" if language == "en" else "en"
    bundle = _bilingual(f"[{language}, {other}]")
    call = call_at(when, bundle)
    assert isinstance(call.step, Say)
    (utterance,) = call.step.utterances
    clips = [piece for piece in compose(utterance) if isinstance(piece, Clip)]
    assert [clip.text for clip in clips] == words.split(" / ")
    assert {*clips} <= list_bundle_clips(bundle)


def _bilingual(languages: str) -> Bundle:
    """Prompts in the same words for both languages: only the labels differ."""
    flow = FLOW % ("office", EXITS, OPENS)
    texts = "".join(
        f'main.{name}.say: "{text}"\n'
        for name, text in (
            ("open", f"Buka, {OPENS}."),
            ("closed", "Tutup, {office.label}."),
            ("holiday", "Libur, {office.label}."),
            ("unknown", "Entah."),
        )
    )
    texts += "hotline: {on_silence.1: A., on_wrong_key.1: B., on_give_up: C.}\n"
    other = languages.strip("[]").split(", ")[1]
    return build(
        {
            "hotline.yaml": HOTLINE.replace("[id]", languages),
            "main.yaml": write_flow("main", flow),
            "calendars.yaml": CALENDARS,
            f"texts/{other}.yaml": texts,
        }
    )


def test_the_clock_decides_for_a_caller_who_left_too() -> None:
    flow = """
  ask: {type: menu, say: Tekan., options: [{key: 1, name: a, spoken: false, next: end}],
        on_hangup: clock}
  clock: {type: hours, calendar: office, open: end, closed: end}
  end: {type: hangup}
"""
    always = "calendars: {office: {hours: {monday: 08:00-16:00}}}"
    bundle = build({"main.yaml": write_flow("main", flow), "calendars.yaml": always})
    call = call_at("2026-01-05T09:00", bundle)
    call.hear(HungUp(1))
    assert told(call) == ("open", "weekly")


def test_the_same_minute_gives_the_same_turn() -> None:
    """Nothing but bundle and minute decides, so that a replay agrees."""
    one, other = call_at("2026-03-20T10:00"), call_at("2026-03-20T10:00")
    assert one.all == other.all
    assert one.bundle.hash == other.bundle.hash
