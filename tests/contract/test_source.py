"""The suite of the port `Source`, over every adapter that is shipped."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.plain import outcome_from_plain, outcome_to_plain
from ivr.engine.values import Personal, Scalar, reveal
from ivr.ports import Source
from tests.contract.source_ends import ENDS, Rows

ROW = {"nik": "3171010101900001", "year": "2026", "name": "Contoh Satu", "age": "40"}
RIGHT = {**ROW, "fee": "5000", "since": "2020-01-31", "status": "active"}
SECOND = {**RIGHT, "nik": "3171010101900002", "name": "Contoh Dua", "status": "closed"}
ASKED: dict[str, Scalar] = {"nik": "3171010101900001", "year": 2026}


@pytest.fixture(params=list(ENDS))
def end(request: pytest.FixtureRequest) -> Callable[[Rows], AbstractAsyncContextManager[Source]]:
    return ENDS[request.param]


@pytest.fixture
async def source(
    end: Callable[[Rows], AbstractAsyncContextManager[Source]],
) -> AsyncIterator[Source]:
    async with end([RIGHT, SECOND]) as adapter:
        yield adapter


async def test_an_answer_has_its_declared_fields_and_classes(source: Source) -> None:
    found = await source.fetch("people", ASKED, "c-1")
    assert isinstance(found, Found)
    assert found.fields == {
        "name": Personal("Contoh Satu"),
        "age": Personal(40),
        "fee": 5000,
        "since": "2020-01-31",
        "status": "active",
    }
    assert re.fullmatch("[0-9a-f]{64}", str(reveal(found.snapshot)))
    assert outcome_from_plain(outcome_to_plain(found)) == found


async def test_the_same_question_has_the_same_answer(source: Source) -> None:
    first = await source.fetch("people", ASKED, "c-1")
    assert await source.fetch("people", ASKED, "c-1") == first
    assert await source.fetch("people", {**ASKED, "nik": SECOND["nik"]}, "c-1") != first


@pytest.mark.parametrize("nik", ["3171010101900009", "3171010101900001 ", "x/../y?&%#é"])
async def test_no_entry_is_an_answer(source: Source, nik: str) -> None:
    missing = await source.fetch("people", {"nik": nik, "year": "2026"}, "c-1")
    assert isinstance(missing, NotFound)
    assert re.fullmatch("[0-9a-f]{64}", missing.snapshot)


async def test_an_unknown_source_fails_and_does_not_raise(source: Source) -> None:
    assert await source.fetch("nobody", {}, "c-1") == Failed("unknown_source")


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"fee": "free"}, "wrong_type"),
        ({"age": "4" * 16}, "wrong_type"),
        ({"since": "31-01-2020"}, "wrong_type"),
        ({"name": "Contoh\nSatu"}, "wrong_type"),
        ({"name": "n" * 501}, "wrong_type"),
        ({"status": "asleep"}, "no_word"),
    ],
)
async def test_a_value_that_does_not_fit_fails(
    end: Callable[[Rows], AbstractAsyncContextManager[Source]],
    spoiled: dict[str, str],
    reason: str,
) -> None:
    async with end([{**RIGHT, **spoiled}]) as source:
        assert await source.fetch("people", ASKED, "c-1") == Failed(reason)


async def test_a_field_may_be_missing_only_when_it_is_optional(
    end: Callable[[Rows], AbstractAsyncContextManager[Source]],
) -> None:
    async with end([{name: cell for name, cell in RIGHT.items() if name != "since"}]) as source:
        found = await source.fetch("people", ASKED, "c-1")
        assert isinstance(found, Found)
        assert found.fields["since"] is None
    async with end([{name: cell for name, cell in RIGHT.items() if name != "fee"}]) as source:
        assert await source.fetch("people", ASKED, "c-1") == Failed("missing_field")


async def test_nothing_of_a_question_or_an_answer_is_logged(
    end: Callable[[Rows], AbstractAsyncContextManager[Source]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with end([RIGHT, {**SECOND, "fee": "gratis-4711"}]) as source:
        for nik in (RIGHT["nik"], SECOND["nik"]):
            answered = await source.fetch("people", {"nik": nik, "year": "2026"}, "c-1")
            assert "Contoh" not in repr(answered)
    for told in ("31710101019", "Contoh", "gratis"):
        assert told not in caplog.text
