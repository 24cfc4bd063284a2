"""Differences in words: each kind of change, told as a designer would say it."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.flow.bundle import Bundle
from ivr.flow.differences import list_differences
from ivr.flow.differences_parts import MOST_ROWS, match_rows, write_span
from ivr.flow.differences_words import ENGLISH, INDONESIAN
from ivr.flow.holidays import Holidays
from ivr.flow.loader import check_files, read_directory
from tests.talk import load_texts, write_flow

FLOWS = Path(__file__).parent.parent / "flows"
FILES, _ = read_directory(FLOWS)


def load(changes: dict[str, tuple[str, str]]) -> Bundle:
    files = dict(FILES)
    for name, (old, new) in changes.items():
        text = files[name].decode()
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        files[name] = text.replace(old, new, 1).encode()
    bundle, faults = check_files(FLOWS, files)
    assert bundle is not None, "\n".join(map(str, faults))
    return bundle


SHIPPED = load({})

CASES = {
    "option": (
        {"tax.yaml": ("next: {flow: tax/filing}", "next: {flow: tax/number}")},
        ["option filing of tax.main now leads to flow tax/number instead of flow tax/filing"],
    ),
    "timer": (
        {"hotline.yaml": ("first_key: 8s", "first_key: 6500ms")},
        ["the hotline, defaults: first_key is now 6.5 s instead of 8 s"],
    ),
    "limit": (
        {"hotline.yaml": ("turns: 500", "turns: 400")},
        ["the hotline, limits: turns is now 400 instead of 500"],
    ),
    "universal key": (
        {"hotline.yaml": ('"7": back', '"8": back')},
        [
            "the hotline, keys: 7 is no longer set (back)",
            "the hotline, keys: 8 is now back",
        ],
    ),
    "number": (
        {"hotline.yaml": ('"1503": transport', '"1503": transport\n  "1504": tax')},
        ["the hotline, numbers: 1504 is now tax"],
    ),
    "table": (
        {"data/billing_codes.yaml": ("state: unpaid", "state: paid")},
        ["data of source billing_codes, row 099900000000011: state is now paid instead of unpaid"],
    ),
    "row by another key": (
        {"data/billing_codes.yaml": ('"099900000000011"', '"099900000000019"')},
        [
            "data of source billing_codes, row 099900000000011 is gone",
            "data of source billing_codes, row 099900000000019 is new",
        ],
    ),
    "opening hours": (
        {
            "calendars.yaml": (
                "monday-friday: 07:00-21:00",
                "monday-friday: [07:00-08:00, 22:00-01:30]",
            )
        },
        [
            "calendar officers, hours: monday-friday is now 07:00-08:00, 22:00-01:30 instead of"
            " 07:00-21:00"
        ],
    ),
}


IN_INDONESIAN = {
    "option": [
        "pilihan filing dari tax.main kini menuju alur tax/number, sebelumnya alur tax/filing"
    ],
    "timer": ["layanan, defaults: first_key kini 6.5 s, sebelumnya 8 s"],
    "limit": ["layanan, limits: turns kini 400, sebelumnya 500"],
    "universal key": [
        "layanan, keys: 7 tidak ditetapkan lagi (back)",
        "layanan, keys: 8 kini back",
    ],
    "number": ["layanan, numbers: 1504 kini tax"],
    "table": [
        "data sumber billing_codes, baris 099900000000011: state kini paid, sebelumnya unpaid"
    ],
    "row by another key": [
        "data sumber billing_codes, baris 099900000000011 tidak ada lagi",
        "data sumber billing_codes, baris 099900000000019 baru ditambahkan",
    ],
    "opening hours": [
        "kalender officers, hours: monday-friday kini 07:00-08:00, 22:00-01:30, sebelumnya"
        " 07:00-21:00"
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told(case: str) -> None:
    changes, told = CASES[case]
    changed = load(changes)
    assert list_differences(SHIPPED, changed) == told
    assert list_differences(SHIPPED, changed, "id") == IN_INDONESIAN[case]


def test_nothing_differs_from_itself() -> None:
    assert list_differences(SHIPPED, load({})) == []


def test_a_text_is_told_in_its_language() -> None:
    old = "Selamat datang di layanan pajak."
    changed = load({"tax.yaml": (old, "Selamat pagi dari layanan pajak.")})
    [told] = list_differences(SHIPPED, changed)
    assert told.startswith("text tax.welcome.say (id) is now “Selamat pagi dari layanan pajak.")
    assert "instead of “Selamat datang di layanan pajak." in told


def build(nodes: str) -> Bundle:
    return load_texts({"main.yaml": write_flow("main", nodes)})


MENU = """
  main:
    type: menu
    options:
      - {key: "1", name: one, label: satu, next: end}
      - {key: "2", name: two, label: dua, next: end}
  end:
    type: hangup
    say: Selesai.
"""


def test_options_are_known_by_their_names() -> None:
    moved = MENU.replace('key: "1"', 'key: "3"').replace("name: two", "name: three")
    assert list_differences(build(MENU), build(moved)) == [
        "option two of main.main is gone",
        "option one of main.main: key is now 3 instead of 1",
        "option three of main.main is new: key 2, leads to end",
        "text main.main.options.one (id) is now “Untuk satu, tekan tiga.” instead of “Untuk satu,"
        " tekan satu.”",
        "text main.main.options.three (id) is new: “Untuk dua, tekan dua.”",
        "text main.main.options.two (id) is gone: “Untuk dua, tekan dua.”",
    ]


def test_nodes_come_go_and_change_their_kind() -> None:
    other = MENU.replace("name: two, label: dua, next: end", "name: two, label: dua, next: talk")
    other += "  talk: {type: say, say: Halo., next: end}\n"
    assert list_differences(build(MENU), build(other)) == [
        "option two of main.main now leads to talk instead of end",
        "node main.talk is new (say)",
        "text main.talk.say (id) is new: “Halo.”",
    ]
    assert "node main.talk is gone" in list_differences(build(other), build(MENU))
    hung = other.replace("{type: say, say: Halo., next: end}", "{type: hangup, say: Halo.}")
    assert list_differences(build(other), build(hung)) == [
        "node main.talk is now a hangup instead of a say"
    ]


def test_the_order_of_options_is_told() -> None:
    lines = MENU.splitlines()
    lines[4], lines[5] = lines[5], lines[4]
    assert list_differences(build(MENU), build("\n".join(lines))) == [
        "main.main offers its options in another order: two, one"
    ]


def test_flows_come_and_go() -> None:
    without = load({})
    flows = {name: flow for name, flow in without.flows.items() if name != "tax/coretax"}
    without = replace(without, flows=flows)
    assert list_differences(SHIPPED, without) == ["flow tax/coretax is gone"]
    [told] = list_differences(without, SHIPPED)
    assert told.startswith("flow tax/coretax is new: “")


def test_holidays_are_told() -> None:
    holidays = SHIPPED.holidays
    years = holidays.years[:-1]
    days = {day: one for day, one in holidays.days.items() if day.year in years}
    fewer = replace(SHIPPED, holidays=Holidays(years=years, days=days))
    last = holidays.years[-1]
    assert list_differences(fewer, SHIPPED) == [f"holidays of the year {last} are now known"]
    moved = dict(holidays.days)
    day = next(iter(moved))
    name = moved.pop(day).name
    changed = replace(SHIPPED, holidays=Holidays(years=holidays.years, days=moved))
    assert list_differences(SHIPPED, changed) == [f"holiday on {day}: none instead of {name}"]


OFFICE = """
webhooks:
  office:
    url: https://office.example/calls
    timeout: 2s
    fields: [case]
    headers:
      X-Office: main
"""


def with_webhooks(written: str) -> Bundle:
    files = {**FILES, "sources.yaml": FILES["sources.yaml"] + written.encode()}
    bundle, faults = check_files(FLOWS, files)
    assert bundle is not None, "\n".join(map(str, faults))
    return bundle


def test_webhooks_are_told() -> None:
    one = with_webhooks(OFFICE)
    assert list_differences(SHIPPED, one) == ["webhook office is new"]
    assert list_differences(one, SHIPPED, "id") == ["webhook office tidak ada lagi"]
    changed = OFFICE.replace("2s", "2500ms").replace("[case]", "[case, number]")
    changed = changed.replace("X-Office: main", "X-Office: {secret: office_key}")
    assert list_differences(one, with_webhooks(changed)) == [
        "webhook office, headers: X-Office is now secret office_key, prefix none instead of main",
        "webhook office: timeout is now 2.5 s instead of 2 s",
        "webhook office: fields is now case, number instead of case",
    ]


def test_menus_and_texts_are_told_in_indonesian() -> None:
    other = MENU.replace("name: two, label: dua, next: end", "name: three, label: tiga, next: talk")
    other += "  talk: {type: say, say: Halo., next: end}\n"
    assert list_differences(build(MENU), build(other), "id") == [
        "pilihan two dari main.main tidak ada lagi",
        "pilihan three dari main.main baru ditambahkan: tombol 2, menuju talk",
        "simpul main.talk baru ditambahkan (say)",
        "teks main.main.options.three (id) baru ditambahkan: “Untuk tiga, tekan dua.”",
        "teks main.talk.say (id) baru ditambahkan: “Halo.”",
        "teks main.main.options.two (id) tidak ada lagi: “Untuk dua, tekan dua.”",
    ]


def test_both_languages_have_every_sentence_with_the_same_values() -> None:
    def fields(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    assert {code: fields(one) for code, one in ENGLISH.items()} == {
        code: fields(one) for code, one in INDONESIAN.items()
    }
    same = {code for code, one in ENGLISH.items() if INDONESIAN[code] == one}
    assert same == {"webhook", "part"}


def test_rows_without_a_key_of_their_own_are_counted() -> None:
    rows = [{"id": "1", "fee": "5"}, {"id": "1", "fee": "6"}]
    assert match_rows(rows, rows[:1], ["id"]) is None
    many = [{"id": str(n), "fee": "5"} for n in range(MOST_ROWS + 1)]
    assert match_rows(many, [], ["id"]) is None
    assert len(match_rows(many[1:], [], ["id"]) or []) == MOST_ROWS


def test_a_whole_day_is_told_as_it_is_written() -> None:
    assert write_span(0, 1440) == "24h"
    assert write_span(480, 1440) == "08:00-24:00"
