"""Sources that answer as a script wants it; without a wish they pass the contract of sources."""

from __future__ import annotations

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.services.tables import Tables
from ivr.simulator import Fixed, WishedAnswers
from tests.test_tables import load_tables

PERSON = {"npwp": "021832415000000", "year": "2026"}


def make(*fixed: Fixed, source: str = "people") -> tuple[WishedAnswers, list[int]]:
    waited: list[int] = []

    async def wait(milliseconds: int) -> None:
        waited.append(milliseconds)

    return WishedAnswers(Tables(load_tables()), wait, {source: fixed}), waited


async def test_answers_are_given_one_after_the_other_and_the_last_stays() -> None:
    answers, _ = make(Fixed(NotFound("")), Fixed(), Fixed(Failed("script")))
    got = [type(await answers.fetch("people", PERSON, "")) for _ in range(4)]
    assert got == [NotFound, Found, Failed, Failed]


async def test_a_source_without_an_answer_of_its_own_takes_that_for_every_one() -> None:
    answers, _ = make(Fixed(Failed("script")), source="*")
    assert await answers.fetch("people", PERSON, "") == Failed("script")
    answers.answers["people"] = [Fixed()]
    assert isinstance(await answers.fetch("people", PERSON, ""), Found)


async def test_time_goes_by_and_too_much_of_it_is_a_failure() -> None:
    answers, waited = make(Fixed(after=5_000), Fixed(after=60_000))
    assert isinstance(await answers.fetch("people", PERSON, ""), Found)
    assert await answers.fetch("people", PERSON, "") == Failed("timeout")
    assert waited == [5_000, 31_000]
