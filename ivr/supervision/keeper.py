"""Keeps one program running: starts it again when it ends, later and later when it ends at once."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from ivr.supervision.child import Child, run_child
from ivr.supervision.program import Program, ProgramFailed

_log = logging.getLogger(__name__)

PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a program is started again, after each end in a row. The first is none: callers
are waiting."""

PROVEN = 30.0
"""Seconds after which a program that ran has proven itself: the pauses begin from the first."""

UNABLE = 2
"""The exit code for a program that was killed before it was up."""


class Keeper:
    """One program. `up` is set once it has beaten, `settled` then too, or when it never will."""

    def __init__(self, program: Program, on_end: Callable[[str], None]) -> None:
        self.program = program
        self.up = asyncio.Event()
        self.settled = asyncio.Event()
        self.child: Child | None = None
        self.restarts = 0
        self._on_end = on_end
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    async def keep(self) -> None:
        """Run it until `stop`. Raises ProgramFailed when it ends before it ever was up."""
        try:
            failures = 0
            while not self._stopping.is_set():
                failures = await self._try_once(failures)
                await self._pause(PAUSES[min(failures, len(PAUSES)) - 1] if failures else 0.0)
        finally:
            self.settled.set()
            self._over.set()

    async def stop(self, number: signal.Signals) -> None:
        """Have it end by SIGTERM or SIGINT, or by SIGKILL when its time is over."""
        self._stopping.set()
        patience = self.program
        self._send(number)
        limit = patience.farewell if number is signal.SIGTERM else patience.hurry
        try:
            async with asyncio.timeout(limit):
                await self._over.wait()
        except TimeoutError:
            _log.error("%s did not end within %.0f s and is killed", patience.name, limit)
            self._send(signal.SIGKILL)
            await self._over.wait()

    def hurry(self) -> None:
        """Have a program that is ending end at once."""
        self._send(signal.SIGINT)

    def _send(self, number: signal.Signals) -> None:
        if self.child is not None:
            self.child.send(number)

    async def _try_once(self, failures: int) -> int:
        """Run it once. A machine that cannot start it now (no memory, no process) may soon."""
        try:
            return await self._run_once(failures)
        except OSError as error:
            if not self.up.is_set():
                raise
            _log.error("%s cannot be started (%s)", self.program.name, error.strerror)
            return failures + 1

    async def _run_once(self, failures: int) -> int:
        """Run it to its end; returns how many ends in a row came too soon."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        async with run_child(self.program, self._tell_up) as child:
            self.child = child
            if self._stopping.is_set():
                child.send(signal.SIGTERM)
            try:
                ending = await child.watch()
            except asyncio.CancelledError:
                await self._see_off(child)
                raise
            finally:
                self._on_end(self.program.name)
        if self._stopping.is_set():
            return 0
        if not self.up.is_set():
            raise ProgramFailed(self.program, ending, max(child.code or 0, 0) or UNABLE)
        self.restarts += 1
        _log.warning("%s ended (%s) and is started again", self.program.name, ending)
        return 1 if clock() - begun > PROVEN else failures + 1

    def _tell_up(self) -> None:
        if self.child is not None:
            _log.info("%s is up", self.program.name, extra={"pid": self.child.pid})
        self.up.set()
        self.settled.set()

    async def _see_off(self, child: Child) -> None:
        """End a child whose keeper was cancelled: another program could not be started."""
        child.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.program.hurry):
                await child.watch()
        except TimeoutError:
            child.send(signal.SIGKILL)
            await child.watch()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass
