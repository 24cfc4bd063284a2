"""Whether words were heard: signs and capitals do not matter, and `…` stands for anything. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ELLIPSIS = re.compile(r"…|\.\.\.")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was heard: in which language, and in which prompt of those heard."""

    text: str
    language: str
    prompt: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it was heard: `words` may be fewer than were meant to be, `whole` says so."""

    text: str
    language: str
    whole: bool = True


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return re.findall(r"\w+", text.casefold())


def spell_out(prompts: Sequence[Prompt]) -> list[Word]:
    """The words of prompts, one after the other."""
    return [
        Word(word, prompt.language, index)
        for index, prompt in enumerate(prompts)
        for word in words_of(prompt.text)
    ]


def find_words(
    heard: Sequence[Word], text: str, begin: int, language: str | None = None
) -> int | None:
    """Where the words of `text` end in what was heard from `begin` on; None: they were not heard.

    The parts between `…` must be heard in their order.
    """
    at = begin
    for part in ELLIPSIS.split(text):
        wanted = words_of(part)
        ends = (
            index + len(wanted)
            for index in range(at, len(heard) - len(wanted) + 1)
            if [word.text for word in heard[index : index + len(wanted)]] == wanted
            and _spoken_in(heard[index : index + len(wanted)], language)
        )
        found = next(ends, None)
        if found is None:
            return None
        at = found
    return at


def find_prompt(
    prompts: Sequence[Prompt], text: str, begin: int, language: str | None = None
) -> int | None:
    """As `find_words`, but the words must be those of one prompt, all of them."""
    wanted, at = words_of(text), 0
    for prompt in prompts:
        words = words_of(prompt.text)
        fits = words == wanted and prompt.whole and language in (None, prompt.language)
        if at >= begin and fits:
            return at + len(words)
        at += len(words)
    return None


def _spoken_in(words: Sequence[Word], language: str | None) -> bool:
    return language is None or all(word.language == language for word in words)
