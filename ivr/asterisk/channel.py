"""The caller on the telephone: the Channel port over one AGI session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from ivr.answers import tell_match
from ivr.asterisk.agi import Reply, command
from ivr.asterisk.fastagi import AgiSession
from ivr.asterisk.handover import Handover
from ivr.asterisk.line import Line, Unperformed
from ivr.asterisk.recorder import NO_MUTING, Recorder
from ivr.engine.keys import Match, expire, match
from ivr.engine.outcomes import (
    Ended,
    HungUp,
    Outcome,
    Played,
    Recorded,
    Resumed,
    Silence,
    Transferred,
    Unable,
)
from ivr.engine.steps import Collect, Hangup, Menu, Record, Say, SetRecording, Step, Transfer
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, SpeechError
from ivr.ports import Input, Muting
from ivr.recordings.sealing import Ending, message_path, read_message
from ivr.speech.library import PromptLibrary

_log = logging.getLogger(__name__)

SERVED: Final = "IVR_SERVED"
"""Set once the call has been answered, and so is in the journal."""

DONE: Final = "IVR_DONE"
"""Set when the call is over for the engine's part. The dialplan tries again without it."""

FAILED: Final = "failed"
"""What it says when the last step could not be performed: the dialplan then apologises, in a sound
that lies elsewhere than the flows' own."""


class AgiChannel:
    """A call on the telephone. `scratch` is a directory of this call alone."""

    def __init__(
        self,
        session: AgiSession,
        library: PromptLibrary,
        recordings: Path,
        scratch: Path,
        muting: Muting = NO_MUTING,
    ) -> None:
        known = session.environment
        self._session = session
        self._line = Line(session, library, scratch)
        self._keys = self._line.keys
        self._recordings = recordings
        self._recorder = Recorder(self._line, known.channel, known.uniqueid, recordings, muting)
        self._clock = asyncio.get_running_loop().time
        self._answered = False
        self._failed = False

    async def _answer(self) -> None:
        """Answer the call, once its first turn is durable. Harmless a second time.

        Raises ChannelClosed when the caller is gone.
        """
        if not self._answered:
            await self._line.answer(SERVED)
            self._answered = True

    async def take_over(self) -> None:
        """Listen at once on a line that another engine has answered."""
        self._answered = True
        with suppress(ChannelClosed):  # the first step will tell
            await self._line.look()

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """See `ivr.ports.Channel`."""
        self._line.heard, self._line.past = 0, 0.0
        self._failed = False
        try:
            return await self._perform(step, act, fresh, masked)
        except ChannelClosed:
            return HungUp(self._line.heard)
        except Unperformed as unperformed:
            return self._fail(str(unperformed))
        except SpeechError as fault:
            _log.error("a prompt cannot be played: %s", fault.sentence)
            return self._fail("sound_missing")

    def _fail(self, reason: str) -> Unable:
        self._failed = True
        return Unable(reason)

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """See `ivr.ports.Channel`."""
        if masked:
            with suppress(ChannelClosed):  # the next step will tell
                await self._recorder.mask("", on=True)  # begins nothing, so needs no act
        await self._line.hold(utterances)

    def position(self) -> dict[str, Any]:
        """See `ivr.ports.Channel`."""
        return {
            **self._keys.position(),
            **self._recorder.position(),
            "language": self._line.language,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """See `ivr.ports.Channel`."""
        self._keys.restore(position)
        self._recorder.restore(position)
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
        with suppress(ChannelClosed):  # the mark is taken after a hangup too
            await self._recorder.stop()
        self._line.note(DONE, FAILED if self._failed else "done")
        await self._line.look()

    async def _perform(self, step: Step, act: str, fresh: bool, masked: bool) -> Outcome | Input:
        if isinstance(step, Record) and not fresh:
            return await self._query(step, act)
        await self._answer()
        if isinstance(step, SetRecording):
            return await self._recorder.set(act, on=step.on, fresh=fresh, masked=masked)
        await self._recorder.mask(act, on=masked)
        match step:
            case Say():
                return await self._say(step)
            case Menu() | Collect():
                return await self._listen(step)
            case Record():
                return await self._record(step, act)
            case Transfer():
                return await self._transfer(step, act, fresh)
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
        self._line.one_key = isinstance(step, Menu)
        if self._keys.waiting and not step.flush:
            # Each order leaves Asterisk without a command for a moment, in which it may take a key
            # twice: for a prompt that nobody hears none is given.
            if self._keys.crowded:
                await self._line.trim()
            return await self._gather(step, ahead=True)
        sound = await self._line.ready(step.utterances, tail=True)
        if step.flush:
            await self._line.look()
            self._keys.drop()
        patience = min(step.timing.first_key, step.timing.total) / 1000
        keyed = await self._line.play(sound, patience=patience)
        return await self._gather(step, keyed and not self._line.past)

    async def _gather(self, step: Menu | Collect, ahead: bool) -> Outcome | Input:
        """Read keys until they make an answer; the timers run from the end of the prompt.

        `ahead` says that a key came before that end.
        """
        begun = last_key = self._clock() - self._line.past
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
        return tell_match(found, self._line.heard, waited)

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

    async def _transfer(self, step: Transfer, act: str, fresh: bool) -> Outcome:
        handover = Handover(self._line)
        if not fresh:
            learned = await handover.learn(step, act)
            if isinstance(learned, Resumed):
                await self._recorder.keep_talk(act, 0)
                return learned
            return replace(learned, recording=await self._recorder.keep_talk(act, learned.talked))
        await handover.announce(step)
        if key := await handover.forget_keys(step):
            return Transferred("key", key, heard=self._line.heard)
        recorded = self._recorder.name is not None
        talk = await self._recorder.lend(act)
        try:
            await handover.set_out(step, act, talk)
        except ChannelClosed:
            await self._recorder.keep_talk(act, 0)  # nobody was called
            raise
        outcome = await handover.perform(step)
        recording = await self._recorder.keep_talk(act, outcome.talked)
        if recorded and outcome.result != "left":
            with suppress(ChannelClosed, Unperformed):  # how it ended is told all the same
                await self._recorder.go_on(act)
        return replace(outcome, heard=self._line.heard, recording=recording)

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
