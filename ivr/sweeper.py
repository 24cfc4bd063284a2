"""Ends calls that nobody leads any more, and those that stand still."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path

from ivr.engine.steps import Record, Transfer
from ivr.operations.lines import HeldLines
from ivr.operations.meters import Meters
from ivr.operations.turns import TurnWatch
from ivr.ports import Journal
from ivr.recordings.sealing import is_recording

_log = logging.getLogger(__name__)

SWEEP = 5.0
"""Seconds between two looks for calls whose line is gone."""

ORPHAN = 15.0
"""Seconds after which a caller whose engine died must have come to this one. The dialplan asks for
an engine three times a second, so long as it has patience."""

TALK = 4 * 3600.0
"""Seconds after which a caller whom a dead engine handed to an officer counts as gone. The talk
goes on without an engine, and its end is told to whichever one is there; only when none was does
the call wait for this."""


class Sweeper:
    """`finish` leads what is left of the call on a line to its end; `scratch` holds its sounds,
    `clock` gives seconds."""

    def __init__(
        self,
        journal: Journal,
        lines: HeldLines,
        turns: TurnWatch,
        meters: Meters,
        finish: Callable[[str], Coroutine[None, None, None]],
        recorded: Path,
        scratch: Path,
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._lines = lines
        self._turns = turns
        self._meters = meters
        self._finish = finish
        self._recorded = recorded
        self._scratch = scratch
        self._clock = clock
        self._orphans: dict[str, float] = {}

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled; what fails now is tried again next time."""
        while True:
            try:
                await self.sweep()
            except Exception as error:
                _log.error("the sweep failed: %s", type(error).__name__)
            await asyncio.sleep(SWEEP)

    async def sweep(self) -> None:
        """End the calls that stand still, and those whose caller left while no engine was there.

        A caller who is still there comes to an engine within ORPHAN seconds, or when Asterisk has
        finished the message that it is recording.
        """
        self._end_stuck()
        there = {line for line, _ in await self._journal.lines()}
        waiting = {line for line in there if not self._lines.is_led(line)}
        at = self._clock()
        self._orphans = {line: self._orphans.get(line, at) for line in waiting}
        for line, since in self._orphans.items():
            try:
                patience = await self._patience(line)
                if at - since > patience and not self._lines.is_led(line):
                    await self._end(line)
            except Exception as error:
                _log.error("an orphaned call cannot be ended: %s", type(error).__name__)
        await self._clear(waiting)

    async def end_gone(self, is_gone: Callable[[str], bool]) -> None:
        """End the calls that nobody leads and whose line is gone."""
        for line, _ in await self._journal.lines():
            if is_gone(line) and not self._lines.is_led(line):
                await self._end(line)

    async def _end(self, line: str) -> None:
        """In a task of its own, which may be ended like that of any call that stands still."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._finish(line))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    def _end_stuck(self) -> None:
        for turn in self._turns.end_stuck():
            self._meters.calls.stuck.labels(turn.step.type).inc()
            _log.error("call %s stands still in a step %s", turn.call, turn.step.type)

    async def _patience(self, line: str) -> float:
        """Seconds that the caller on an orphaned line may take to come."""
        live = await self._journal.live(line)
        if live is not None and isinstance(live.run.step, Transfer):
            return TALK
        if live is None or not isinstance(live.run.step, Record):
            return ORPHAN
        message = f"{live.run.call}-{live.run.turn}"
        busy = await asyncio.to_thread(is_recording, self._recorded, message)
        return ORPHAN + live.run.step.limit / 1000 if busy else ORPHAN

    async def _clear(self, waiting: set[str]) -> None:
        """Delete sounds about people that a dead engine left.

        Claims are looked at on the event loop alone: looking takes the claim for a moment, and in
        another thread that could drop the one of a call that begins.
        """
        found = await asyncio.to_thread(lambda: sorted(self._scratch.iterdir()))
        left = [
            scratch
            for scratch in found
            if scratch.name not in waiting and not self._lines.is_led(scratch.name)
        ]
        for scratch in left:
            await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
