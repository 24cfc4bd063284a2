"""The store behind a circuit breaker: asked as long as it answers in time.

From the first answer that does not come it is left alone, until what waits for it is in it. Must
not keep records: those wait in the spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeVar

from ivr.errors import JournalBad, JournalBroken
from ivr.store.mirror import Mirror
from ivr.store.outage import Outage
from ivr.store.writer import Store

_T = TypeVar("_T")

PAUSE = 0.05
"""Seconds between two tries within the store's patience."""


class Away(Exception):
    """The store does not answer in time; the spool is next."""


class Breaker:
    """`open_store` opens the store, again while that fails; `outage` says whether it is away.
    `mirror` learns the calls of a store that is opened. `patience` is how many seconds the store
    may take. `store` is None until it was opened.
    """

    def __init__(
        self,
        open_store: Callable[[], AbstractAsyncContextManager[Store]],
        outage: Outage,
        mirror: Mirror,
        patience: float,
    ) -> None:
        self._open_store = open_store
        self._outage = outage
        self._mirror = mirror
        self._patience = patience
        self._stack = AsyncExitStack()
        self.store: Store | None = None

    async def reach(self) -> Store:
        """The store, opened, every call in progress known. Raises what opening it raises."""
        if self.store is None:
            self.store = await self._stack.enter_async_context(self._open_store())
        if not self._mirror.complete:
            for line, _ in await self.store.lines():
                live = await self.store.live(line)
                if live is not None:
                    self._mirror.learn(live)
            self._mirror.complete = True
        return self.store

    async def ask(self, work: Callable[[Store], Awaitable[_T]]) -> _T:
        """What the store answers in time. Raises Away, and from then on the store is lost."""
        fault: JournalBroken = broken(f"it took longer than {self._patience} s")
        try:
            async with asyncio.timeout(self._patience):
                while self.store is not None and not self._outage.away.is_set():
                    try:
                        return await work(self.store)
                    except JournalBad as bad:
                        fault = bad
                        break
                    except JournalBroken as error:
                        fault = error
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            pass
        self._outage.lose(fault)
        raise Away

    async def close(self) -> None:
        """Close the store, if it was opened."""
        await self._stack.aclose()


def broken(why: str) -> JournalBroken:
    """The error of what only the store can do while it is away."""
    return JournalBroken(
        f"the store is away: {why}",
        remedy="Look at its disk and at the log of the writer.",
    )
