"""What a language must say about itself before values can be spoken in it.

One module per language (`numbers_id`, `numbers_en`) fills in one `Grammar`; `kinds` does the rest.
Words are *tokens*: the smallest recorded clips, shared by all values. A token that ends in a hyphen
is written together with the next one ("twenty-", "one") and spoken without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Literal

from ivr.errors import SpeechError

LIMIT = 10**15  # the largest cardinal; beyond it the names of numbers are no longer agreed


class Pause(Enum):
    """The short stop between groups of words, where a comma would be written."""

    GROUP = "group"


PAUSE: Literal[Pause.GROUP] = Pause.GROUP
Token = str | Pause
Tokens = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language. Callables get values in range: cardinals 0 to `LIMIT`, ordinals from 1.

    `digits` and `signs` name the keys of a telephone, `units` gives day, hour, minute, second as
    (one, many), `zones` the time zones by abbreviation, `vocabulary` every token that any of it
    can return apart from the letters A to Z.
    """

    language: str
    cardinal: Callable[[int], Tokens]
    ordinal: Callable[[int], Tokens]
    calendar: Callable[[date], Tokens]
    clock: Callable[[int, int], Tokens]
    digits: tuple[str, ...]
    signs: Mapping[str, str]
    weekdays: tuple[str, ...]
    zones: Mapping[str, str]
    units: Mapping[str, tuple[str, str]]
    minus: str
    point: str
    percent: str
    rupiah: str
    sen: str
    ending: str
    vocabulary: frozenset[str]


def write(tokens: Iterable[Token]) -> str:
    """Return the tokens as a line of text: "nol delapan satu dua, tiga empat"."""
    words = "".join(", " if isinstance(token, Pause) else f"{token} " for token in tokens)
    return words.replace(" , ", ", ").replace("- ", "-").strip()


def split_groups(number: int, width: int) -> list[int]:
    """Return the digits of `number` in groups of `width`, the lowest group first."""
    groups = []
    while number:
        number, group = divmod(number, 10**width)
        groups.append(group)
    return groups


def require_cardinal(number: int) -> int:
    """Return `number`, or raise SpeechError when it is negative or above `LIMIT`."""
    if not 0 <= number <= LIMIT:
        raise SpeechError(
            "a number beyond 10^15 cannot be spoken",
            remedy="Round it, or use the kind digits to have it read digit by digit.",
        )
    return number
