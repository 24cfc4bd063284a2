"""Starts programs one after the other, keeps them running, and stops them in the reverse order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence

from ivr.supervision.keeper import Keeper
from ivr.supervision.program import Program, ProgramFailed
from ivr.supervision.signals import Signals, receive_signals

_log = logging.getLogger(__name__)


class Supervisor:
    """The programs of a service. `keepers` are those that were started so far.

    `on_end` is called with the name of a program whose process has ended. `beside` runs until a
    signal comes, None: nothing does.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        on_end: Callable[[str], None] = lambda name: None,
        beside: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        self.keepers: list[Keeper] = []
        self.stopping = False
        self._programs = programs
        self._on_end = on_end
        self._beside = beside
        self._hurried = False

    async def run(self, up: Callable[[], None] = lambda: None) -> bool:
        """Run the programs until SIGINT or SIGTERM; `up` is called once each of them has beaten.

        Returns whether a second signal cut the stopping short. Raises ProgramFailed when one ended
        before it was up for the first time; the others are then stopped too.
        """
        try:
            with receive_signals() as signals:
                async with asyncio.TaskGroup() as group:
                    obeying = group.create_task(self._obey(signals))
                    beside = group.create_task(self._beside()) if self._beside else None
                    if await self._start_all(group):
                        up()
                    await obeying
                    if beside is not None:
                        beside.cancel()
        except* ProgramFailed as failed:
            fault = failed.exceptions[0]
            while isinstance(fault, BaseExceptionGroup):
                fault = fault.exceptions[0]
            raise fault from None
        return self._hurried

    async def _start_all(self, group: asyncio.TaskGroup) -> bool:
        """Start one when the one before is up; False when one failed or all are to stop."""
        for program in self._programs:
            if self.stopping:
                break
            keeper = Keeper(program, self._on_end)
            self.keepers.append(keeper)
            group.create_task(keeper.keep())
            await keeper.settled.wait()
            if not keeper.up.is_set():
                return False
        return not self.stopping

    async def _obey(self, signals: Signals) -> None:
        """Wait for a signal and stop; another one makes haste."""
        number = await signals.get()
        self.stopping = True
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(self._stop_all(number))
            hurrying = group.create_task(self._hurry(signals))
            await stopping
            hurrying.cancel()

    async def _stop_all(self, number: signal.Signals) -> None:
        for level in sorted({keeper.program.level for keeper in self.keepers}, reverse=True):
            async with asyncio.TaskGroup() as group:
                for keeper in self.keepers:
                    if keeper.program.level == level:
                        group.create_task(keeper.stop(number))

    async def _hurry(self, signals: Signals) -> None:
        while True:
            await signals.get()
            self._hurried = True
            highest = max((k.program.level for k in self.keepers), default=0)
            for keeper in self.keepers:
                if keeper.program.level == highest:
                    keeper.hurry()
