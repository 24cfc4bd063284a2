"""The recording of a call: MixMonitor with both legs apart, in segments, and deaf to secrets.

While a secret is keyed or read back, the recording is muted in both directions, and that is
confirmed before the prompt begins. Where nobody confirms, the recording stops and a new segment
begins afterwards: a gap is better than a secret in a file.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ivr.asterisk.agi import command
from ivr.asterisk.line import Line, Unperformed
from ivr.engine.outcomes import RecordingSet
from ivr.errors import ChannelClosed
from ivr.ports import Muting
from ivr.recordings.sealing import LEGS, leg_path
from ivr.recordings.segments import Segment, begin, finish, list_unsealed, note_doubt, note_mute

_log = logging.getLogger(__name__)

AFTER: Final = 0.3
"""Seconds that nothing is recorded after a secret: the tone of its last key may outlast the key's
event, and Asterisk mutes sound when it writes it, up to 0.1 s late (main/audiohook.c)."""


class NoMuting:
    """Muting without a manager interface: never confirmed."""

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """See `ivr.ports.Muting`."""
        return False


NO_MUTING: Final[Muting] = NoMuting()


class Recorder:
    """What is recorded of the line. `name` is the segment that is being written, None: nothing."""

    def __init__(
        self, line: Line, channel: str, unique: str, directory: Path, muting: Muting
    ) -> None:
        self._line = line
        self._channel = channel
        self._unique = unique
        self._directory = directory
        self._muting = muting
        self._segments: list[Segment] = []
        self._masked: bool | None = False  # None: a dead engine knew
        self._withheld = False
        self._overdue = False  # a mute that nobody confirmed, which may come yet
        self._since = time.time() - time.monotonic()
        self.name: str | None = None

    def _now(self) -> float:
        """Seconds since 1970, that no step of the machine's clock bends within the call."""
        return self._since + time.monotonic()

    async def set(self, act: str, *, on: bool, fresh: bool, masked: bool) -> RecordingSet:
        """Begin a segment or end the recording; raises Unperformed when Asterisk cannot.

        With `masked` a secret is about to be keyed: the segment begins after it.
        """
        if not fresh and self.name is None:
            # A dead engine may have begun one that nobody knows of.
            await self._line.run(command.execute("StopMixMonitor"))
        await self.stop()
        self._withheld = on and masked
        before, self._masked = self._masked, masked
        if on and not masked:
            if before is not False:
                await self._fade()
            await self._begin(act)
        return RecordingSet(on, self.name)

    async def mask(self, act: str, *, on: bool) -> None:
        """Keep the step `act` out of the recording, or record it. Before its prompt."""
        if on == self._masked:
            return
        self._masked = on
        if self.name is not None:
            await self._mute(act, on=on)
        elif self._withheld and not on:
            self._withheld = False
            await self._fade()
            await self._begin(act)

    async def _mute(self, act: str, *, on: bool) -> None:
        if not on:
            await self._fade()
        if await self._is_muted(on=on):
            return
        await self.stop()
        self._withheld = on
        if not on:
            await self._begin(act)

    async def _is_muted(self, *, on: bool) -> bool:
        """Have the segment muted, or hear again; False: unknown, so it must end.

        In its mark the muted time is never shorter than it was.
        """
        if on and not await self._note(on=True):
            return False
        done = await self._muting.mute(self._channel, on=on)
        self._overdue = self._overdue or (on and done is None)
        return done is True and (on or await self._note(on=False))

    async def _revoke(self) -> None:
        """Have a mute that is overdue done and undone: it would silence the segment that began.

        Until that is confirmed, the segment counts as muted.
        """
        noted = await self._note(on=True)
        if await self._muting.mute(self._channel, on=False):
            self._overdue = False
            if noted:
                await self._note(on=False)

    async def _note(self, *, on: bool) -> bool:
        name = self._segments[-1].name
        try:
            await asyncio.to_thread(note_mute, self._directory, name, self._now(), on=on)
        except OSError as error:
            _log.error("%s: muting cannot be noted: %s", self._directory, error.strerror)
            return False
        return True

    async def _fade(self) -> None:
        """Let the last of a secret pass: a prompt that speaks it, the tone of its last key."""
        await self._line.look()  # ends what is held for the caller
        await asyncio.sleep(AFTER)

    async def _begin(self, act: str) -> None:
        await self._mark(act)
        mix, said, heard = (leg_path(self._directory, act, leg) for leg in LEGS)
        order = command.execute("MixMonitor", str(mix), f"r({said})t({heard})")
        try:
            if (await self._line.run(order)).result != "0":
                raise Unperformed("recording_failed")
        except (ChannelClosed, Unperformed):
            await self._doubt(act)
            raise
        self.name = act
        self._segments.append(Segment(act, self._now()))
        if self._overdue:
            await self._revoke()

    async def _mark(self, act: str) -> None:
        try:
            await asyncio.to_thread(begin, self._directory, act, self._unique, self._now())
        except OSError as error:
            _log.error("%s: recording cannot begin: %s", self._directory, error.strerror)
            raise Unperformed("recording_failed") from None

    async def _doubt(self, act: str) -> None:
        """Asterisk may have begun all the same: whoever seals looks for the files."""
        with suppress(OSError):
            await asyncio.to_thread(note_doubt, self._directory, act, self._now())

    async def stop(self) -> None:
        """End the segment that is being written, if any."""
        if self.name is None:
            return
        self.name = None
        self._segments[-1] = replace(self._segments[-1], ended=self._now())
        await self._line.run(command.execute("StopMixMonitor"))

    async def lend(self, act: str) -> Path | None:
        """End the segment: the talk with an officer is recorded on the officer's channel.

        Gives where that goes, without a leg's ending; None when nothing is being recorded, or the
        disk takes no recording: the caller is connected all the same.
        """
        if self.name is None:
            return None
        await self.stop()
        try:
            await self._mark(act)
        except Unperformed:
            return None
        return self._directory / act

    async def keep_talk(self, act: str, talked: int) -> str | None:
        """Count the talk that was recorded, of so many milliseconds, among the segments.

        Gives its name; None when none was to be recorded, or nobody talked.
        """
        marked = await asyncio.to_thread(list_unsealed, self._directory, act)
        if not marked:
            return None
        for lent in marked:  # a dead engine may have ended the recording at the talk's mark
            self._segments = [_end_by(segment, lent.began) for segment in self._segments]
        if not talked:
            await asyncio.to_thread(finish, self._directory, act)
            return None
        ended = self._now()
        self._segments.append(Segment(act, ended - talked / 1000, ended))
        return act

    async def go_on(self, act: str) -> None:
        """Record the caller again after the talk `act`. The prompt before it may have been masked,
        what comes now is not."""
        self._masked = False
        await self._begin(f"{act}-after")

    def position(self) -> dict[str, Any]:
        """What another engine needs to go on with the recording."""
        return {
            "recording": self.name,
            "withheld": self._withheld,
            "segments": [segment.plain() for segment in self._segments],
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over from another engine."""
        self.name = position["recording"]
        self._withheld = position["withheld"]
        self._segments = [Segment.restored(segment) for segment in position["segments"]]
        self._masked = None


def _end_by(segment: Segment, moment: float) -> Segment:
    """A segment that began before a moment, ended by then."""
    if segment.began >= moment:
        return segment
    ended = moment if segment.ended is None else min(segment.ended, moment)
    return replace(segment, ended=ended)
