"""The Channel port on a virtual clock: a call takes no time and goes the same way every time.

It follows the same key rules as the telephone (`ivr.engine.keys`): a prompt takes time, any key
cuts it, timers run from its end. Must not know flows, and must not read a real clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias

from ivr.answers import tell_match
from ivr.engine.keys import KeyQueue, expire, match, pause
from ivr.engine.outcomes import (
    Ended,
    HungUp,
    Outcome,
    Played,
    Recorded,
    RecordingSet,
    Resumed,
    Silence,
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
    utterances_of,
)
from ivr.engine.utterance import SLOW, Utterance
from ivr.errors import SpeechError
from ivr.ports import Input
from ivr.simulator.caller import Caller, Leave, Press, Quiet, Speak, Wait
from ivr.simulator.hands import Hands
from ivr.simulator.line import LETTER_MS, Heard, Line
from ivr.simulator.officer import hand_over
from ivr.speech.wording import write_out

Ending: TypeAlias = Literal["finish", "silence", "limit", "hangup"]


class Simulator:
    """The caller's end without a telephone. `show` gets what is said and done, line by line."""

    def __init__(
        self,
        caller: Caller,
        line: Line | None = None,
        *,
        show: Callable[[str], None] = lambda line: None,
        length: Callable[[Utterance], int] = lambda one: len(write_out(one)) * LETTER_MS,
    ) -> None:
        self._show = show
        self._length = length
        self._queue = KeyQueue()
        self._recording: str | None = None
        self.line = line or Line()
        self._hands = Hands(caller, self.line, show)
        self.done: bool | None = None

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """Play the step against the caller. Never raises: there is no line to break."""
        if not fresh and isinstance(step, Record):
            return self._query(step, act)
        if not fresh and isinstance(step, Transfer) and not self.line.gone:
            return self.line.handed.get(act, Resumed())
        if self.line.gone:
            return HungUp()
        try:
            return self._perform(step, act)
        except SpeechError:
            return Unable("sound_missing")

    def _perform(self, step: Step, act: str) -> Outcome | Input:
        match step:
            case Say():
                return self._say(step)
            case Menu() | Collect():
                return self._listen(step)
            case Record():
                return self._record(step, act)
            case PlayBack():
                return self._play_back(step)
            case SetRecording():
                return self._set_recording(step, act)
            case Transfer():
                return self._transfer(step, act)
            case Hangup():
                heard, _ = self._play(step, barge_in=False)
                return HungUp(heard) if self.line.gone else Ended(heard)
            case _:
                raise AssertionError(f"a channel does not perform {step.type}")

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """Show what the caller hears while waiting."""
        for one in utterances:
            self._show(f"   … {write_out(one)}")
            self.line.prompts.append(Heard(one, self._length(one), self._length(one)))
            self.line.said = True

    def position(self) -> dict[str, Any]:
        """The key queue and the recording under way."""
        return {
            "cursor": self._queue.cursor,
            "swallow": self._queue.swallow,
            "recording": self._recording,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over the line from another simulator."""
        self._queue = KeyQueue(position["cursor"], swallow=position["swallow"])
        if self._queue.cursor < self.line.cut:
            self._queue = KeyQueue(self.line.cut)
        self._recording = position["recording"]

    async def close(self, *, done: bool) -> None:
        """Remember how the call was left."""
        self.done = done

    def _typed(self) -> str:
        return self._queue.waiting(self.line.received)

    def _play(self, step: Step, *, barge_in: bool) -> tuple[int, bool]:
        """Show the prompts; returns how much was heard, and whether a key cut them."""
        length = 0
        for one in utterances_of(step):
            slow = one.pace == "slow"
            self._show(f"<< {'(slowly) ' if slow else ''}{write_out(one)}")
            spoken = round(self._length(one) / SLOW) if slow else self._length(one)
            self.line.prompts.append(Heard(one, spoken, spoken))
            length += spoken
        heard, cut = self._sound(step, length, barge_in=barge_in)
        self.line.cut_prompts(length - heard)
        return heard, cut

    def _sound(self, step: Step, length: int, *, barge_in: bool) -> tuple[int, bool]:
        """Let a sound be heard, of so many milliseconds."""
        begun, end = self.line.clock, self.line.clock + length
        cut = False
        while not cut and not self.line.gone and self._hands.let_pass(step, end, playing=True):
            # A finish key that comes late belongs to the digits before: it cuts nothing.
            cut = self._hands.act() and barge_in and bool(self._typed())
        heard = self.line.clock - begun
        self.line.said = self.line.said or (heard > 0 and not cut)
        return heard, cut

    def _say(self, step: Say) -> Outcome:
        if step.barge_in and self._typed():
            return Played(0, interrupted=True)
        heard, cut = self._play(step, barge_in=step.barge_in)
        return HungUp(heard) if self.line.gone else Played(heard, cut)

    def _play_back(self, step: PlayBack) -> Outcome:
        if self._typed():
            return Played(0, interrupted=True)
        if step.recording not in self.line.messages:
            return Unable("message_missing")
        self._show(f"<< (plays the message, {step.length / 1000:.0f} s)")
        heard, cut = self._sound(step, step.length, barge_in=True)
        return HungUp(heard) if self.line.gone else Played(heard, cut)

    def _listen(self, step: Menu | Collect) -> Outcome | Input:
        if step.flush:
            self._queue.flush(self.line.received)
        heard = 0 if self._typed() else self._play(step, barge_in=True)[0]
        if self.line.gone:
            return HungUp(heard)
        begun = last = self.line.clock
        waited = 0
        while True:
            typed = self._typed()
            if found := match(step, typed):
                self._queue.use(step, found)
                return tell_match(found, heard, waited)
            end = last + pause(step, typed)
            total = begun + step.timing.total
            if not self._hands.let_pass(step, min(end, total), playing=False):
                return self._expired(step, heard, waited, "silence" if end < total else "total")
            if not self._hands.act():
                return HungUp(heard)
            if len(self._typed()) > len(typed):
                last = self.line.clock
                waited = waited if typed else max(1, last - begun)

    def _expired(
        self, step: Menu | Collect, heard: int, waited: int, ended: Literal["silence", "total"]
    ) -> Outcome | Input:
        found = expire(step, self._typed(), ended)
        if found is None:
            self._show("-- silence")
            return Silence(heard)
        self._queue.use(step, found)
        return tell_match(found, heard, waited)

    def _record(self, step: Record, name: str) -> Outcome:
        """As on the telephone: keys typed ahead, and all but `finish`, mean nothing here."""
        heard, _ = self._play(step, barge_in=True)
        if self.line.gone:
            return HungUp(heard)
        self._queue.flush(self.line.received)
        self.line.cut = self._queue.cursor
        self.line.said = True  # the tone
        spoken, ended = self._hear(step)
        self._end_input(step.finish)
        message = _message(name, spoken, ended, heard)
        if spoken:
            self.line.messages[name] = message
        return message

    def _hear(self, step: Record) -> tuple[int, Ending]:
        """How many milliseconds the caller speaks, and what ends it."""
        spoken = quiet = 0
        while True:
            act = self._hands.next(step, playing=False)
            match act:
                case Press():
                    self._hands.press(act.keys)
                    if step.finish in self._typed():
                        return spoken, "finish"
                    continue
                case Leave():
                    self._hands.leave()
                    return spoken, "hangup"
                case Speak(length):
                    self._show(f">> (speaks for {length / 1000:.1f} s)")
                    spoken, quiet = spoken + length, 0
                    self.line.clock += length
                case Wait(length) if quiet + length < step.silence:
                    quiet += length
                    self.line.clock += length
                case Quiet() if self.line.said:
                    pass
                case _:
                    self.line.clock += step.silence - quiet
                    return spoken, "silence"
            self.line.act = None
            if spoken >= step.limit:
                return step.limit, "limit"

    def _end_input(self, finish: str) -> None:
        """Keys up to the one that ended a recording belong to it; without one, all of them do."""
        waiting = self._typed()
        self._queue.cursor += waiting.find(finish) + 1 or len(waiting)

    def _query(self, step: Record, name: str) -> Outcome:
        """After a death: the message is on disk, or it was never finished."""
        message = self.line.messages.get(name)
        if message is None:
            return Resumed()
        self._end_input(step.finish)
        return replace(message, ended="unknown", heard=0)

    def _transfer(self, step: Transfer, act: str) -> Outcome:
        heard = 0 if self._typed() else self._play(step, barge_in=True)[0]
        if self.line.gone:
            return HungUp(heard)
        key = next((key for key in self._typed() if key in step.keys), "")
        outcome = Transferred("key", key)
        self._forget_keys()
        if not key:
            wait = partial(self._hands.let_pass, step)
            outcome = hand_over(step, self.line, wait, self._hands.act, self._show)
            self._forget_keys()
        if outcome.talked and self._recording:
            outcome = replace(outcome, recording=act)
            if outcome.result != "left":
                self._recording = f"{act}-after"
        self.line.handed[act] = outcome
        return replace(outcome, heard=heard)

    def _forget_keys(self) -> None:
        """As on the telephone: keys around a transfer are no choices of a menu."""
        self._queue.flush(self.line.received)
        self.line.cut = self._queue.cursor

    def _set_recording(self, step: SetRecording, act: str) -> Outcome:
        self._recording = act if step.on else None
        self._show(f"-- recording {'on' if step.on else 'off'}")
        return RecordingSet(step.on, self._recording)


def _message(name: str, length: int, ended: Ending, heard: int) -> Recorded:
    if not length:
        return Recorded("", 0, 0, "", ended, heard)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Recorded(name, length, length * 16, digest, ended, heard)
