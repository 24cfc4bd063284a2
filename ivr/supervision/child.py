"""One running process of a program: started, watched, told to stop, killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress

from ivr.supervision.heartbeat import DESCRIPTOR, Beat, Ear
from ivr.supervision.leash import SUPERVISOR
from ivr.supervision.program import Program

LOOKS = 5
"""Looks for a beat in the time that a child may stand still. Looks are counted and not seconds: a
supervisor that was stopped itself (Ctrl-Z, a machine that slept) has looked at nobody meanwhile."""


class Child:
    """A process. `on_up` is called at its first beat, `beat` is the last one."""

    def __init__(
        self, program: Program, process: asyncio.subprocess.Process, on_up: Callable[[], None]
    ) -> None:
        self._program = program
        self._process = process
        self._on_up = on_up
        self._heard = False
        self.beat: Beat | None = None
        self.stalled = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def watch(self) -> str:
        """Wait for its end, which comes by SIGKILL when it stands still; says how it ended."""
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._kill_when_stalled())
            code = await self._process.wait()
            looking.cancel()
        if self.stalled:
            return "stood still and was killed"
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    @property
    def code(self) -> int | None:
        """Its exit code; negative: the signal that ended it; None: it runs."""
        return self._process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal; harmless when it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def hear(self, beat: Beat) -> None:
        """Take a beat."""
        first, self.beat = self.beat is None, beat
        self._heard = True
        if first:
            self._on_up()

    async def _kill_when_stalled(self) -> None:
        look = self._program.stall / LOOKS
        missed = 0
        while missed * look < self._limit:
            await asyncio.sleep(look)
            missed = 0 if self._heard else missed + 1
            self._heard = False
        self.stalled = True
        self.send(signal.SIGKILL)

    @property
    def _limit(self) -> float:
        return self._program.start_limit if self.beat is None else self._program.stall


@asynccontextmanager
async def run_child(program: Program, on_up: Callable[[], None]) -> AsyncIterator[Child]:
    """A process, listened to while the block runs. Raises OSError when it cannot be started.

    It has a session of its own: what is typed in the terminal comes to the supervisor alone.
    """
    listen, speak = os.pipe()
    with closing(Ear(listen)) as ear:
        try:
            process = await _spawn(program.command, _environment(program, speak), speak)
        finally:
            os.close(speak)
        child = Child(program, process, on_up)
        ear.listen(child.hear)
        yield child


def _environment(program: Program, speak: int) -> dict[str, str]:
    told = {DESCRIPTOR: str(speak), SUPERVISOR: str(os.getpid())}
    return {**os.environ, **program.environment, **told}


async def _spawn(
    command: Sequence[str], environment: dict[str, str], speak: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        env=environment,
        pass_fds=(speak,),
        start_new_session=True,
    )
