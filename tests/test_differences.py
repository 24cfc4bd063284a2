"""Differences in words: each kind of change, told as a designer would say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.flow.bundle import Bundle
from ivr.flow.differences import list_differences
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
        ["data of source billing_codes: rows new 1, gone 1"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told(case: str) -> None:
    changes, told = CASES[case]
    assert list_differences(SHIPPED, load(changes)) == told


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
