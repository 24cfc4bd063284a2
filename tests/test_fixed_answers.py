from __future__ import annotations

import pytest

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Personal
from ivr.flow.bundle import Bundle
from ivr.flow.sources import Example
from ivr.services.tables import Tables
from ivr.simulator.answers import FixedAnswers
from tests.talk import load_texts, write_flow

SOURCES = """
sources:
  people:
    table: people
    key: [nik]
    fields:
      status: {personal: true, words: {active: aktif}}
      age: {type: number}
      since: {type: date, optional: true}
"""
TABLE = "- {nik: 1, status: active, age: 40, since: 2020-01-31}\n"
FLOW = "  end: {type: hangup}\n"


@pytest.fixture
def bundle() -> Bundle:
    files = {"sources.yaml": SOURCES, "data/people.yaml": TABLE}
    return load_texts({"main.yaml": write_flow("main", FLOW), **files})


def found(**fields: str) -> Example:
    return Example(found=fields)


async def test_what_is_written_is_answered_with_types_and_classes(bundle: Bundle) -> None:
    source = FixedAnswers(bundle, {"people": [found(status="active", age="7")]})
    answer = await source.fetch("people", {"nik": "9"}, "call-1")
    assert isinstance(answer, Found)
    assert answer.fields == {"status": Personal("active"), "age": 7, "since": None}
    assert answer == await source.fetch("people", {"nik": "8"}, "call-2")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "active"}, "missing_field"),
        ({"status": "active", "age": "old"}, "wrong_type"),
        ({"status": "active", "age": "1", "since": "31-01-2020"}, "wrong_type"),
        ({"status": "asleep", "age": "1"}, "no_word"),
        ({"status": "active\n", "age": "1"}, "wrong_type"),
    ],
)
async def test_what_does_not_fit_fails(bundle: Bundle, fields: dict[str, str], reason: str) -> None:
    source = FixedAnswers(bundle, {"people": [found(**fields)]})
    assert await source.fetch("people", {"nik": "9"}, "call-1") == Failed(reason)


async def test_the_first_that_fits_the_arguments_is_given(bundle: Bundle) -> None:
    answers = [Example(arguments={"nik": "5"}, failed="timeout"), found(status="active", age="1")]
    source = FixedAnswers(bundle, {"people": answers})
    assert await source.fetch("people", {"nik": 5}, "call-1") == Failed("timeout")
    assert isinstance(await source.fetch("people", {"nik": "6"}, "call-1"), Found)
    source.put("people", [Example(arguments={"nik": "5"}, failed="timeout")])
    assert isinstance(await source.fetch("people", {"nik": "6"}, "call-1"), NotFound)


async def test_what_nothing_is_written_for_is_asked_elsewhere(bundle: Bundle) -> None:
    source = FixedAnswers(bundle, {}, Tables(bundle))
    assert isinstance(await source.fetch("people", {"nik": "1"}, "call-1"), Found)
    source.put("people", [Example(failed="timeout")])
    assert await source.fetch("people", {"nik": "1"}, "call-1") == Failed("timeout")
    source.drop("people")
    assert isinstance(await source.fetch("people", {"nik": "1"}, "call-1"), Found)
    alone = FixedAnswers(bundle, {})
    assert await alone.fetch("people", {"nik": "1"}, "call-1") == Failed("unknown_source")


async def test_a_slow_answer_is_waited_for(bundle: Bundle) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    source = FixedAnswers(bundle, {}, sleep=sleep)
    source.put("people", [Example()], delay=2.5)
    assert isinstance(await source.fetch("people", {"nik": "1"}, "call-1"), NotFound)
    assert waited == [2.5]
