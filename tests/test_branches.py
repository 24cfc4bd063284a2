"""Every way out of every node of the shipped flows, taken by a whole call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pytest

from ivr.cli.acts import to_acts
from ivr.engine.engine import advance
from ivr.engine.outcomes import Failed, Found, HungUp, NotFound, Outcome
from ivr.engine.run import Run
from ivr.engine.steps import Collect, Lookup, Menu, OpenCase
from ivr.engine.values import Scalar
from ivr.errors import JournalBroken
from ivr.ports import Source
from ivr.scripts.ways import Way, list_ways, ways_of
from tests.branch_moves import only_outcome
from tests.branch_walk import Look, Made, Walked, find_calls
from tests.service import Service, Stopping
from tests.test_calls import shipped

LOOKS = (
    Look(datetime.fromisoformat("2026-03-02T10:04:05+07:00")),  # some of the data are fresh
    Look(datetime.fromisoformat("2026-03-31T10:00:00+07:00"), "tax"),  # the last day to file
    Look(datetime.fromisoformat("2026-05-20T10:00:00+07:00"), "tax"),  # the same for a month
    *(
        Look(datetime.fromisoformat(at), "front_door", "shared/officer")
        for at in (
            "2026-03-02T05:30:00+07:00",  # officers are there today, a little later
            "2026-03-02T21:30:00+07:00",  # tomorrow
            "2026-04-02T21:30:00+07:00",  # the day after, since tomorrow is a holiday
            "2026-12-25T10:00:00+07:00",  # a holiday
            "2033-03-02T10:00:00+07:00",  # a year whose holidays nobody knows
        )
    ),
)

SAMPLES = {"transport/timetable.ask_date": ("07032026", "31022026")}

NEVER: frozenset[Way] = frozenset()
"""Ways that no call can take, each with its reason. There is none."""


OUTCOMES = {"selesai_mandiri", "informasi", "tiket", "petugas", "darurat", "putus_ivr"}
"""How these calls can end: `galat` is a fault of ours."""


@cache
def walked() -> Walked:
    return find_calls(shipped(), LOOKS, SAMPLES)


def made() -> Sequence[Made]:
    return walked().calls


@dataclass
class Told:
    """A source that answers as a call wants it, and from the tables where it wants that."""

    tables: Source
    answers: Iterator[str]

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        match next(self.answers, "table"):
            case "table":
                return await self.tables.fetch(source, arguments, key)
            case "not_found":
                return NotFound("")
            case _:
                return Failed("test")


async def simulate(call: Made, keys: str) -> tuple[Service, Stopping]:
    """A call on the simulator: where it was led, and all that its journal was handed over."""
    service = Service(shipped(), to_acts(keys), dialled=call.dialled, at=call.at)
    journal = Stopping(service.journal, JournalBroken("never"))
    service.change(journal=journal, source=Told(service.source, iter(call.answers)))
    await service.run()
    return service, journal


async def _play(call: Made) -> None:
    service, journal = await simulate(call, call.keys)
    assert (service.caller.acts, service.line.act) == ([], None), "the caller did not come to this"
    turns = [turn for turn, _, _ in journal.taken]
    assert [turn.n for turn in turns] == list(range(1, len(turns) + 1))
    last = turns[-1].events[-1]
    assert (last["type"], last["turns"]) == ("call.ended", len(turns))
    assert last["outcome"] in OUTCOMES
    assert await service.journal.lines() == []
    assert call.ways <= ways_of(shipped(), journal.events)


async def _play_all() -> None:
    for call in made():
        try:
            await _play(call)
        except AssertionError as error:
            raise AssertionError(f"{call.dialled} {call.keys} {call.answers}") from error


def test_every_way_is_taken() -> None:
    taken = frozenset[Way]().union(*(call.ways for call in made()))
    assert list_ways(shipped()) - taken == NEVER
    assert taken <= list_ways(shipped())


def test_every_call_ends_with_an_outcome_and_a_whole_journal() -> None:
    asyncio.run(_play_all())


@pytest.mark.parametrize("language", ["1", "2"])
def test_both_languages_are_spoken(language: str) -> None:
    assert sum(call.keys.startswith(f",{language}") for call in made()) > 100


@pytest.mark.parametrize("heard", [0, 400])
def test_a_caller_may_leave_at_every_step(heard: int) -> None:
    """Before the prompt and in it: what needs no caller is still done, and the call ends once."""
    for state in walked().stands:
        begun = state.run.started
        assert begun is not None
        assert _leave(state.run, HungUp(heard), begun).count("call.ended") == 1, state.place


def _leave(run: Run, outcome: Outcome, at: datetime) -> list[str]:
    """The types of the events from here to the end; nothing is found, and cases are opened."""
    kinds: list[str] = []
    while True:
        went = advance(shipped(), run, outcome, at)
        kinds += [event.type for event in went.events]
        if went.step is None:
            return kinds
        assert isinstance(went.step, Lookup | OpenCase), "nobody is there to hear it"
        run, outcome = went.run, only_outcome(went.step) or NotFound("")


@pytest.mark.parametrize("leaves", ["h", "w0.3h", ",h"])
def test_a_caller_may_leave_wherever_one_is_asked(leaves: str) -> None:
    """Before the prompt, in it, and after it, with all that is around the engine."""
    for state in walked().stands:
        if isinstance(state.run.step, Menu | Collect):
            began = state.run.started
            assert began is not None
            call = Made(state.run.dialled, began, state.keys, state.answers, frozenset())
            asyncio.run(_hang_up(call, leaves, state.run.frame.node))


async def _hang_up(call: Made, leaves: str, node: str) -> None:
    service, journal = await simulate(call, call.keys + leaves)
    turns = [turn for turn, _, _ in journal.taken]
    assert [turn.n for turn in turns] == list(range(1, len(turns) + 1))
    kinds = [event["type"] for event in journal.events]
    assert (kinds.count("call.ended"), kinds[-1]) == (1, "call.ended")
    assert await service.journal.lines() == []
    [left] = [event["node"] for event in journal.events if event["type"] == "caller.hung_up"]
    assert left == node or leaves != ",h", call
