"""Who speaks a clip: the studio's recording of its text, else the voice of its language.

Gives each clip the key under which its sound is kept: all that decides how it sounds, and nothing
else. Must not keep sound.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.engine.utterance import SLOW
from ivr.errors import SpeechError
from ivr.speech import audio
from ivr.speech.compose import Clip, Piece, Silence
from ivr.speech.render import Speech, Voice, render
from ivr.speech.studio import Studio
from ivr.speech.voices import RATES, Pronunciation, load_pronunciation, load_voices


@dataclass(frozen=True, slots=True)
class Casting:
    """An engine with its voices, and the recordings that go before it."""

    speech: Speech
    voices: Mapping[str, Voice]
    pronunciation: Pronunciation
    studio: Studio

    def key(self, piece: Piece) -> str:
        """Return the cache key. Raises SpeechError without a voice, SetupError without engine."""
        if isinstance(piece, Silence):
            return hash_parts("silence", str(piece.ms))
        recording = self.studio.find(piece)
        if recording is not None:
            return hash_parts("studio", recording.sound)
        voice, text = self._cast(piece)
        name = (self.speech.name, voice.name, str(voice.rate), voice.language)
        return hash_parts("speech", *name, text)

    def sound(self, piece: Piece) -> Mapping[str, bytes]:
        """Return the sound by file extension. Blocks. Raises SpeechError, SetupError."""
        if isinstance(piece, Silence):
            return _silence(piece.ms)
        recording = self.studio.find(piece)
        if recording is not None:
            return audio.treat(recording.read(), str(recording.path))
        voice, text = self._cast(piece)
        return render(self.speech, text, voice, repr(piece))

    def _cast(self, clip: Clip) -> tuple[Voice, str]:
        """The voice that speaks the clip, and the text as the engine gets it."""
        if clip.language not in self.voices:
            raise SpeechError(
                f"the language {clip.language!r} has no voice",
                remedy="Give it one in prompts/voices.yaml; a substitute is marked draft: true.",
            )
        text = self.pronunciation.respell(clip.language, clip.text)
        voice = self.voices[clip.language]
        return (_slowed(voice) if clip.slow else voice), text


def load_casting(prompts: Path, speech: Speech) -> Casting:
    """Return what the directory `prompts` says. Raises SpeechError for a file with a fault."""
    return Casting(
        speech,
        load_voices(prompts / "voices.yaml"),
        load_pronunciation(prompts / "pronunciation.yaml"),
        Studio(prompts),
    )


def hash_parts(*parts: str) -> str:
    """Return the key of a sound that `parts` and the treatment of sound decide."""
    return hashlib.sha256("\0".join((audio.PIPELINE, *parts)).encode()).hexdigest()


def _slowed(voice: Voice) -> Voice:
    """The voice at its slow pace: an engine speaks slowly by itself, at its usual pitch."""
    return replace(voice, rate=max(min(RATES), round(voice.rate * SLOW)))


@functools.cache
def _silence(ms: int) -> Mapping[str, bytes]:
    return audio.encode(audio.silence(ms, audio.WIDE))
