"""An officer at a telephone: picks up, says something, talks for a while, hangs up.

For whoever tries a hotline without a second person. Knows nothing of flows and prints nothing: a
callback gets the lines of progress.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import ChannelClosed, ChannelError
from ivr.phone import g711
from ivr.phone.call import Call
from ivr.phone.desk import DeskPhone, IncomingCall
from ivr.phone.voice import make_voice, read_voice

TOLD = "x-satu-pintu-"
"""How the headers begin by which the engine tells what the officer should know."""

_MADE_UP = 2.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How an officer takes calls. Seconds: `rings` before picking up, `talks` until hanging up.

    `calls` is how many are taken, None: until cancelled. `voice` None is a made-up voice; `record`
    keeps what was heard in the last call, None: nothing.
    """

    rings: float = 2.0
    talks: float = 20.0
    calls: int | None = None
    voice: Path | None = None
    record: Path | None = None


async def take_calls(desk: DeskPhone, manner: Manner, tell: Callable[[str], None]) -> None:
    """Take calls one after the other; those that ring meanwhile wait.

    Raises SpeechError (voice not readable), SetupError (sound not writable).
    """
    voice = read_voice(manner.voice) if manner.voice else make_voice(_MADE_UP)
    taken = 0
    while manner.calls is None or taken < manner.calls:
        ringing = await desk.rings(within=None)
        told = describe(ringing)
        tell(f"it rings: {told}" if told else "it rings")
        call = await _pick_up(ringing, manner.rings)
        if call is None:
            tell("the caller did not wait")
            continue
        tell("answered")
        who = await _talk(call, voice, manner.talks)
        seconds = (call.ended_at or 0.0) - (call.answered_at or 0.0)
        tell(f"talked for {seconds:.1f} s, {who} hung up")
        if manner.record:
            call.write_wav(manner.record)
        taken += 1


def describe(ringing: IncomingCall) -> str:
    """What the engine tells of a call, as `language id, path tax.main.number`."""
    told = {
        name.removeprefix(TOLD): value
        for name, value in ringing.headers.items()
        if name.startswith(TOLD)
    }
    return ", ".join(itertools.starmap("{} {}".format, told.items()))


async def _pick_up(ringing: IncomingCall, after: float) -> Call | None:
    """Let it ring, then answer; None when the caller gave up."""
    try:
        await ringing.gave_up(within=after)
    except ChannelError:  # still there
        try:
            return await ringing.answer()
        except ChannelClosed:
            pass
    return None


async def _talk(call: Call, voice: g711.Samples, seconds: float) -> str:
    """Say something and stay; who hung up."""
    try:
        await call.wait(0.5)
        await call.speak(voice)
        await call.wait(max(0.0, seconds - call.clock() + (call.answered_at or 0.0)))
    except ChannelClosed:
        return "the caller"
    await call.hangup()
    return "the officer"
