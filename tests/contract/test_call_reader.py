"""The suite of the port `CallReader`, over every adapter that is shipped; erasing is seen here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.audit.leaf import ERASED, as_recorded
from ivr.engine.plain import event_from_plain, outcome_from_plain, step_from_plain
from ivr.engine.values import Secret
from ivr.errors import JournalConflict
from ivr.ports import CallSummary
from ivr.store.plain import turn_data
from tests.journal_samples import (
    CALLER,
    SHOPS,
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


async def test_turns_come_back_in_order_as_the_log_keeps_them(shop: Shop) -> None:
    turns = [make_turn(n=n, last=n == 4) for n in range(1, 5)]
    for turn in turns:
        await shop.journal.append(turn, None)
    read = await shop.reader.turns("c1")
    assert [(turn.call, turn.n, turn.at) for turn in read] == [
        (turn.call, turn.n, turn.at) for turn in turns
    ]
    assert [turn_data(turn) for turn in read] == [as_recorded(turn_data(turn)) for turn in turns]


async def test_what_comes_back_can_be_executed_again(shop: Shop) -> None:
    for n in range(1, 4):
        await shop.journal.append(make_turn(n=n), None)
    read = await shop.reader.turns("c1")
    outcomes = [outcome_from_plain(turn.outcome) for turn in read]
    assert outcomes[1] == outcome_from_plain(make_turn(n=2).outcome)
    assert [event_from_plain(event).type for turn in read for event in turn.events]
    steps = [step_from_plain(turn.step) for turn in read]
    assert steps[0].type == "menu"
    assert Secret("", 16, True) == outcomes[2].value  # type: ignore[union-attr]


async def test_facts_come_back_in_order(shop: Shop) -> None:
    facts = [make_fact("c1", "call.sealed", who={"$personal": "Sari"}), make_fact("c1", "z", n=1)]
    await shop.journal.note(facts[0])
    await shop.journal.append(make_turn(), None)
    await shop.journal.note(make_fact("c2", "other"))
    await shop.journal.note(facts[1])
    assert list(await shop.reader.facts("c1")) == facts


async def test_calls_are_listed_newest_first(shop: Shop) -> None:
    for call, hours in (("a1", 0), ("a2", 2), ("b1", 1)):
        turn = make_turn(call)
        await shop.journal.append(replace(turn, at=turn.at + timedelta(hours=hours)), None)
    await shop.journal.append(make_turn("a1", 2, last=True), None)
    assert [line.call for line in await shop.reader.calls()] == ["a2", "b1", "a1"]
    assert [line.call for line in await shop.reader.calls(limit=1)] == ["a2"]
    assert [line.call for line in await shop.reader.calls(prefix="a")] == ["a2", "a1"]
    (last,) = await shop.reader.calls(prefix="a1")
    started, ended = make_turn(n=1).at, make_turn(n=2).at
    assert last == CallSummary("a1", started, ended, "1501", CALLER, 2, "completed")


async def test_a_withheld_number_is_none(shop: Shop) -> None:
    turn = make_turn()
    await shop.journal.append(replace(turn, events=[{**turn.events[0], "caller": None}]), None)
    (line,) = await shop.reader.calls()
    assert line.caller is None
    assert line.ended is None


async def test_erasing_leaves_the_turns_and_takes_what_is_personal(shop: Shop) -> None:
    await shop.journal.append(make_turn(n=1), make_live(n=1))
    await shop.journal.append(make_turn(n=2, last=True), None, make_case())
    await shop.journal.note(make_fact("c1", "call.sealed", who={"$personal": "Sari"}))
    assert await shop.journal.erase(make_fact("c1", "erasure", basis="request")) == 3
    read = await shop.reader.turns("c1")
    assert [turn.n for turn in read] == [1, 2]
    assert read[0].events[0]["caller"] == {"$personal": ERASED}
    assert read[0].events[0]["dialled"] == "1501"
    (line,) = await shop.reader.calls()
    assert line.caller == ERASED
    facts = await shop.reader.facts("c1")
    assert facts[0].event["who"] == {"$personal": ERASED}
    assert facts[1].event == {"type": "erasure", "basis": "request"}
    assert await shop.journal.case("c1", 2) == ERASED


async def test_what_is_said_about_an_erased_call_is_not_kept(shop: Shop) -> None:
    await shop.journal.append(make_turn(), None)
    await shop.journal.erase(make_fact("c1", "erasure"))
    await shop.journal.note(make_fact("c1", "late", who={"$personal": "Sari"}))
    facts = await shop.reader.facts("c1")
    assert facts[1].event["who"] == {"$personal": ERASED}
    with pytest.raises(JournalConflict):
        await shop.journal.append(make_turn(n=2), None)


async def test_erasing_twice_is_noted_twice(shop: Shop) -> None:
    await shop.journal.append(make_turn(), None)
    assert await shop.journal.erase(make_fact("c1", "erasure")) == 1
    assert await shop.journal.erase(make_fact("c1", "erasure")) == 2


async def test_a_call_in_progress_or_unknown_is_not_erased(shop: Shop) -> None:
    await shop.journal.append(make_turn(), make_live())
    with pytest.raises(JournalConflict):
        await shop.journal.erase(make_fact("c1", "erasure"))
    with pytest.raises(JournalConflict):
        await shop.journal.erase(make_fact("c2", "erasure"))
    assert await shop.journal.live("line-c1") == make_live()
