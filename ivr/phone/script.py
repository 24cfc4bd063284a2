"""A whole call from one line of keys, for `ivr dial NUMBER --keys SCRIPT`.

A script is read from left to right; spaces mean nothing:

    0-9 * # A-D   press the key; keys side by side are one burst
    ,             listen: wait until something was said since the last key (or the answer), and
                  then nothing for 0.7 s; goes on after 10 s when nothing is said at all
    w2  w0.5      wait that many seconds (write `w2 1` for: wait two seconds, press 1)
    v             speak: the voice file, or a made-up voice of two seconds
    h             hang up

So `,1,1,#,w2,123456789#,h` listens to the greeting, presses 1, listens, presses 1, and so on; a
script that begins with a key presses it in the middle of the greeting. When the script is over the
call goes on until the far end hangs up or the stay is over. Knows nothing of flows and prints
nothing: a callback gets the lines of progress.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from ivr.errors import CallRefused, ChannelClosed, ChannelError, UsageError
from ivr.phone import g711, rtp
from ivr.phone.agent import Phone
from ivr.phone.call import Call, KeyPress
from ivr.phone.dialog import By
from ivr.phone.voice import make_voice, read_voice

_STEP = re.compile(
    r"(?P<keys>[0-9*#A-D]+)|(?P<listen>,)|w(?P<wait>[0-9]+(?:\.[0-9]+)?)|(?P<act>[vh])"
)
_QUIET_MS = 700
_PROMPT_MS = 200  # less is the tail of a prompt that a key has just cut off
_PATIENCE = 10.0
_MADE_UP = 2.0


@dataclass(frozen=True, slots=True)
class Keys:
    """Press these keys in one burst."""

    keys: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the end of a prompt."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Speak:
    """Say the voice."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Step = Keys | Listen | Wait | Speak | HangUp


@dataclass(frozen=True, slots=True)
class Handset:
    """How the call is made. Times of keys in ms (multiples of 20), `stay` in seconds.

    `caller` None is anonymous; `voice` None is the made-up voice; `record` None keeps no sound.
    """

    host: str = "127.0.0.1"
    port: int = 5060
    bind: str = "127.0.0.1"
    caller: str | None = None
    tone_ms: int = 80
    gap_ms: int = 80
    events: int = 101
    voice: Path | None = None
    record: Path | None = None
    answer_within: float = 60.0
    stay: float = 30.0


@dataclass(frozen=True, slots=True)
class CallReport:
    """What became of a call.

    `status` and `reason` are SIP's (200: it was answered); `seconds` run from the answer to the
    end, 0 without an answer; `ended_by` is "us", "far end" or "lost"; `cause` is Q.850's or None;
    `heard` is the sound file, None when none was asked for; key times count from dialling.
    """

    status: int
    reason: str
    seconds: float
    ended_by: By
    cause: int | None
    keys: tuple[KeyPress, ...]
    heard: Path | None


def parse_script(text: str) -> tuple[Step, ...]:
    """Read a script. Raises UsageError that names the sign that it does not know."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        found = _STEP.match(text, position)
        if found is None:
            raise UsageError(
                f"the key script {text!r} has {text[position]!r} at place {position + 1}",
                remedy="use 0-9 * # A-D, `,` to listen, `w2` to wait, `v` to speak, `h` to hang up",
            )
        steps.append(_read_step(found))
        position = found.end()
    return tuple(steps)


async def run_call(
    number: str, script: str, handset: Handset, progress: Callable[[str], None]
) -> CallReport:
    """Dial, follow the script, wait for the end; `progress` gets lines as "00:04.0 pressed 1".

    A refused call is a report with its status. Raises UsageError (script, address, number),
    SetupError (no SIP port there, sound not writable), SpeechError (voice not readable),
    ChannelError (the far end takes no telephone events).
    """
    steps = parse_script(script)
    rtp.check_keys("", handset.tone_ms, handset.gap_ms)
    voice = read_voice(handset.voice) if handset.voice else make_voice(_MADE_UP)
    async with Phone(handset.bind, events=handset.events) as phone:
        call = await phone.dial(number, handset.host, handset.port, caller=handset.caller)
        player = _Player(call, handset, voice, progress)
        try:
            await call.answered(handset.answer_within)
        except CallRefused as refusal:
            player.tell(f"refused: {refusal.status} {refusal.reason}")
            by = call.ending.by if call.ending else "us"
            return CallReport(refusal.status, refusal.reason, 0.0, by, refusal.cause, (), None)
        return await player.play(steps)


class _Player:
    """Plays the steps of a script in one answered call."""

    def __init__(
        self, call: Call, handset: Handset, voice: g711.Samples, progress: Callable[[str], None]
    ) -> None:
        self._call = call
        self._handset = handset
        self._voice = voice
        self._progress = progress
        self._pressed: list[KeyPress] = []
        self._acted = 0.0

    async def play(self, steps: tuple[Step, ...]) -> CallReport:
        self._acted = self._call.answered_at or 0.0
        self.tell("answered")
        try:
            for step in steps:
                await self._do(step)
            await self._call.wait(self._handset.stay)
        except ChannelClosed:
            pass  # the far end hung up; the report says so
        return await self._finish()

    async def _do(self, step: Step) -> None:
        match step:
            case Keys(keys):
                await self._press(keys)
            case Listen():
                await self._listen()
            case Wait(seconds):
                await self._call.wait(seconds)
            case Speak():
                await self._call.speak(self._voice)
                self._acted = self._call.clock()
                self.tell(f"spoke {len(self._voice) / g711.RATE:.1f} s")
            case HangUp():
                await self._call.hangup()
            case _:
                assert_never(step)

    async def _press(self, keys: str) -> None:
        tone_ms, gap_ms = self._handset.tone_ms, self._handset.gap_ms
        self._pressed += await self._call.press(keys, tone_ms=tone_ms, gap_ms=gap_ms)
        self._acted = self._pressed[-1].ended
        self.tell(f"pressed {keys}")

    async def _listen(self) -> None:
        try:
            await self._call.wait_sound(since=self._acted, at_least_ms=_PROMPT_MS, within=_PATIENCE)
            await self._call.wait_quiet(_QUIET_MS)
        except ChannelClosed:
            raise
        except ChannelError as fault:
            self.tell(str(fault))
        else:
            self.tell(f"heard {self._call.measure_sound(self._acted):.1f} s")

    async def _finish(self) -> CallReport:
        ending = self._call.ending or await self._call.hangup()
        seconds = (self._call.ended_at or 0.0) - (self._call.answered_at or 0.0)
        self.tell(f"ended by {ending.by}: {ending.reason}")
        if self._handset.record:
            self._call.write_wav(self._handset.record)
        return CallReport(
            status=ending.status,
            reason=ending.reason,
            seconds=seconds,
            ended_by=ending.by,
            cause=ending.cause,
            keys=tuple(self._pressed),
            heard=self._handset.record,
        )

    def tell(self, what: str) -> None:
        self._progress(
            f"{_format_clock(self._call.clock() - (self._call.answered_at or 0))} {what}"
        )


def _read_step(found: re.Match[str]) -> Step:
    if found["keys"]:
        return Keys(found["keys"])
    if found["wait"]:
        return Wait(float(found["wait"]))
    if found["listen"]:
        return Listen()
    return Speak() if found["act"] == "v" else HangUp()


def _format_clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes):02d}:{rest:04.1f}"
