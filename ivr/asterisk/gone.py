"""The Channel of a line that is no more: the caller left while no engine was there.

What needs no caller is still done: a message that was spoken is on disk and gets its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ivr.asterisk.agi import command
from ivr.asterisk.agi.command import NOW
from ivr.asterisk.channel import DONE
from ivr.asterisk.fastagi import AgiSession
from ivr.asterisk.handover import LEFT_BEHIND, Trace
from ivr.engine.outcomes import HungUp, Outcome
from ivr.engine.steps import Record, Step, Transfer
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, ChannelLost
from ivr.ports import Input
from ivr.recordings.sealing import read_message


class GoneChannel:
    """Answers every step with a hangup, but a begun recording with what is on disk, and a begun
    transfer with what Asterisk knows of it.

    `session` is the dialplan's last question about the line, None when there was none.
    """

    def __init__(self, recordings: Path, session: AgiSession | None = None) -> None:
        self._recordings = recordings
        self._session = session
        self._position: Mapping[str, Any] = {}

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        if isinstance(step, Record) and not fresh:
            message = await asyncio.to_thread(read_message, self._recordings, act, "hangup", 0)
            if message.size:
                return message
        if isinstance(step, Transfer) and not fresh and self._session is not None:
            return await self._learn(step, act, self._session)
        return HungUp()

    async def _learn(self, step: Transfer, act: str, session: AgiSession) -> Outcome:
        try:
            *left, now = await session.read(*LEFT_BEHIND, NOW)
        except (ChannelClosed, ChannelLost):
            return HungUp()
        trace = Trace(*left)
        told = trace.outcome(step, now, gone=True) if trace.away == act else None
        return told or HungUp()

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """Nobody is there to hear it."""

    def position(self) -> dict[str, Any]:
        """As the last engine left it, but that nothing is being recorded any more."""
        return {**self._position, "recording": None, "withheld": False}

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `ivr.ports.Channel`."""
        self._position = position

    async def close(self, *, done: bool) -> None:
        """See `ivr.ports.Channel`."""
        if self._session is None:
            return
        try:
            if done:
                await self._session.command(command.execute("StopMixMonitor"))
                await self._session.command(command.set_variable(DONE, "done"))
        except (ChannelClosed, ChannelLost):
            pass  # nobody is left to be told
        finally:
            self._session.close()
