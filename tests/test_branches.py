"""Every way out of every node of the shipped flows, taken by a whole call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pytest

from ivr.cli.acts import to_acts
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.errors import JournalBroken
from ivr.ports import Source
from tests.branch_walk import Look, Made, find_calls
from tests.branch_ways import Way, list_ways, ways_of
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
def made() -> tuple[Made, ...]:
    return tuple(find_calls(shipped(), LOOKS, SAMPLES))


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
