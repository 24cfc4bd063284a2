"""Indonesia's holidays out of the package `holidays`: the only module that knows it.

The yearly joint decree of three ministers (SKB 3 Menteri) sets both national holidays and cuti
bersama. The package calculates holidays for any year, but cuti bersama only stands in a decree: a
year is known when the package has its cuti bersama.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import count, takewhile
from typing import Literal

from holidays.countries.indonesia import Indonesia

from ivr.flow.holidays import Holiday, Holidays, slug

FIRST_YEAR = 2024
"""No call is older."""

_LANGUAGES = {"id": "id", "en": "en_US"}
_ESTIMATED = (" (perkiraan)", " (estimated)")
"""Once the decree is out its date counts, whatever the later sighting of the moon."""


@cache
def compile_holidays() -> Holidays:
    """The holidays of all years that the package knows, from `FIRST_YEAR` on."""
    years = tuple(takewhile(_is_known, count(FIRST_YEAR)))
    days = {day: holiday for year in years for day, holiday in _list_days(year)}
    return Holidays(years=years, days=dict(sorted(days.items())))


def _is_known(year: int) -> bool:
    return bool(Indonesia(years=year, categories="government"))


def _list_days(year: int) -> Iterator[tuple[date, Holiday]]:
    """Cuti bersama first: on a date that is both, the national holiday counts."""
    yield from _list_kind(year, "government", "cuti_bersama")
    yield from _list_kind(year, "public", "national_holiday")


def _list_kind(
    year: int, category: str, kind: Literal["national_holiday", "cuti_bersama"]
) -> Iterator[tuple[date, Holiday]]:
    names = {
        language: Indonesia(years=year, categories=category, language=known)
        for language, known in _LANGUAGES.items()
    }
    for day in names["id"]:
        label = {language: _tidy(found[day]) for language, found in names.items()}
        yield day, Holiday(kind=kind, name=slug(label["id"]), label=label)


def _tidy(name: str) -> str:
    for ending in _ESTIMATED:
        name = name.replace(ending, "")
    return name.replace("; ", ", ")
