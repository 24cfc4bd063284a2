"""The caller on the telephone: the Channel port over one AGI session.

The reply of a listening command only signals that a key came; the key store decides which. Between
two steps a silent file plays (the collector), so that Asterisk is never without a command: while it
has none it throws keys away, or stores them twice.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ivr.asterisk.agi import Reply, command
from ivr.asterisk.fastagi import AgiSession, Listening
from ivr.asterisk.keystore import KeyStore
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
from ivr.recordings.sealing import Ending, leg_path, message_path, read_message
from ivr.speech.library import PromptLibrary, Sound

ANY_KEY: Final = "0123456789*#"
SAMPLES_PER_MS: Final = 8
"""Asterisk counts `endpos` in samples of the file: 8 kHz on a telephone line."""

SLICE_MS: Final = 2_000
"""The longest wait without a look at the store: a key that lands in the instant between two
commands is stored, but does not end the wait."""


class SoundMissing(Exception):
    """Asterisk could not play a file although the caller is there. Never leaves this module."""


class AgiChannel:
    """A call on the telephone. `scratch` is a directory of this call alone; `close` deletes it."""

    def __init__(
        self, session: AgiSession, library: PromptLibrary, recordings: Path, scratch: Path
    ) -> None:
        self._session = session
        self._library = library
        self._recordings = recordings
        self._scratch = scratch
        self._keys = KeyStore(session)
        self._clock = asyncio.get_running_loop().time
        self._recording: str | None = None
        self._segments: list[str] = []
        self._language: str | None = None
        self._answered = False
        self._heard = 0

    async def perform(self, step: Step, act: str, *, fresh: bool = True) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        self._heard = 0
        try:
            outcome = await self._perform(step, act, fresh)
        except ChannelClosed:
            return HungUp(self._heard)
        except (SoundMissing, SpeechError) as missing:
            outcome = Unable(type(missing).__name__)
        if not isinstance(outcome, Ended):
            await self._collect()
        return outcome

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """See `ivr.ports.Channel`."""
        try:
            sound = await self._join(utterances)
            await self._keys.refresh()
            await self._start(sound, "")
        except (ChannelClosed, SpeechError):
            return  # the next step will tell what became of the line

    def position(self) -> dict[str, Any]:
        """See `ivr.ports.Channel`."""
        return {
            **self._keys.position(),
            "recording": self._recording,
            "segments": self._segments,
            "language": self._language,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `ivr.ports.Channel`."""
        self._keys.restore(position)
        self._recording = position["recording"]
        self._segments = list(position["segments"])
        self._language = position["language"]

    async def close(self, *, done: bool) -> None:
        """See `ivr.ports.Channel`. Sets IVR_DONE, without which the dialplan tries again."""
        try:
            if done:
                await self._finish()
        except ChannelClosed:
            pass  # Asterisk was faster: the caller is gone and the dialplan has ended
        finally:
            self._session.close()
            if done:
                await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)

    async def _finish(self) -> None:
        await self._keys.refresh()
        if self._recording:
            await self._session.command(command.execute("StopMixMonitor"))
        await self._session.command(command.set_variable("IVR_DONE", "done"))

    async def _answer(self) -> None:
        if not self._answered:
            await self._session.command(command.answer())
            self._answered = True

    async def _perform(self, step: Step, act: str, fresh: bool) -> Outcome | Input:
        if isinstance(step, Record) and not fresh:
            return await self._query(act)
        await self._answer()
        match step:
            case Say():
                return await self._say(step)
            case Menu() | Collect():
                return await self._listen(step)
            case Record():
                return await self._record(step, act)
            case SetRecording():
                return await self._set_recording(step, act)
            case Hangup():
                return await self._hang_up(step)
            case _:
                raise AssertionError(f"a channel does not perform {step.type}")

    async def _collect(self) -> None:
        """Leave the channel listening while the next step is decided."""
        silence = command.stream_file(str(self._library.silence()), duration=60.0)
        try:
            await self._session.start(silence)
        except ChannelClosed:
            return  # the next step will tell

    async def _join(self, utterances: Sequence[Utterance]) -> Sound:
        return await asyncio.to_thread(self._library.join, utterances, self._scratch)

    async def _start(self, sound: Sound, keys: str) -> Listening:
        return await self._session.start(
            command.stream_file(str(sound.path), keys, duration=sound.duration_ms / 1000)
        )

    async def _play(self, sound: Sound, keys: str = ANY_KEY) -> bool:
        """Play to the end or to a key; returns whether a key ended it."""
        reply = await self._session.finish(await self._start(sound, keys))
        self._heard += min((reply.endpos or 0) // SAMPLES_PER_MS, sound.duration_ms)
        if reply.result == "-1":
            # A hangup or a missing file: res_agi.c says both with -1. Gone raises ChannelClosed.
            await self._session.command(command.channel_status())
            raise SoundMissing
        return reply.result != "0"

    async def _ready(self, utterances: Sequence[Utterance]) -> tuple[Sound, str]:
        """The sound of a step and the keys typed ahead, with the collector stopped."""
        sound = await self._join(utterances)
        waiting = await self._keys.refresh()
        language = utterances[-1].language
        if language != self._language:
            # The dialplan apologises in this language if every engine dies.
            await self._session.command(command.set_variable("IVR_LANGUAGE", language))
            self._language = language
        return sound, waiting

    async def _say(self, step: Say) -> Outcome:
        sound, waiting = await self._ready(step.utterances)
        if step.barge_in and waiting:
            return Played(0, interrupted=True)
        cut = await self._play(sound, ANY_KEY if step.barge_in else "")
        return Played(self._heard, interrupted=cut)

    async def _listen(self, step: Menu | Collect) -> Outcome | Input:
        sound, waiting = await self._ready(step.utterances)
        if step.flush:
            self._keys.drop()
            waiting = ""
        if not waiting:
            await self._play(sound)
        return await self._gather(step)

    async def _gather(self, step: Menu | Collect) -> Outcome | Input:
        """Read keys until they make an answer; the timers run from the end of the prompt."""
        begun = last_key = self._clock()
        typed = waited = 0
        gone = False
        while True:
            waiting = await self._keys.refresh()
            if len(waiting) > typed:
                now = self._clock()
                waited = waited if typed else round((now - begun) * 1000)
                typed, last_key = len(waiting), now
            left = _left(step, typed, self._clock() - last_key, self._clock() - begun)
            found = match(step, waiting) or (expire(step, waiting) if left <= 0 else None)
            if found is not None:
                return self._take(step, found, waited)
            if left <= 0:
                return Silence(self._heard)
            if gone:
                raise ChannelClosed("the caller has hung up")
            reply = await self._session.command(command.wait_for_digit(min(left, SLICE_MS)))
            gone = reply.result == "-1"

    def _take(self, step: Menu | Collect, found: Match, waited: int) -> Outcome | Input:
        self._keys.use(step, found)
        match found.kind:
            case "digits":
                return Input(found.keys, found.ended, self._heard, waited)
            case "escape":
                return Escaped(found.keys, self._heard)
            case "pass":
                return Passed(self._heard)
            case "keys":
                return Keys(found.keys, self._heard, waited)

    async def _record(self, step: Record, act: str) -> Outcome:
        sound, _ = await self._ready(step.utterances)
        self._keys.drop()
        await self._play(sound)
        await self._keys.refresh()
        self._keys.drop()
        tone = command.stream_file(str(self._library.beep()), duration=1.0)
        await self._session.command(tone)
        file = str(message_path(self._recordings, act).with_suffix(""))
        reply = await self._session.command(
            command.record_file(
                file,
                "wav",
                step.finish,
                max_ms=step.limit,
                silence_s=max(1, step.silence // 1000),
            )
        )
        waiting = await self._keys.refresh()
        by_key = reply.text == "dtmf" and step.finish in waiting
        self._keys.drop(waiting.index(step.finish) + 1 if by_key else None)
        return await self._message(act, _ended(reply, self._session.hung_up))

    async def _query(self, act: str) -> Outcome:
        """After a death: the message is on disk, or it was never begun."""
        waiting = await self._keys.refresh()
        outcome = await self._message(act, "unknown")
        if not outcome.size:
            return Resumed()
        self._keys.drop(waiting.index("#") + 1 if "#" in waiting else None)
        return outcome

    async def _message(self, act: str, ended: Ending) -> Recorded:
        return await asyncio.to_thread(read_message, self._recordings, act, ended, self._heard)

    async def _set_recording(self, step: SetRecording, act: str) -> Outcome:
        await self._keys.refresh()
        if self._recording:
            await self._session.command(command.execute("StopMixMonitor"))
            self._recording = None
        if step.on:
            mix, said, heard = (
                leg_path(self._recordings, act, leg) for leg in ("mix", "in", "out")
            )
            await self._session.command(
                command.execute("MixMonitor", str(mix), f"r({said})t({heard})")
            )
            self._recording = act
            self._segments.append(act)
        return RecordingSet(step.on, self._recording)

    async def _hang_up(self, step: Hangup) -> Outcome:
        if step.utterances:
            sound, _ = await self._ready(step.utterances)
            await self._play(sound, "")
        return Ended(self._heard)


def _left(step: Menu | Collect, typed: int, since_key: float, since_prompt: float) -> int:
    """Milliseconds until a timer of the step runs out, given seconds that have passed."""
    limit = step.timing.next_key if typed else step.timing.first_key
    return round(min(limit - since_key * 1000, step.timing.total - since_prompt * 1000))


def _ended(reply: Reply, hung_up: bool) -> Ending:
    """What ended a RECORD FILE, by its text: the number is no result (res_agi.c)."""
    if hung_up or reply.text == "hangup":
        return "hangup"
    if reply.text == "dtmf":
        return "finish"
    return "silence"
