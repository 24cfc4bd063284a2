"""The feed: followers see every leaf in order, and none of them holds up the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import JournalError
from ivr.store.feed import Feed
from ivr.store.sqlite import SqliteJournal
from tests.journal_samples import make_fact


async def test_a_follower_that_is_too_slow_is_dropped_and_told() -> None:
    feed = Feed(depth=2)
    async with feed.subscribe() as slow, feed.subscribe() as quick:
        for seq in range(3):
            feed.publish([{"seq": seq}])
            assert (await anext(quick))["seq"] == seq
        assert [(await anext(slow))["seq"] for _ in range(2)] == [0, 1]
        with pytest.raises(JournalError, match="2 records behind"):
            await anext(slow)


async def test_who_comes_later_sees_what_is_later() -> None:
    feed = Feed()
    feed.publish([{"seq": 0}])
    async with feed.subscribe() as leaves:
        feed.publish([{"seq": 1}, {"seq": 2}])
        feed.close()
        assert [leaf["seq"] async for leaf in leaves] == [1, 2]


async def test_the_iteration_ends_with_the_journal(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", tmp_path / "master.key")
    async with journal.subscribe() as leaves:
        async with journal:
            await journal.note(make_fact())
        assert [leaf["seq"] async for leaf in leaves] == [0]


async def test_a_slow_follower_does_not_delay_the_journal(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", tmp_path / "master.key", depth=5)
    async with journal, journal.subscribe() as leaves:
        for seq in range(20):
            assert await journal.note(make_fact()) == seq
        assert [(await anext(leaves))["seq"] for _ in range(5)] == [0, 1, 2, 3, 4]
        with pytest.raises(JournalError):
            await anext(leaves)
