"""The suite of the port `Journal`, over every adapter that is shipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import JournalConflict, JournalError
from tests.journal_samples import (
    CALLER,
    NUMBER,
    SHOPS,
    START,
    Shop,
    make_case,
    make_fact,
    make_live,
    make_turn,
)
from tests.postgres import Cluster


@pytest.fixture(params=list(SHOPS))
async def shop(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Cluster
) -> AsyncIterator[Shop]:
    async with SHOPS[request.param](tmp_path, postgres) as shop:
        yield shop


async def test_records_are_numbered_from_nought_without_a_gap(shop: Shop) -> None:
    numbers = [
        await shop.journal.append(make_turn("c1", 1), make_live("c1", 1)),
        await shop.journal.note(make_fact("c1")),
        await shop.journal.append(make_turn("c2", 1), make_live("c2", 1)),
        await shop.journal.note(make_fact(None, "engine.started")),
        await shop.journal.append(make_turn("c1", 2), make_live("c1", 2)),
    ]
    assert numbers == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n", [0, 2, 3, -1])
async def test_a_turn_that_is_not_the_first_cannot_begin_a_call(shop: Shop, n: int) -> None:
    with pytest.raises(JournalConflict):
        await shop.journal.append(replace(make_turn(), n=n), None)
    assert await shop.journal.append(make_turn(), None) == 0


@pytest.mark.parametrize("n", [1, 2, 4])
async def test_a_turn_out_of_order_is_refused_and_changes_nothing(shop: Shop, n: int) -> None:
    for own in (1, 2):
        await shop.journal.append(make_turn(n=own), make_live(n=own))
    other = replace(make_turn(n=n), at=START + timedelta(hours=1))
    with pytest.raises(JournalConflict):
        await shop.journal.append(other, None, make_case())
    assert await shop.journal.live("line-c1") == make_live(n=2)
    assert await shop.journal.case("c1", n) is None
    assert await shop.journal.append(make_turn(n=3), None) == 2


async def test_the_same_turn_again_is_stored_once(shop: Shop) -> None:
    await shop.journal.append(make_turn(n=1), make_live(n=1))
    first = await shop.journal.append(make_turn(n=2), make_live(n=2), make_case())
    assert await shop.journal.append(make_turn(n=2), make_live(n=2), make_case()) == first
    assert len(await shop.reader.turns("c1")) == 2
    assert await shop.journal.live("line-c1") == make_live(n=2)


@pytest.mark.parametrize("number", ["77001234568", None])
async def test_the_same_turn_with_another_case_is_refused(shop: Shop, number: str | None) -> None:
    await shop.journal.append(make_turn(), None, make_case())
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn(), None, make_case(number) if number else None)


async def test_another_turn_with_the_same_number_is_refused(shop: Shop) -> None:
    await shop.journal.append(make_turn(n=1), None)
    await shop.journal.append(make_turn(n=2, keys="1"), None)
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn(n=2, keys="2"), None)


async def test_the_same_turn_of_another_engine_is_refused(shop: Shop) -> None:
    turn = make_turn()
    await shop.journal.append(turn, make_live())
    with pytest.raises(JournalConflict):
        await shop.journal.append(replace(turn, at=turn.at + timedelta(microseconds=1)), None)
    assert await shop.journal.live("line-c1") == make_live()


async def test_a_call_that_ended_takes_no_more_turns(shop: Shop) -> None:
    await shop.journal.append(make_turn(n=1), None)
    await shop.journal.append(make_turn(n=2, last=True), None)
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn(n=3), None)
    assert await shop.journal.append(make_turn(n=2, last=True), None) == 1


async def test_a_resume_reads_the_live_row_back_equal(shop: Shop) -> None:
    row = make_live()
    await shop.journal.append(make_turn(), row)
    read = await shop.journal.live(row.line)
    assert read == row
    assert read is not None
    assert read.run.step == row.run.step
    assert read.secrets.digits == row.secrets.digits


async def test_a_turn_replaces_the_live_row_and_the_last_one_removes_it(shop: Shop) -> None:
    await shop.journal.append(make_turn(n=1), make_live(n=1))
    await shop.journal.append(make_turn(n=2), make_live(n=2))
    assert await shop.journal.live("line-c1") == make_live(n=2)
    await shop.journal.append(make_turn(n=3, last=True), None)
    assert await shop.journal.live("line-c1") is None
    assert list(await shop.journal.lines()) == []


async def test_lines_are_listed_oldest_first(shop: Shop) -> None:
    for call, n in (("c1", 1), ("c2", 1), ("c1", 2)):
        await shop.journal.append(make_turn(call, n), make_live(call, n))
    one, two = make_live("c1", 2), make_live("c2", 1)
    assert list(await shop.journal.lines()) == [(two.line, two.at), (one.line, one.at)]


async def test_no_line_no_row(shop: Shop) -> None:
    assert await shop.journal.live("nowhere") is None
    assert list(await shop.journal.lines()) == []


async def test_a_line_belongs_to_one_call(shop: Shop) -> None:
    await shop.journal.append(make_turn("c1"), make_live("c1", line="x"))
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn("c2"), make_live("c2", line="x"))
    assert list(await shop.reader.turns("c2")) == []


async def test_a_live_row_of_another_call_is_refused(shop: Shop) -> None:
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn("c1"), make_live("c2"))
    assert list(await shop.reader.turns("c1")) == []


async def test_a_case_is_found_by_call_and_turn(shop: Shop) -> None:
    await shop.journal.append(make_turn(), make_live(), make_case())
    assert await shop.journal.case("c1", 1) == NUMBER
    assert await shop.journal.case("c1", 2) is None
    assert await shop.journal.case("c2", 1) is None


async def test_a_case_number_is_given_once_and_the_turn_may_try_another(shop: Shop) -> None:
    await shop.journal.append(make_turn("c1"), None, make_case())
    with pytest.raises(JournalConflict) as refused:
        await shop.journal.append(make_turn("c2"), make_live("c2"), make_case())
    assert NUMBER not in str(refused.value)
    assert await shop.journal.live("line-c2") is None
    assert await shop.journal.append(make_turn("c2"), None, make_case("77001234575")) == 1


def _spoil(**data: Any) -> dict[str, Any]:
    return {"type": "spoiled", **data}


@pytest.mark.parametrize(
    "event",
    [
        _spoil(x=1.5),
        _spoil(x=2**53),
        _spoil(x="a" * 65_535),
        _spoil(x={"$digest": "forged"}),
        _spoil(x={"$personal": "a", "b": 1}),
        _spoil(x="\ud800"),
    ],
    ids=["float", "integer", "long", "forged", "mixed", "surrogate"],
)
async def test_what_cannot_be_a_leaf_is_refused_alone(shop: Shop, event: dict[str, Any]) -> None:
    bad = replace(make_turn(), events=[event])
    results = await asyncio.gather(
        shop.journal.append(make_turn("before"), None),
        shop.journal.append(bad, make_live()),
        shop.journal.append(make_turn("after"), None),
        return_exceptions=True,
    )
    assert isinstance(results[1], JournalError)
    assert sorted([results[0], results[2]]) == [0, 1]  # type: ignore[type-var]
    assert await shop.journal.live("line-c1") is None


async def test_a_time_without_a_zone_is_refused(shop: Shop) -> None:
    naive = datetime(2026, 11, 24)
    with pytest.raises(JournalError):
        await shop.journal.append(replace(make_turn(), at=naive), None)
    with pytest.raises(JournalError):
        await shop.journal.append(make_turn(), replace(make_live(), at=naive))
    assert list(await shop.reader.turns("c1")) == []


async def test_a_live_row_that_is_no_json_is_refused(shop: Shop) -> None:
    with pytest.raises(JournalError):
        await shop.journal.append(make_turn(), replace(make_live(), position={"x": object()}))
    assert list(await shop.reader.turns("c1")) == []


async def test_many_at_once_are_all_numbered(shop: Shop) -> None:
    async def call(name: str) -> list[int]:
        return [
            await shop.journal.append(make_turn(name, n), make_live(name, n)) for n in range(1, 4)
        ]

    numbers = await asyncio.gather(*(call(f"c{i}") for i in range(50)))
    assert sorted(seq for own in numbers for seq in own) == list(range(150))
    assert all(own == sorted(own) for own in numbers)
    assert len(await shop.journal.lines()) == 50


async def test_a_subscriber_sees_public_data_from_now_on(shop: Shop) -> None:
    await shop.journal.append(make_turn("old"), None)
    async with shop.journal.subscribe() as leaves:
        await shop.journal.append(make_turn("c1"), make_live("c1"))
        with pytest.raises(JournalConflict):
            await shop.journal.append(make_turn("c1", 3), None)
        await shop.journal.note(make_fact(None, "engine.started"))
        seen = [await anext(leaves), await anext(leaves)]
    assert [(leaf["seq"], leaf["call"], leaf["kind"]) for leaf in seen] == [
        (1, "c1", "turn"),
        (2, None, "fact"),
    ]
    assert CALLER not in str(seen)
    assert seen[0]["data"]["events"][0]["caller"].keys() == {"$digest"}
