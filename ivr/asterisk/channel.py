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
from typing import Any, Final, Literal

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


SERVED: Final = "IVR_SERVED"
"""Set once the call has been answered, and so is in the journal."""

DONE: Final = "IVR_DONE"
"""Set when the call is over for the engine's part. The dialplan tries again without it."""


class Unperformed(Exception):
    """Asterisk could not do something although the caller is there. Never leaves this module."""


class AgiChannel:
    """A call on the telephone. `scratch` is a directory of this call alone; `close` deletes it.

    `answered` says that another engine has answered the call.
    """

    def __init__(
        self,
        session: AgiSession,
        library: PromptLibrary,
        recordings: Path,
        scratch: Path,
        *,
        answered: bool = False,
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
        self._answered = answered
        self._heard = 0

    async def listen(self) -> None:
        """Let no key be lost while it is found out what to do."""
        silence = command.stream_file(str(self._library.silence()), duration=60.0)
        try:
            await self._session.start(silence)
        except ChannelClosed:
            return  # the next step will tell

    async def perform(self, step: Step, act: str, *, fresh: bool = True) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        self._heard = 0
        try:
            outcome = await self._perform(step, act, fresh)
        except ChannelClosed:
            return HungUp(self._heard)
        except Unperformed as unperformed:
            outcome = Unable(str(unperformed))
        except SpeechError:
            outcome = Unable("sound_missing")
        if not isinstance(outcome, Ended):
            await self.listen()
        return outcome

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """See `ivr.ports.Channel`."""
        try:
            sound = await self._join(utterances, then_silence=True)
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
        await self._session.command(command.set_variable(DONE, "done"))

    async def _answer(self) -> None:
        if not self._answered:
            await self._session.command(command.answer())
            await self._session.command(command.set_variable(SERVED, "yes"))
            self._answered = True

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
                return await self._set_recording(step, act)
            case Hangup():
                return await self._hang_up(step)
            case _:
                raise AssertionError(f"a channel does not perform {step.type}")

    async def _join(self, utterances: Sequence[Utterance], *, then_silence: bool = False) -> Sound:
        return await asyncio.to_thread(
            self._library.join, utterances, self._scratch, then_silence=then_silence
        )

    async def _start(self, sound: Sound, keys: str, offset: int = 0) -> Listening:
        return await self._session.start(
            command.stream_file(
                str(sound.path), keys, duration=sound.duration_ms / 1000, offset=offset
            )
        )

    async def _play(self, sound: Sound, keys: str = ANY_KEY) -> bool:
        """Play to the end or to a key that is nobody's yet; returns whether one came.

        A finish key that comes late stops Asterisk too; the prompt then goes on where it was.
        """
        offset = 0
        while True:
            reply = await self._session.finish(await self._start(sound, keys, offset))
            offset = reply.endpos or 0
            self._heard = min(offset // SAMPLES_PER_MS, sound.duration_ms)
            if reply.result == "-1":
                # A hangup or a missing file: res_agi.c says both with -1. Gone: ChannelClosed.
                await self._session.command(command.channel_status())
                raise Unperformed("sound_missing")
            if reply.result == "0":
                return False
            if await self._keys.refresh():
                return True

    async def _ready(self, utterances: Sequence[Utterance]) -> Sound:
        """The sound of a step, with the collector stopped and the keys typed ahead looked up."""
        sound = await self._join(utterances)
        await self._keys.refresh()
        await self._keys.tidy()
        language = utterances[-1].language
        if language != self._language:
            # The dialplan apologises in this language if every engine dies.
            await self._session.command(command.set_variable("IVR_LANGUAGE", language))
            self._language = language
        return sound

    async def _say(self, step: Say) -> Outcome:
        sound = await self._ready(step.utterances)
        if step.barge_in and self._keys.waiting:
            return Played(0, interrupted=True)
        cut = await self._play(sound, ANY_KEY if step.barge_in else "")
        return Played(self._heard, interrupted=cut)

    async def _listen(self, step: Menu | Collect) -> Outcome | Input:
        sound = await self._ready(step.utterances)
        if step.flush:
            self._keys.drop()
        ahead = bool(self._keys.waiting) or await self._play(sound)
        return await self._gather(step, ahead)

    async def _gather(self, step: Menu | Collect, ahead: bool) -> Outcome | Input:
        """Read keys until they make an answer; the timers run from the end of the prompt.

        `ahead` says that a key came before that end.
        """
        begun = last_key = self._clock()
        waiting = self._keys.waiting if ahead else await self._keys.refresh()
        typed = waited = 0
        gone = False
        while True:
            if len(waiting) > typed:
                last_key = self._clock()
                waited = waited if typed or ahead else round((last_key - begun) * 1000)
                typed = len(waiting)
            left, ended = _left(step, typed, self._clock() - last_key, self._clock() - begun)
            found = match(step, waiting) or (expire(step, waiting, ended) if left <= 0 else None)
            if found is not None:
                return self._take(step, found, waited)
            if left <= 0:
                return Silence(self._heard)
            if gone:
                raise ChannelClosed("the caller has hung up")
            reply = await self._session.command(command.wait_for_digit(min(left, SLICE_MS)))
            gone = reply.result == "-1"
            waiting = await self._keys.refresh()

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
        sound = await self._ready(step.utterances)
        self._keys.drop()
        await self._play(sound)
        await self._keys.refresh()
        await self._keys.clear()
        tone = command.stream_file(str(self._library.beep()), duration=1.0)
        await self._session.command(tone)
        file = str(message_path(self._recordings, act).with_suffix(""))
        begun = self._clock()
        reply = await self._session.command(
            command.record_file(
                file,
                "wav",
                step.finish,
                max_ms=step.limit,
                silence_s=max(1, step.silence // 1000),
            )
        )
        if reply.text in ("randomerror", "writefile", "waitfor"):
            await self._session.command(command.channel_status())
            raise Unperformed("recording_failed")
        full = (self._clock() - begun) * 1000 >= step.limit
        await self._keys.refresh()
        self._keys.finish(step.finish)
        return await self._message(act, _ended(reply, full=full, hung_up=self._session.hung_up))

    async def _query(self, step: Record, act: str) -> Outcome:
        """After a death: the message is on disk, or it was never begun."""
        await self._keys.refresh()
        outcome = await self._message(act, "unknown")
        if not outcome.size:
            return Resumed()
        self._keys.finish(step.finish)
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
            reply = await self._session.command(
                command.execute("MixMonitor", str(mix), f"r({said})t({heard})")
            )
            if reply.result != "0":
                raise Unperformed("recording_failed")
            self._recording = act
            self._segments.append(act)
        return RecordingSet(step.on, self._recording)

    async def _hang_up(self, step: Hangup) -> Outcome:
        if step.utterances:
            sound = await self._ready(step.utterances)
            await self._play(sound, "")
        return Ended(self._heard)


def _left(
    step: Menu | Collect, typed: int, since_key: float, since_prompt: float
) -> tuple[int, Literal["silence", "total"]]:
    """Milliseconds until a timer of the step runs out, and which; arguments are seconds."""
    limit = step.timing.next_key if typed else step.timing.first_key
    pause, total = limit - since_key * 1000, step.timing.total - since_prompt * 1000
    return round(min(pause, total)), "silence" if pause <= total else "total"


def _ended(reply: Reply, *, full: bool, hung_up: bool) -> Ending:
    """What ended a RECORD FILE, by its text: the number is no result (res_agi.c)."""
    if hung_up or reply.text == "hangup":
        return "hangup"
    if reply.text == "dtmf":
        return "finish"
    return "limit" if full else "silence"
