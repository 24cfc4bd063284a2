"""The engine's heartbeat: how late its loop wakes, what it counts, whether its clock was set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from ivr.operations.clock import ClockWatch
from ivr.operations.instruments import Instruments
from ivr.supervision.heartbeat import Beat

_log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two beats."""


class Pulse:
    """Beats while it runs, to the supervisor only once `serving` is set.

    `count` takes counts over into metrics and gives the number of live calls; `tell_step` gets the
    seconds of a step of the clock. `looks` are taken before each beat: they report to readiness and
    meters.
    """

    def __init__(
        self,
        instruments: Instruments,
        count: Callable[[], int],
        tell_step: Callable[[float], Awaitable[None]],
        watch: ClockWatch | None = None,
        *,
        looks: Sequence[Callable[[], None]] = (),
    ) -> None:
        self.serving = False
        self._instruments = instruments
        self._count = count
        self._tell_step = tell_step
        self._watch = watch or ClockWatch()
        self._looks = looks

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Beat while the block runs."""
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self.run())
            try:
                yield
            finally:
                beating.cancel()

    async def run(self) -> None:
        """Beat until cancelled."""
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            while True:
                self.beat(group)
                due = clock() + EVERY
                await asyncio.sleep(EVERY)
                self._instruments.meters.process.lag.observe(max(0.0, clock() - due))

    def beat(self, group: asyncio.TaskGroup) -> None:
        """Beat once; a step of the clock is told in a task of its own."""
        live = self._count()
        for look in self._looks:
            look()
        meters, readiness = self._instruments.meters, self._instruments.readiness
        for part, ready in readiness.parts.items():
            meters.process.ready.labels(part).set(ready)
        if self.serving and self._instruments.heart is not None:
            self._instruments.heart.beat(Beat(readiness.faults, live, readiness.notes))
        step = self._watch.look()
        if step:
            meters.process.clock_steps.inc()
            _log.warning("the machine's clock was set by %+.1f s", step)
            group.create_task(self._tell(step))

    async def _tell(self, step: float) -> None:
        try:
            await self._tell_step(step)
        except Exception as error:
            _log.error("the step of the clock is not in the journal: %s", type(error).__name__)
