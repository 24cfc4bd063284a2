"""A key script as the acts of a simulated caller, so that `dial` and `simulate` read the same."""

from __future__ import annotations

from typing import assert_never

from ivr.phone.script import HangUp, Keys, Listen, Speak, Wait, parse_script
from ivr.simulator import Act, Leave, Press, Quiet
from ivr.simulator import Speak as Voice
from ivr.simulator import Wait as Pause

VOICE_MS = 2_000
"""The made-up voice of `ivr dial`, in milliseconds."""


def to_acts(script: str) -> list[Act]:
    """The acts of a key script. Raises UsageError for a sign that it does not know."""
    acts: list[Act] = []
    for step in parse_script(script):
        match step:
            case Keys(keys):
                acts.append(Press(keys))
            case Listen():
                acts.append(Quiet())
            case Wait(seconds):
                acts.append(Pause(round(seconds * 1000)))
            case Speak():
                acts.append(Voice(VOICE_MS))
            case HangUp():
                acts.append(Leave())
            case _:
                assert_never(step)
    return acts
