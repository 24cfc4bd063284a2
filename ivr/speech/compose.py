"""Which clips an utterance is made of, and which clips a template may ever need.

Literal pieces of the template are one clip each, values become tokens of the language's closed
vocabulary, punctuation between them becomes silence. Pure: must not know files, engines or sound.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from ivr.engine.utterance import Utterance
from ivr.errors import SpeechError
from ivr.flow.templates import Placeholder, parse_template
from ivr.speech.grammar import Pause, Tokens, write
from ivr.speech.kinds import speak, vocabulary

GROUP_MS = 250  # between the groups of a number that is read out
COMMA_MS = 200  # where a comma, colon, semicolon or dash stands beside a value
SENTENCE_MS = 400  # where a sentence ends beside a value, and between two utterances
TAIL_MS = 2000  # after a prompt that asks for a key

_SENTENCE_END = re.compile(r"[.!?…]")
_COMMA = re.compile(r"[,:;()–—]")
_EDGES = " \"'“”‘’«»()[]–—-"  # not spoken and without intonation at the ends of a piece
_MARKS = ".,:;!?…"


@dataclass(frozen=True, slots=True)
class Clip:
    """A text that is spoken in one piece. `personal` keeps it out of `repr` and of messages."""

    language: str
    text: str
    personal: bool = field(default=False, compare=False)
    slow: bool = False

    def __repr__(self) -> str:
        text = "…" if self.personal else repr(self.text)
        return f"Clip({self.language!r}, {text}{', slow' if self.slow else ''})"


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, for so many milliseconds."""

    ms: int


PAUSES = frozenset(Silence(ms) for ms in (GROUP_MS, COMMA_MS, SENTENCE_MS, TAIL_MS))
Piece = Clip | Silence
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a value is spoken: the words as a line of text, and the clips."""

    words: str
    pieces: Pieces


def read_out(language: str, kind: str, value: str) -> Reading:
    """Return how `value` is spoken. Raises SpeechError when its form is not that of `kind`."""
    tokens = speak(language, kind, value)
    return Reading(write(tokens), tuple(_voice(language, tokens, personal=False)))


def compose(utterance: Utterance) -> Pieces:
    """Return the clips and silences of `utterance`, in order, with a clip at both ends.

    Raises SpeechError for a placeholder without a value, a value that has not the form of its
    kind, and an utterance without a word. Values of people are never part of the message.
    """
    pieces: list[Piece] = []
    for literal, name in split_template(utterance.template):
        pieces += _speak_literal(utterance.language, literal)
        if name is not None:
            pieces += _speak_value(utterance, name)
    if utterance.pace == "slow":
        pieces = [replace(one, slow=True) if isinstance(one, Clip) else one for one in pieces]
    return _settle(pieces, utterance.prompt)


def list_clips(
    language: str,
    template: str,
    kinds: Mapping[str, str],
    words: Mapping[str, Collection[str]] | None = None,
) -> frozenset[Clip]:
    """Return every clip that `template` may need, so that all are rendered before a call.

    `kinds` gives the kind of each placeholder, `words` the declared words of those of kind `text`.
    Raises SpeechError for a placeholder without a kind, or of kind `text` without words.
    """
    clips: set[Piece] = set()
    for literal, name in split_template(template):
        clips.update(_speak_literal(language, literal))
        if name is not None:
            clips.update(_list_value_clips(language, name, kinds, words or {}))
    return frozenset(clip for clip in clips if isinstance(clip, Clip))


def list_vocabulary(language: str) -> frozenset[Clip]:
    """Return the clips of every value other than text. Raises SpeechError without a grammar."""
    return frozenset(Clip(language, token.rstrip("-")) for token in vocabulary(language))


def split_template(template: str) -> list[tuple[str, str | None]]:
    """Return (literal, name of the placeholder after it or None) in order."""
    pairs: list[tuple[str, str | None]] = []
    literal = ""
    for part in parse_template(template):
        if isinstance(part, Placeholder):
            pairs.append((literal, part.name))
            literal = ""
        else:
            literal = part
    return [*pairs, (literal, None)]


def _list_value_clips(
    language: str, name: str, kinds: Mapping[str, str], words: Mapping[str, Collection[str]]
) -> frozenset[Clip]:
    if name not in kinds:
        raise SpeechError(f"nothing says how {{{name}}} is spoken", remedy="Give it a kind.")
    if kinds[name] != "text":
        return list_vocabulary(language)
    if not words.get(name):
        raise SpeechError(
            f"{{{name}}} is free text, which would have to be synthesised during the call",
            remedy="Declare the words that it can have, or give it another kind.",
        )
    spoken = chain.from_iterable(speak(language, "text", text) for text in words[name])
    return frozenset(Clip(language, str(text)) for text in spoken)


def _speak_value(utterance: Utterance, name: str) -> Iterator[Piece]:
    spoken = utterance.values.get(name)
    if spoken is None:
        raise SpeechError(
            f"the placeholder {{{name}}} has no value",
            place=f"{utterance.prompt} ({utterance.language})",
            remedy="Set it before this prompt, or correct its name.",
        )
    tokens = speak(utterance.language, spoken.kind, spoken.text)
    return _voice(utterance.language, tokens, personal=spoken.personal)


def _voice(language: str, tokens: Tokens, *, personal: bool) -> Iterator[Piece]:
    for token in tokens:
        if isinstance(token, Pause):
            yield Silence(GROUP_MS)
        else:
            yield Clip(language, token.rstrip("-"), personal)


def _speak_literal(language: str, literal: str) -> Iterator[Piece]:
    """One clip, between the pauses that stand at its ends; its own end keeps its intonation."""
    words = " ".join(literal.split())
    text = words.lstrip(_EDGES + _MARKS)
    yield from _pause(words[: len(words) - len(text)])
    if text := text.rstrip(_EDGES):
        yield Clip(language, text)
        yield from _pause(text[-1])


def _pause(marks: str) -> Iterator[Silence]:
    if _SENTENCE_END.search(marks):
        yield Silence(SENTENCE_MS)
    elif _COMMA.search(marks):
        yield Silence(COMMA_MS)


def _settle(pieces: list[Piece], prompt: str) -> Pieces:
    """Merge neighbouring silences into the longest, and take them away from both ends."""
    settled: list[Piece] = []
    for piece in pieces:
        last = settled[-1] if settled else Silence(0)
        if isinstance(piece, Clip) or isinstance(last, Clip):
            settled.append(piece)
        elif settled:
            settled[-1] = Silence(max(piece.ms, last.ms))
    if settled and isinstance(settled[-1], Silence):
        del settled[-1]
    if not settled:
        raise SpeechError("this prompt has no words", place=prompt, remedy="Write what is said.")
    return tuple(settled)
