"""A key script as the acts of a simulated caller, so that `dial` and `simulate` read the same."""

from __future__ import annotations

import re
from typing import assert_never, get_args

from ivr.errors import UsageError
from ivr.phone.script import HangUp, Keys, Listen, Speak, Wait, parse_script
from ivr.simulator import Act, Does, Leave, Officer, Press, Quiet
from ivr.simulator import Speak as Voice
from ivr.simulator import Wait as Pause

VOICE_MS = 2_000
"""The made-up voice of `ivr dial`, in milliseconds."""


_OFFICER = re.compile(r"(o\([^)]*\))")
_SECONDS = r"(?:\s+([0-9]+(?:\.[0-9]+)?)s)?"
_DOES = re.compile(rf"o\(\s*([a-z_]+){_SECONDS}{_SECONDS}\s*\)")


def to_acts(script: str) -> list[Act]:
    """The acts of a key script, in which `o(answers 5s 60s)` tells what the officers do.

    Raises UsageError for a sign that it does not know.
    """
    acts: list[Act] = []
    for part in _OFFICER.split(script):
        acts += [_to_officer(part)] if _OFFICER.fullmatch(part) else _to_acts(part)
    return acts


def _to_officer(written: str) -> Officer:
    found = _DOES.fullmatch(written)
    possible: dict[str, Does] = {does: does for does in get_args(Does)}
    if found is None or found[1] not in possible:
        raise UsageError(
            f"{written!r} is nothing that an officer does",
            remedy=f"write one of {', '.join(possible)}, as in o(busy) or o(answers 5s 60s)",
        )
    usual = Officer()
    after = round(float(found[2]) * 1000) if found[2] else usual.after
    talks = round(float(found[3]) * 1000) if found[3] else usual.talks
    return Officer(possible[found[1]], after, talks)


def _to_acts(script: str) -> list[Act]:
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
