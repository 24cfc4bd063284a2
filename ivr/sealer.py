"""Seals the recordings of a call when it is over, and what a dead engine left unsealed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ivr.operations.clock import now
from ivr.ports import Channel, Fact, Journal
from ivr.recordings.sealing import SEALED, is_there, seal
from ivr.recordings.segments import Segment, finish, join_segments, list_unsealed

_log = logging.getLogger(__name__)


class Sealer:
    """The recordings of one directory. `source` is named in the facts."""

    def __init__(self, recorded: Path, journal: Journal, source: str) -> None:
        self._recorded = recorded
        self._journal = journal
        self._source = source

    async def seal_call(self, channel: Channel, line: str) -> None:
        """Seal what the channel knows of and what bears the line's mark.

        What cannot be sealed keeps its mark, and is sealed when an engine starts.
        """
        known = [Segment.restored(one) for one in channel.position().get("segments", ())]
        marked = await asyncio.to_thread(list_unsealed, self._recorded)
        own = [segment for segment, marked_line in marked.items() if marked_line == line]
        await self._seal_each(join_segments(known, own))

    async def list_left_over(self, is_led: Callable[[str], bool]) -> list[Segment]:
        """What an engine that died after a call's last turn did not seal; before the first call.

        `is_led` says whether an engine leads the call on a line.
        """
        lines = {line for line, _ in await self._journal.lines()}
        left = await asyncio.to_thread(list_unsealed, self._recorded)
        return [segment for segment, line in left.items() if line not in lines and not is_led(line)]

    async def seal_left_over(self, left: Sequence[Segment]) -> None:
        """Seal them, beside the calls: each may take seconds, for which no caller may wait."""
        await self._seal_each(left)

    async def _seal_each(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            try:
                await self._seal(segment)
            except Exception as error:
                _log.error("%s is not sealed: %s", segment.name, type(error).__name__)

    async def _seal(self, segment: Segment) -> None:
        call = segment.name.partition("-")[0]
        event = await seal(self._recorded, segment)
        if not segment.doubted or await asyncio.to_thread(is_there, self._recorded, segment.name):
            if event["type"] != SEALED:
                _log.error("%s: %s", event["type"], segment.name)
            await self._journal.note(Fact(call, now(), self._source, event))
        await asyncio.to_thread(finish, self._recorded, segment.name)
