"""The sources that are table files, beyond what every source promises."""

from __future__ import annotations

import re

import pytest

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Personal
from ivr.flow.bundle import Bundle
from ivr.ports import Source
from ivr.services.tables import Tables
from tests.talk import load_texts, write_flow

SOURCES = """
sources:
  people:
    table: persons
    key: [npwp, year]
    kinds: {npwp: npwp}
    fields:
      name: {personal: true}
      age: {type: number, personal: true}
      fee: {type: number}
      since: {type: date}
"""
TABLE = """
- {npwp: "021832415000000", year: "2026", name: Contoh Satu, age: 40, fee: 5000, since: 2020-01-31}
- {npwp: "123456782001000", year: "2026", name: Contoh Dua, age: 41, fee: 0, since: 2020-02-29}
- {npwp: "021832415000000", year: "2025", name: Contoh Lama, age: 39, fee: 1, since: 2020-01-31}
"""
FLOW = """
  find:
    type: lookup
    source: people
    with: {npwp: "1", year: "2026"}
    into: person
    found: end
    not_found: end
    failed: end
  end: {type: hangup}
"""


def load_tables() -> Bundle:
    main = write_flow("main", FLOW).replace("nodes:", "keys: {'1': {next: {flow: person}}}\nnodes:")
    menu = "  ask: {type: menu, options: [{key: 2, name: a, label: b, next: find}]}\n"
    main = main.replace("start: find", "start: ask").replace("nodes:\n", "nodes:\n" + menu, 1)
    return load_texts({"main.yaml": main, "sources.yaml": SOURCES, "data/persons.yaml": TABLE})


@pytest.fixture
def source() -> Source:
    return Tables(load_tables())


async def test_an_answer_has_its_declared_fields_and_classes(source: Source) -> None:
    found = await source.fetch("people", {"npwp": "021832415000000", "year": "2026"}, "c-1")
    assert isinstance(found, Found)
    assert found.fields == {
        "name": Personal("Contoh Satu"),
        "age": Personal(40),
        "fee": 5000,
        "since": "2020-01-31",
    }
    assert isinstance(found.snapshot, str)
    assert re.fullmatch("[0-9a-f]{64}", found.snapshot)


@pytest.mark.parametrize("npwp", ["0021832415000000", "021832415000000"])
async def test_both_ways_of_writing_a_number_find_it(source: Source, npwp: str) -> None:
    found = await source.fetch("people", {"npwp": npwp, "year": "2025"}, "c-1")
    assert isinstance(found, Found)
    assert found.fields["name"] == Personal("Contoh Lama")


async def test_a_number_is_the_same_as_its_digits(source: Source) -> None:
    found = await source.fetch("people", {"npwp": "123456782001000", "year": 2026}, "c-1")
    assert isinstance(found, Found)
    assert found.fields["fee"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"npwp": "021832415000000", "year": "2024"},
        {"npwp": "21832415000000", "year": "2026"},
        {"npwp": "", "year": "2026"},
        {"npwp": None, "year": "2026"},
        {"npwp": "021832415000000"},
        {},
    ],
)
async def test_no_entry_is_an_answer_with_the_same_snapshot(
    source: Source, arguments: dict[str, str | None]
) -> None:
    found = await source.fetch("people", {"npwp": "021832415000000", "year": "2026"}, "c-1")
    missing = await source.fetch("people", arguments, "c-2")
    assert isinstance(found, Found)
    assert isinstance(found.snapshot, str)
    assert missing == NotFound(found.snapshot)


async def test_a_cell_that_is_no_number_fails_and_does_not_raise() -> None:
    bundle = load_tables()
    table = bundle.tables["people"]
    rows = tuple({**row, "fee": "free"} for row in table.rows)
    spoiled = Bundle(
        bundle.hotline,
        bundle.flows,
        bundle.sources,
        bundle.texts,
        {"people": type(table)(rows, table.sha256)},
    )
    arguments = {"npwp": "021832415000000", "year": "2026"}
    assert await Tables(spoiled).fetch("people", arguments, "c-1") == Failed("wrong_type")
