"""Events of consent: what was asked for, in which words, and the answer, as evidence by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The caller agreed, by a key that was pressed for this question.

    `prompt` is the id of the question, `text` the SHA-256 of the words in `language`: the question
    and the two sentences that name the keys, a line each, before values are put in. `heard` is how
    many milliseconds of them were played before the key, `at` the time in UTC.
    """

    flow: str
    node: str
    purpose: str
    prompt: str
    text: str
    language: str
    at: str
    heard: int
    keys: str
    type: Literal["consent.given"] = "consent.given"


@dataclass(frozen=True, slots=True)
class ConsentRefused:
    """The caller did not agree. `how` says why that counts: `key`, `silence`, `wrong_key`, `fault`.

    The other fields are those of `ConsentGiven`.
    """

    flow: str
    node: str
    purpose: str
    prompt: str
    text: str
    language: str
    at: str
    how: str
    type: Literal["consent.refused"] = "consent.refused"
