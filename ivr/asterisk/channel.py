"""The caller on the telephone: the Channel port over one AGI session."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Literal

from ivr.asterisk.agi import Reply, command
from ivr.asterisk.fastagi import AgiSession
from ivr.asterisk.line import Line, Unperformed
from ivr.engine.keys import Match, expire, match
from ivr.engine.outcomes import (
    Ended,
    Escaped,
    HungUp,
    Keys,
    Outcome,
    Passed,
    Played,
    Recorded,
    RecordingSet,
    Resumed,
    Silence,
    Unable,
)
from ivr.engine.steps import Collect, Hangup, Menu, Record, Say, SetRecording, Step
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, SpeechError
from ivr.ports import Input
from ivr.recordings.sealing import (
    LEGS,
    Ending,
    Segment,
    begin,
    leg_path,
    message_path,
    read_message,
)
from ivr.speech.library import PromptLibrary

_log = logging.getLogger(__name__)

SERVED: Final = "IVR_SERVED"
"""Set once the call has been answered, and so is in the journal."""

DONE: Final = "IVR_DONE"
"""Set when the call is over for the engine's part. The dialplan tries again without it."""


class AgiChannel:
    """A call on the telephone. `scratch` is a directory of this call alone."""

    def __init__(
        self,
        session: AgiSession,
        library: PromptLibrary,
        recordings: Path,
        scratch: Path,
    ) -> None:
        self._session = session
        self._line = Line(session, library, scratch)
        self._keys = self._line.keys
        self._recordings = recordings
        self._clock = asyncio.get_running_loop().time
        self._recording: str | None = None
        self._segments: list[Segment] = []
        self._answered = False

    async def _answer(self) -> None:
        """Answer the call, once its first turn is durable. Harmless a second time.

        Raises ChannelClosed when the caller is gone.
        """
        if not self._answered:
            await self._session.command(command.answer())
            self._line.note(SERVED, "yes")
            await self._line.look()
            self._answered = True

    async def take_over(self) -> None:
        """Listen at once on a line that another engine has answered."""
        self._answered = True
        with suppress(ChannelClosed):  # the first step will tell
            await self._line.look()

    async def perform(self, step: Step, act: str, *, fresh: bool = True) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        self._line.heard = 0
        try:
            return await self._perform(step, act, fresh)
        except ChannelClosed:
            return HungUp(self._line.heard)
        except Unperformed as unperformed:
            return Unable(str(unperformed))
        except SpeechError as fault:
            _log.error("a prompt cannot be played: %s", fault.sentence)
            return Unable("sound_missing")

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """See `ivr.ports.Channel`."""
        await self._line.hold(utterances)

    def position(self) -> dict[str, Any]:
        """See `ivr.ports.Channel`."""
        return {
            **self._keys.position(),
            "recording": self._recording,
            "segments": [asdict(segment) for segment in self._segments],
            "language": self._line.language,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `ivr.ports.Channel`."""
        self._keys.restore(position)
        self._recording = position["recording"]
        self._segments = [Segment(**segment) for segment in position["segments"]]
        self._line.language = position["language"]

    async def close(self, *, done: bool) -> None:
        """See `ivr.ports.Channel`. Sets IVR_DONE, without which the dialplan tries again."""
        try:
            if done:
                await self._finish()
        except ChannelClosed:
            pass  # Asterisk was faster: the caller is gone and the dialplan has ended
        finally:
            self._session.close()

    async def _finish(self) -> None:
        await self._stop_recording()
        self._line.note(DONE, "done")
        await self._line.look()

    async def _perform(self, step: Step, act: str, fresh: bool) -> Outcome | Input:
        if isinstance(step, Record) and not fresh:
            return await self._query(step, act)
        await self._answer()
        match step:
            case Say():
                return await self._say(step)
            case Menu() | Collect():
                return await self._listen(step)
            case Record():
                return await self._record(step, act)
            case SetRecording():
                return await self._set_recording(step, act, fresh)
            case Hangup():
                return await self._hang_up(step)
            case _:
                raise AssertionError(f"a channel does not perform {step.type}")

    async def _say(self, step: Say) -> Outcome:
        if step.barge_in and self._keys.waiting:
            return Played(0, interrupted=True)
        sound = await self._line.ready(step.utterances)
        cut = await self._line.play(sound, cut=step.barge_in)
        return Played(self._line.heard, interrupted=cut)

    async def _listen(self, step: Menu | Collect) -> Outcome | Input:
        sound = await self._line.ready(step.utterances)
        if step.flush:
            await self._line.look()
            self._keys.drop()
        return await self._gather(step, await self._line.play(sound))

    async def _gather(self, step: Menu | Collect, ahead: bool) -> Outcome | Input:
        """Read keys until they make an answer; the timers run from the end of the prompt.

        `ahead` says that a key came before that end.
        """
        begun = last_key = self._clock()
        typed = waited = 0
        while True:
            waiting = self._keys.waiting
            if len(waiting) > typed:
                last_key = self._clock()
                waited = waited if typed or ahead else round((last_key - begun) * 1000)
                typed = len(waiting)
            left, ended = _left(step, typed, self._clock() - last_key, self._clock() - begun)
            found = match(step, waiting) or (expire(step, waiting, ended) if left <= 0 else None)
            if found is not None:
                return self._take(step, found, waited)
            if left <= 0:
                return Silence(self._line.heard)
            if self._line.hung_up:
                raise ChannelClosed("the caller has hung up")
            await self._line.wait_for_key(left)

    def _take(self, step: Menu | Collect, found: Match, waited: int) -> Outcome | Input:
        self._keys.use(step, found)
        heard = self._line.heard
        match found.kind:
            case "digits":
                return Input(found.keys, found.ended, heard, waited)
            case "escape":
                return Escaped(found.keys, heard)
            case "pass":
                return Passed(heard)
            case "keys":
                return Keys(found.keys, heard, waited)

    async def _record(self, step: Record, act: str) -> Outcome:
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

    async def _query(self, step: Record, act: str) -> Outcome:
        """After a death: the message is on disk, or it was never begun."""
        await self._line.look()
        outcome = await self._message(act, "unknown")
        if not outcome.size:
            return Resumed()
        self._keys.finish(step.finish)
        return outcome

    async def _message(self, act: str, ended: Ending) -> Recorded:
        return await asyncio.to_thread(read_message, self._recordings, act, ended, self._line.heard)

    async def _set_recording(self, step: SetRecording, act: str, fresh: bool) -> Outcome:
        if not fresh and self._recording is None:
            # A dead engine may have begun one that nobody knows of.
            await self._line.run(command.execute("StopMixMonitor"))
        await self._stop_recording()
        if step.on:
            await self._mark(act)
            mix, said, heard = (leg_path(self._recordings, act, leg) for leg in LEGS)
            reply = await self._line.run(
                command.execute("MixMonitor", str(mix), f"r({said})t({heard})")
            )
            if reply.result != "0":
                raise Unperformed("recording_failed")
            self._recording = act
            self._segments.append(Segment(act, time.time()))
        return RecordingSet(step.on, self._recording)

    async def _mark(self, act: str) -> None:
        line = self._session.environment.uniqueid
        try:
            await asyncio.to_thread(begin, self._recordings, act, line)
        except OSError as error:
            _log.error("%s: recording cannot begin: %s", self._recordings, error.strerror)
            raise Unperformed("recording_failed") from None

    async def _stop_recording(self) -> None:
        if self._recording is None:
            return
        self._recording = None
        self._segments[-1] = replace(self._segments[-1], ended=time.time())
        await self._line.run(command.execute("StopMixMonitor"))

    async def _hang_up(self, step: Hangup) -> Outcome:
        if step.utterances:
            sound = await self._line.ready(step.utterances)
            await self._line.play(sound, cut=False)
        return Ended(self._line.heard)


def _left(
    step: Menu | Collect, typed: int, since_key: float, since_prompt: float
) -> tuple[float, Literal["silence", "total"]]:
    """Seconds until a timer of the step runs out, and which."""
    limit = step.timing.next_key if typed else step.timing.first_key
    pause, total = limit / 1000 - since_key, step.timing.total / 1000 - since_prompt
    return min(pause, total), "silence" if pause <= total else "total"


def _ended(reply: Reply, *, full: bool, hung_up: bool) -> Ending:
    """What ended a RECORD FILE, by its text: the number is no result (res_agi.c)."""
    if hung_up or reply.text == "hangup":
        return "hangup"
    if reply.text == "dtmf":
        return "finish"
    return "limit" if full else "silence"
