"""What is told of a caller's message: sentences, as `sentences` has them for other events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivr.cli.times import write_seconds

ENDINGS: Final = {
    "finish": "ended by a key",
    "silence": "ended by silence",
    "limit": "ended by its time limit",
    "hangup": "ended by a hangup",
}


def tell_recorded(event: Mapping[str, Any]) -> str:
    """How long a take is and what ended it."""
    ended = ENDINGS.get(event["ended"], "nobody knows how it ended")
    return f"message of {write_seconds(event['length'])}, {ended}"


def tell_played(event: Mapping[str, Any]) -> str:
    """That the caller heard a take again."""
    cut = " (cut short)" if event["interrupted"] else ""
    return f"the caller heard {event['recording']} again for {write_seconds(event['heard'])}{cut}"


def tell_kept(event: Mapping[str, Any]) -> str:
    """Which take is the message and why."""
    why = {
        "key": "the caller said so",
        "silence": "no key came",
        "wrong_key": "wrong keys came",
        "universal": "the caller went elsewhere",
        "hangup": "the caller hung up",
        "limit": "the call met its limit",
        "fault": "a fault of ours ended the review",
    }
    return f"{event['recording']} is the message: {why.get(event['how'], event['how'])}"
