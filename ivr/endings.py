"""How transfers and calls end, in words: for the terminal's call and for `ivr calls` alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNHAPPY: Final[Mapping[str, str]] = {
    "busy": "the telephone was busy",
    "no_answer": "nobody answered",
    "queue_full": "too many people wait already",
    "queue_closed": "no officer is on duty",
    "failed": "the telephone cannot be reached",
}
"""How a transfer ended without a talk."""

OUTCOMES: Final[Mapping[str, str]] = {
    "selesai_mandiri": "served by the menus",
    "informasi": "informed",
    "tiket": "a case was opened",
    "petugas": "spoke with an officer",
    "darurat": "sent to emergency services",
    "putus_ivr": "left without a result",
    "galat": "a fault of ours",
}
"""The outcomes of the handbook, docs/flow-language.md. Flows may have others."""


def tell_outcome(outcome: str) -> str:
    """An outcome in words, with the name by which reports count it."""
    return f"{OUTCOMES[outcome]} ({outcome})" if outcome in OUTCOMES else outcome
