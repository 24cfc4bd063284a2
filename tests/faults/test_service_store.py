"""A service whose store is locked by another program: calls go on, and operators are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.faults.running import Make, NewCaller, fetch, metric, reach, until
from tests.telephony.engine import Engine
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Another program holds the write lock of the database."""
    with closing(sqlite3.connect(engine.journal, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize(("engines", "process"), [(1, "engine"), (2, "writer")])
async def test_operators_are_told_of_a_locked_store(
    make: Make, pbx: Instance, caller: NewCaller, engines: int, process: str
) -> None:
    """The spool of the process that writes the store takes over, until the lock is gone."""
    engine = make(engines)
    number = caller()
    label = f'{{process="{process}"}}'
    assert await metric(engine, f"ivr_store_away{label}") == 0
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1502", number)
        with locked(engine):
            await call.press("12345")
            await reach(engine, f"ivr_store_away{label}", 1)
            word = f"{process}: ready; store: away since"
            await until(lambda: word in fetch(engine, "readyz")[1])
            assert fetch(engine, "readyz")[0] == 200
            assert await metric(engine, f"ivr_spool_records{label}") > 0
            assert await metric(engine, f"ivr_spool_fill_ratio{label}") > 0
            await call.press("1")
            assert (await call.ended(within=20)).by == "far end"
        await reach(engine, f"ivr_spool_records{label}", 0)
        await reach(engine, f"ivr_store_away{label}", 0)
    assert await metric(engine, f"ivr_spool_drained_timestamp_seconds{label}") > 0
    await until(lambda: f"{process}: ready\n" in fetch(engine, "readyz")[1])
    assert (await engine.story(number)).summary.outcome == "nomor"
    [back] = await engine.noted("store.back")
    assert back["records"] > 0
    engine.check_store()
