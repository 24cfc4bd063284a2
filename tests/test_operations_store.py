"""What operators see of the store: here, away with records in the spool, and back again."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ivr.operations.instruments import Instruments
from ivr.operations.meters import Meters
from ivr.operations.status import Process, View, list_pages
from ivr.operations.storage import FULL, StoreWatch, describe, find_fault
from ivr.store.spooled import SPOOLED
from ivr.store.state import StoreState
from ivr.supervision.heartbeat import Beat, Ear, Heart
from tests.journal_samples import make_live, make_turn, open_spooled

HERE = StoreState("here", None, None, "ready", 0, 1000, 1000, 0, 0)
SINCE = datetime(2026, 11, 24, 15, 2, 10, tzinfo=UTC)
AWAY = replace(HERE, store="away", since=SINCE, waiting=412, room=980)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def instruments(registry: CollectorRegistry) -> Instruments:
    return Instruments(Meters(registry), name="writer")


def scrape(registry: CollectorRegistry) -> dict[str, float]:
    """The samples of store and spool by name, without their label."""
    lines = generate_latest(registry).decode().splitlines()
    told = (line.rsplit(" ", 1) for line in lines if '{process="writer"}' in line)
    return {name.partition("{")[0]: float(value) for name, value in told}


@contextmanager
def locked(place: Path) -> Iterator[None]:
    with closing(sqlite3.connect(place / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def show(instruments: Instruments, metrics: Path) -> tuple[int, str]:
    """The page /readyz of a process that beats with these instruments."""
    readiness = instruments.readiness
    beat = Beat(readiness.faults, 0, readiness.notes)
    view = View([Process("engine", True, True, beat, 0)])
    status, _, text = list_pages(lambda: view, metrics)["/readyz"]()
    return status, text.decode()


async def test_a_locked_store_is_told_of_until_it_is_drained(
    tmp_path: Path, instruments: Instruments, registry: CollectorRegistry
) -> None:
    async with open_spooled(tmp_path) as journal:
        watch = StoreWatch(instruments, journal.state)
        watch.look()
        assert show(instruments, tmp_path) == (200, "engine: ready\n")
        with locked(tmp_path):
            assert await journal.append(make_turn(n=1), make_live(n=1)) == SPOOLED
            watch.look()
            status, text = show(instruments, tmp_path)
            assert status == 200
            assert text.startswith("engine: ready; store: away since ")
            assert ", 2 records wait, the spool is " in text
            told = scrape(registry)
            assert told["ivr_store_away"] == 1
            assert told["ivr_spool_records"] == 2
            assert 0 < told["ivr_spool_fill_ratio"] < 1
            assert told["ivr_spool_drained_timestamp_seconds"] == 0
        await journal.drain()
        drained = journal.state().drained
        watch.look()
    assert drained is not None
    assert show(instruments, tmp_path) == (200, "engine: ready\n")
    told = scrape(registry)
    assert told["ivr_store_away"] == told["ivr_spool_records"] == 0
    assert told["ivr_spool_drained_timestamp_seconds"] == drained.timestamp()


@pytest.mark.parametrize(
    ("state", "fault", "note"),
    [
        (HERE, "", ""),
        (
            AWAY,
            "",
            "away since 2026-11-24 15:02:10 UTC, 412 records wait, the spool is 2% full",
        ),
        (
            replace(AWAY, store="bad"),
            "",
            "bad until a restart since 2026-11-24 15:02:10 UTC, 412 records wait, "
            "the spool is 2% full",
        ),
        (replace(HERE, spool="unusable", room=0), "", "here, but the spool cannot be used"),
        (
            replace(AWAY, room=round(1000 * (1 - FULL))),
            "away, and there is little room left in the spool",
            "away since 2026-11-24 15:02:10 UTC, 412 records wait, the spool is 90% full",
        ),
        (
            replace(AWAY, spool="unusable", waiting=0, room=0),
            "neither the store nor the spool takes a record",
            "away since 2026-11-24 15:02:10 UTC, 0 records wait, the spool is 100% full",
        ),
    ],
    ids=["here", "away", "bad", "no spool", "nearly full", "nothing"],
)
def test_what_is_told_of_a_store(state: StoreState, fault: str, note: str) -> None:
    assert (find_fault(state), describe(state)) == (fault, note)


def test_a_store_with_a_fault_is_not_ready(tmp_path: Path, instruments: Instruments) -> None:
    StoreWatch(instruments, lambda: replace(AWAY, spool="unusable", room=0)).look()
    assert show(instruments, tmp_path)[0] == 503


def test_losses_are_counted_once(instruments: Instruments, registry: CollectorRegistry) -> None:
    state = replace(AWAY, unrecorded=3, refused=1)
    watch = StoreWatch(instruments, lambda: state)
    watch.look()
    watch.look()
    state = replace(AWAY, unrecorded=5, refused=1)
    watch.look()
    told = scrape(registry)
    assert told["ivr_records_lost_total"] == 5
    assert told["ivr_records_refused_total"] == 1


async def test_a_beat_carries_what_is_to_be_known() -> None:
    heard: asyncio.Queue[Beat] = asyncio.Queue()
    listen, speak = os.pipe()
    ear = Ear(listen)
    ear.listen(heard.put_nowait)
    beat = Beat({}, 2, {"store": describe(AWAY)})
    Heart(speak).beat(beat)
    assert await heard.get() == beat
    os.close(speak)
    ear.close()


def test_a_process_that_is_down_tells_nothing_else() -> None:
    beat = Beat(notes={"store": describe(AWAY)})
    assert Process("writer", False, False, beat, 1).told == "down"
