"""A channel without a telephone: played by a script, a terminal or a test.

It follows the same key rules as the telephone (`ivr.engine.keys`) on a virtual clock that counts
milliseconds, so a call takes no time and goes the same way every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from ivr.engine.keys import KeyQueue, Match, expire, match
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
)
from ivr.engine.steps import Collect, Hangup, Menu, Record, Say, SetRecording, Step, utterances_of
from ivr.engine.utterance import Utterance
from ivr.ports import Input

LETTER_MS = 65
"""How long a written letter takes to be spoken: about 150 words a minute."""


@dataclass(frozen=True, slots=True)
class Press:
    """The caller presses these keys now, one after the other."""

    keys: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """The caller listens to the end of the prompt before the next act."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The caller does nothing for so many milliseconds."""

    length: int


@dataclass(frozen=True, slots=True)
class Speak:
    """The caller speaks for so many milliseconds."""

    length: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller hangs up."""


Act: TypeAlias = Press | Quiet | Wait | Speak | Leave


class Caller(Protocol):
    """Who plays the caller."""

    def act(self, step: Step) -> Act | None:
        """What the caller does next while `step` is going on; None: nothing any more."""


@dataclass
class ScriptedCaller:
    """A caller who does what a list says and then stays silent."""

    acts: list[Act] = field(default_factory=list)

    def act(self, step: Step) -> Act | None:
        """The next act of the list."""
        return self.acts.pop(0) if self.acts else None


def plain_text(utterance: Utterance) -> str:
    """The utterance as a person reads it: values stand as they are written."""
    text = utterance.template
    for name, spoken in utterance.values.items():
        for kind in ("", f":{spoken.kind}"):
            text = text.replace(f"{{{name}{kind}}}", spoken.text)
    return text


class Simulator:
    """The caller's end without a telephone. `show` gets what is said and done, line by line."""

    def __init__(
        self,
        caller: Caller,
        *,
        show: Callable[[str], None] = lambda line: None,
        length: Callable[[Utterance], int] = lambda one: len(plain_text(one)) * LETTER_MS,
    ) -> None:
        self._caller = caller
        self._show = show
        self._length = length
        self._received = ""
        self._queue = KeyQueue()
        self._gone = False
        self._recording = False
        self.clock = 0
        self.done: bool | None = None

    async def perform(self, step: Step, act: str, *, fresh: bool = True) -> Outcome | Input:
        """Play the step against the caller. Never raises: there is no line to break."""
        if not fresh:
            return Resumed()
        if self._gone:
            return HungUp()
        match step:
            case Say():
                return self._say(step)
            case Menu() | Collect():
                return self._listen(step)
            case Record():
                return self._record(step, act)
            case SetRecording():
                return self._set_recording(step, act)
            case Hangup():
                return Ended(self._play(step))
            case _:
                raise AssertionError(f"a channel does not perform {step.type}")

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """Show what the caller hears while waiting."""
        for one in utterances:
            self._show(f"   … {plain_text(one)}")

    def position(self) -> dict[str, Any]:
        """The key queue and the recording state."""
        return {
            "cursor": self._queue.cursor,
            "swallow": self._queue.swallow,
            "recording": self._recording,
        }

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over another simulator's place."""
        self._queue = KeyQueue(position["cursor"], swallow=position["swallow"])
        self._recording = position["recording"]

    async def close(self, *, done: bool) -> None:
        """Remember how the call was left."""
        self.done = done

    def _play(self, step: Step) -> int:
        """Show the prompts; returns how long they are."""
        length = 0
        for one in utterances_of(step):
            self._show(f"<< {plain_text(one)}")
            length += self._length(one)
        self.clock += length
        return length

    def _typed(self) -> str:
        return self._queue.waiting(self._received)

    def _say(self, step: Say) -> Outcome:
        if step.barge_in and self._typed():
            return Played(0, interrupted=True)
        heard = self._play(step)
        return Played(heard)

    def _listen(self, step: Menu | Collect) -> Outcome | Input:
        if step.flush:
            self._queue.flush(self._received)
        if found := match(step, self._typed()):
            return self._answered(step, found, 0, 0)
        typed_ahead = bool(self._typed())
        heard = 0 if typed_ahead else self._play(step)
        waited = 0
        while True:
            patience = step.timing.next_key if self._typed() else step.timing.first_key
            act = self._caller.act(step)
            if isinstance(act, Leave):
                return self._leave(heard)
            if isinstance(act, Press):
                self._press(act.keys)
                waited = waited or 1
            elif act is None or (isinstance(act, Wait | Speak) and act.length >= patience):
                self.clock += patience
                return self._expired(step, heard, waited)
            elif isinstance(act, Wait | Speak):
                self.clock += act.length
                waited += act.length
            if found := match(step, self._typed()):
                return self._answered(step, found, heard, waited)

    def _press(self, keys: str) -> None:
        self._received += keys
        self._show(f">> {keys}")

    def _leave(self, heard: int) -> Outcome:
        self._gone = True
        self._show("-- caller hangs up")
        return HungUp(heard)

    def _expired(self, step: Menu | Collect, heard: int, waited: int) -> Outcome | Input:
        found = expire(step, self._typed())
        if found is None:
            self._show("-- silence")
            return Silence(heard)
        return self._answered(step, found, heard, waited)

    def _answered(
        self, step: Menu | Collect, found: Match, heard: int, waited: int
    ) -> Outcome | Input:
        self._queue.use(step, found)
        match found.kind:
            case "digits":
                return Input(found.keys, found.ended, heard, waited)
            case "escape":
                return Escaped(found.keys, heard)
            case "pass":
                return Passed(heard)
            case "keys":
                return Keys(found.keys, heard, waited)

    def _record(self, step: Record, name: str) -> Outcome:
        heard = self._play(step)
        spoken = 0
        ended: Literal["finish", "silence", "limit", "hangup"] = "silence"
        while True:
            waiting = self._typed()
            if step.finish in waiting:
                self._queue.cursor += waiting.index(step.finish) + 1
                ended = "finish"
                break
            act = self._caller.act(step)
            if isinstance(act, Leave):
                self._leave(heard)
                ended = "hangup"
                break
            if act is None or (isinstance(act, Wait) and act.length >= step.silence):
                break
            if isinstance(act, Press):
                self._press(act.keys)
            elif isinstance(act, Speak):
                self._show(f">> (speaks for {act.length / 1000:.1f} s)")
                spoken += act.length
            if spoken >= step.limit:
                ended = "limit"
                break
        self.clock += spoken
        return _message(name, min(spoken, step.limit), ended, heard)

    def _set_recording(self, step: SetRecording, act: str) -> Outcome:
        self._recording = step.on
        self._show(f"-- recording {'on' if step.on else 'off'}")
        return RecordingSet(step.on, act if step.on else None)


def _message(
    name: str,
    length: int,
    ended: Literal["finish", "silence", "limit", "hangup"],
    heard: int,
) -> Recorded:
    digest = hashlib.sha256(name.encode()).hexdigest() if length else ""
    return Recorded(name if length else "", length, length * 16, digest, ended, heard)
