"""The journal of a service as its settings say, and what a service with others left behind."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.audit.vault import open_vault
from ivr.config import Settings
from ivr.spooling import open_store
from ivr.store.draining import to_bytes
from ivr.store.plain import Append
from ivr.store.reader import SqliteReader
from ivr.store.spool import Spool
from tests.journal_samples import make_live, make_turn


async def open_and_close(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        await open_store(settings, stack)


async def turns(settings: Settings, call: str) -> list[int]:
    async with SqliteReader(settings.store / "journal.db", settings.key_file) as reader:
        return [turn.n for turn in await reader.turns(call)]


async def leave(settings: Settings, name: str, call: str) -> Spool:
    """An engine's spool with the first two turns of a call."""
    spool = Spool(settings.spools / name, size=1 << 20)
    spool.open(open_vault(settings.key_file, create=False))
    for n in (1, 2):
        await spool.put(to_bytes(Append(make_turn(call, n), make_live(call, n, line=call))))
    return spool


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """Of a service with a store."""
    settings = Settings(spool_megabytes=1, engines=1).at(tmp_path)
    await open_and_close(settings)
    return settings


async def test_what_waits_in_the_spool_of_an_engine_that_is_no_more_is_stored(
    settings: Settings,
) -> None:
    for name in ("engine-1", "engine-3"):
        (await leave(settings, name, f"C-{name}")).close()
    two = replace(settings, engines=2)
    await open_and_close(two)
    assert await turns(two, "C-engine-1") == []  # that engine brings it by itself
    assert await turns(two, "C-engine-3") == [1, 2]
    await open_and_close(settings)
    assert await turns(settings, "C-engine-1") == [1, 2]
    emptied = Spool(settings.spools / "engine-3", size=0)
    emptied.open(open_vault(settings.key_file, create=False))
    assert emptied.count == 0
    emptied.close()


async def test_a_spool_that_somebody_has_is_left_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    spool = await leave(settings, "engine-2", "C1")
    await open_and_close(settings)
    assert "engine-2 stays there" in caplog.text
    assert spool.count == 2
    spool.close()
