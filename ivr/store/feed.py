"""New leaves of the log, as they become durable, for everybody in this process who follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from ivr.errors import JournalError

Leaves: TypeAlias = AsyncIterator[Mapping[str, Any]]

_Entry: TypeAlias = Mapping[str, Any] | JournalError | None


class Feed:
    """A bounded queue for each follower. Who falls `depth` leaves behind is dropped."""

    def __init__(self, depth: int = 1000) -> None:
        self._depth = depth
        self._queues: set[asyncio.Queue[_Entry]] = set()

    def publish(self, leaves: Sequence[Mapping[str, Any]]) -> None:
        """Hand leaves to all followers; never waits for one."""
        for queue in tuple(self._queues):
            if queue.qsize() + len(leaves) > self._depth:
                self._queues.discard(queue)
                queue.put_nowait(JournalError(f"this follower fell {self._depth} records behind"))
                continue
            for leaf in leaves:
                queue.put_nowait(leaf)

    def close(self) -> None:
        """End the iteration of every follower."""
        for queue in self._queues:
            queue.put_nowait(None)
        self._queues.clear()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Leaves]:
        """Leaves from now on, public data only. The iteration raises JournalError when dropped."""
        queue: asyncio.Queue[_Entry] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield _iterate(queue)
        finally:
            self._queues.discard(queue)


async def _iterate(queue: asyncio.Queue[_Entry]) -> Leaves:
    while (entry := await queue.get()) is not None:
        if isinstance(entry, JournalError):
            raise entry
        yield entry
