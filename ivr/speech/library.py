"""The prompts that exist: rendered before a call, found and joined during one.

`prepare` renders what is missing; `join` puts a whole prompt, values included, into one file, since
one AGI command plays one file. Nothing is synthesised here once calls run: a clip that is not there
is an error, never silence and never another language.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from ivr.engine.utterance import Utterance
from ivr.errors import SpeechError
from ivr.speech import audio
from ivr.speech.cache import FORMATS, Cache, Entry, Sounds, write_sounds
from ivr.speech.casting import Casting, hash_parts
from ivr.speech.compose import PAUSES, SENTENCE_MS, TAIL_MS, Clip, Piece, Silence, compose

BEEP = (250, 1000)  # milliseconds, Hz
SILENCE_MS = 60_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rendering:
    """The clips of an utterance: paths without extension, and the SHA-256 of each `.sln16`.

    When the utterance is personal, so are the hashes: the clips of a number spell the number.
    """

    files: tuple[Path, ...]
    sha256: tuple[str, ...]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where an utterance lies in a joined sound."""

    prompt: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Utterances as one sound: path without extension, SHA-256 of its `.sln16`, and their places.

    When `personal`, the file lies in the scratch directory, and the hash is personal data too:
    whoever tries all values finds the one that was spoken. `tail_ms` of silence follow in the file.
    """

    path: Path
    duration_ms: int
    sha256: str
    spans: tuple[Span, ...]
    personal: bool
    tail_ms: int = 0


_Words: TypeAlias = tuple[bool, tuple[tuple[str, str, str, str], ...]]
"""Utterances without a value: the prompt, language, template and pace of each; first whether a tail
follows them."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A piece's sound and the key under which it is kept."""

    key: str
    entry: Entry


class PromptLibrary:
    """The sounds of every prompt. May be used from several threads, and by several processes.

    `join`, `resolve` and `beep` read and write a few small files: about a millisecond.
    """

    def __init__(self, cache: Path, casting: Casting) -> None:
        self._cache = Cache(cache)
        self._casting = casting
        self._known: dict[Piece, _Found] = {}
        self._joined: dict[_Words, Sound] = {}
        self._secret = secrets.token_bytes(32)

    def list_missing(self, clips: Iterable[Piece], *, deep: bool = False) -> list[Piece]:
        """Return those without a sound, sorted. `deep` compares every byte with its hash.

        Raises SpeechError for a language without a voice, SetupError without the speech engine.
        """
        return sorted((piece for piece in set(clips) if not self._seek(piece, deep)), key=repr)

    def prepare(
        self, clips: Iterable[Piece], progress: Progress | None = None, *, deep: bool = False
    ) -> int:
        """Render those without a sound and return their number; damaged ones are made again.

        `progress` gets (done, all) after each, in the calling thread. Raises the first error; what
        was rendered before it stays.
        """
        wanted = {*clips, *PAUSES}
        if not self.list_missing(wanted, deep=deep):
            return 0
        with self._cache.lock():
            missing = self.list_missing(wanted, deep=deep)
            self._make_all(missing, progress)
        return len(missing)

    def resolve(self, utterance: Utterance) -> Rendering:
        """Return the files of an utterance in order. Raises SpeechError when one is missing."""
        entries = [self._find(piece).entry for piece in compose(utterance)]
        return Rendering(
            tuple(entry.stem for entry in entries),
            tuple(entry.sha256 for entry in entries),
            sum(entry.ms for entry in entries),
        )

    def join(
        self, utterances: Sequence[Utterance], scratch: Path | None = None, *, tail: bool = False
    ) -> Sound:
        """Return the utterances as one sound, a sentence's pause between them.

        What is about nobody is kept in the cache for every call, and with `tail` ends in TAIL_MS of
        silence. What is personal is written to `scratch`, a directory of this call, which the
        caller deletes; its name tells nothing. Raises SpeechError when a clip is missing or
        damaged, when a personal one has no `scratch`, or when the disk refuses.
        """
        pieces = [compose(utterance) for utterance in utterances]
        parts = [[self._find(piece) for piece in own] for own in pieces]
        if not parts:
            raise SpeechError("there is nothing to play", remedy="Give at least one prompt.")
        pause = self._find(Silence(SENTENCE_MS))
        whole = [*parts[0], *chain.from_iterable([pause, *part] for part in parts[1:])]
        spans = _measure([utterance.prompt for utterance in utterances], parts)
        if any(utterance.personal for utterance in utterances):
            entry = self._join_personal(whole, scratch)
            return Sound(entry.stem, entry.ms, entry.sha256, spans, personal=True)
        tail_ms = TAIL_MS if tail else 0
        entry = self._join_public([*whole, self._find(Silence(TAIL_MS))] if tail else whole)
        sound = Sound(entry.stem, entry.ms - tail_ms, entry.sha256, spans, False, tail_ms)
        if (words := _words(utterances, tail)) is not None and self._has_all(pieces):
            self._joined[words] = sound
        return sound

    def recall(self, utterances: Sequence[Utterance], *, tail: bool = False) -> Sound | None:
        """Return what `join` made of them before, without a look at the disk; None: ask `join`.

        Utterances with a value in them are not remembered.
        """
        words = _words(utterances, tail)
        return None if words is None else self._joined.get(words)

    def beep(self) -> Path:
        """Return the tone that asks a caller to speak: a path without extension."""
        key = hash_parts("beep", *map(str, BEEP))
        entry = self._cache.find(key)
        if entry is None:
            entry = self._cache.write(key, audio.encode(audio.beep(*BEEP, audio.WIDE)))
        return entry.stem

    def silence(self) -> Path:
        """Return a minute of silence, to be played while something is awaited."""
        key = hash_parts("silence", str(SILENCE_MS))
        entry = self._cache.find(key)
        if entry is None:
            entry = self._cache.write(key, audio.encode(audio.silence(SILENCE_MS, audio.WIDE)))
        return entry.stem

    def _make_all(self, missing: Sequence[Piece], progress: Progress | None) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            jobs = [threads.submit(self._make, piece) for piece in missing]
            try:
                for done, job in enumerate(as_completed(jobs), 1):
                    job.result()
                    if progress is not None:
                        progress(done, len(jobs))
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise

    def _make(self, piece: Piece) -> None:
        key = self._casting.key(piece)
        self._known[piece] = _Found(key, self._cache.write(key, self._casting.sound(piece)))

    def _seek(self, piece: Piece, deep: bool) -> _Found | None:
        key = self._casting.key(piece)
        entry = self._cache.find(key, deep=deep)
        if entry is None:
            self._known.pop(piece, None)
            return None
        self._known[piece] = _Found(key, entry)
        return self._known[piece]

    def _find(self, piece: Piece) -> _Found:
        found = self._known.get(piece) or self._seek(piece, deep=False)
        if found is None and isinstance(piece, Clip) and piece.slow:
            return self._find(replace(piece, slow=False))  # better too fast than not at all
        if found is None:
            raise SpeechError(
                f"there is no sound for {piece!r}",
                remedy="Start `ivr serve` again: it renders what is missing.",
            )
        return found

    def _has_all(self, pieces: Iterable[Sequence[Piece]]) -> bool:
        """Whether nothing is at the usual pace only because its slow sound is not there yet."""
        return all(piece in self._known for piece in chain.from_iterable(pieces))

    def _join_public(self, whole: Sequence[_Found]) -> Entry:
        if len(whole) == 1:
            return whole[0].entry
        key = hash_parts("join", *(found.key for found in whole))
        return self._cache.find(key) or self._cache.write(key, _concatenate(whole))

    def _join_personal(self, whole: Sequence[_Found], scratch: Path | None) -> Entry:
        if scratch is None:
            raise SpeechError(
                "a prompt about a person was asked for without a place for this call",
                remedy="Give the scratch directory of the call.",
            )
        keys = "".join(found.key for found in whole).encode()
        name = hashlib.blake2b(keys, key=self._secret, digest_size=16).hexdigest()
        return write_sounds(scratch / name, _concatenate(whole))


def _words(utterances: Sequence[Utterance], tail: bool) -> _Words | None:
    if any(one.values for one in utterances):
        return None
    return tail, tuple((one.prompt, one.language, one.template, one.pace) for one in utterances)


def _concatenate(whole: Sequence[_Found]) -> Sounds:
    sounds = [found.entry.read() for found in whole]
    return {name: b"".join(sound[name] for sound in sounds) for name in FORMATS}


def _measure(prompts: Sequence[str], parts: Sequence[Sequence[_Found]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for prompt, part in zip(prompts, parts, strict=True):
        start = spans[-1].end_ms + SENTENCE_MS if spans else 0
        spans.append(Span(prompt, start, start + sum(found.entry.ms for found in part)))
    return tuple(spans)
