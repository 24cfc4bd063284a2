"""The caller on the telephone: the Channel port over one AGI session."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ivr.asterisk.collector import Collector
from ivr.asterisk.fastagi import AgiSession
from ivr.asterisk.handover import Handover
from ivr.asterisk.line import Line, Unperformed
from ivr.asterisk.messages import Messages
from ivr.asterisk.recorder import NO_MUTING, Recorder
from ivr.engine.outcomes import (
    Ended,
    HungUp,
    Outcome,
    Played,
    Resumed,
    Transferred,
    Unable,
)
from ivr.engine.steps import (
    Collect,
    Hangup,
    Menu,
    PlayBack,
    Record,
    Say,
    SetRecording,
    Step,
    Transfer,
)
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, SpeechError
from ivr.ports import Input, Muting
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
        self._collector = Collector(self._line)
        self._messages = Messages(self._line, recordings)
        self._recorder = Recorder(self._line, known.channel, known.uniqueid, recordings, muting)
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
            return await self._messages.query(step, act)
        await self._answer()
        if isinstance(step, SetRecording):
            return await self._recorder.set(act, on=step.on, fresh=fresh, masked=masked)
        await self._recorder.mask(act, on=masked)
        match step:
            case Say():
                return await self._say(step)
            case Menu() | Collect():
                return await self._collector.listen(step)
            case Record():
                return await self._messages.record(step, act)
            case PlayBack():
                return await self._messages.play_back(step)
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
