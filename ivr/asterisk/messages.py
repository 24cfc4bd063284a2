"""Messages that callers leave on the telephone: one file each, by RECORD FILE."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivr.asterisk.agi import Reply, command
from ivr.asterisk.line import Line, Unperformed
from ivr.engine.outcomes import Outcome, Played, Recorded, Resumed
from ivr.engine.steps import PlayBack, Record
from ivr.recordings.sealing import Ending, measure, message_path, read_message
from ivr.speech.library import Sound


class Messages:
    """The messages of a line, in the directory `recordings`."""

    def __init__(self, line: Line, recordings: Path) -> None:
        self._line = line
        self._keys = line.keys
        self._recordings = recordings
        self._clock = asyncio.get_running_loop().time

    async def record(self, step: Record, act: str) -> Outcome:
        """Play the prompts, then record what the caller says.

        Raises ChannelClosed when the caller is gone, Unperformed when Asterisk cannot record.
        """
        sound = await self._line.ready(step.utterances)
        await self._line.look()
        self._keys.drop()
        await self._line.play(sound)
        self._keys.drop()
        await self._line.trim()
        await self._line.beep()
        begun = self._clock()
        reply = await self._line.run(
            command.record_file(
                str(message_path(self._recordings, act).with_suffix("")),
                "wav",
                step.finish,
                max_ms=step.limit,
                silence_s=max(1, step.silence // 1000),
            )
        )
        if reply.text in ("randomerror", "writefile", "waitfor"):
            await self._line.check()
            raise Unperformed("recording_failed")
        full = (self._clock() - begun) * 1000 >= step.limit
        self._keys.finish(step.finish)
        return await self._message(act, _ended(reply, full=full, hung_up=self._line.hung_up))

    async def query(self, step: Record, act: str) -> Outcome:
        """After a death: the message is on disk, or it was never begun."""
        await self._line.look()
        outcome = await self._message(act, "unknown")
        if not outcome.size:
            return Resumed()
        self._keys.finish(step.finish)
        return outcome

    async def play_back(self, step: PlayBack) -> Outcome:
        """Play a message to the caller, if the file is still the one that was recorded.

        Raises ChannelClosed when the caller is gone, Unperformed when the file is another or none.
        """
        await self._line.look()
        if self._keys.waiting:
            return Played(0, interrupted=True)
        path = message_path(self._recordings, step.recording)
        found = await asyncio.to_thread(measure, path)
        if found is None or found.sha256 != step.sha256:
            raise Unperformed("message_missing")
        sound = Sound(path.with_suffix(""), found.length, found.sha256, (), personal=True)
        cut = await self._line.play(sound)
        return Played(self._line.heard, interrupted=cut)

    async def _message(self, act: str, ended: Ending) -> Recorded:
        return await asyncio.to_thread(read_message, self._recordings, act, ended, self._line.heard)


def _ended(reply: Reply, *, full: bool, hung_up: bool) -> Ending:
    """What ended a RECORD FILE, by its text: the number is no result (res_agi.c)."""
    if hung_up or reply.text == "hangup":
        return "hangup"
    if reply.text == "dtmf":
        return "finish"
    return "limit" if full else "silence"
