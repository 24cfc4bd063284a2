"""The port to a speech engine, and the only door through which synthesised sound comes in.

`render` refuses what an engine calls a success and nobody would hear, so that a failed synthesis
never reaches the cache. Adapters (`espeak`, `tones`) must not treat or keep sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ivr.errors import SpeechError
from ivr.speech import audio


@dataclass(frozen=True, slots=True)
class Voice:
    """How a language sounds: the engine's name for the voice, and words per minute.

    `draft` marks a substitute from another language, good enough to try a flow but not to publish.
    """

    language: str
    name: str
    rate: int = 150
    draft: bool = False


class Speech(Protocol):
    """An engine that turns text into sound. Both members may be used from several threads."""

    @property
    def name(self) -> str:
        """Engine and version, part of every cache key. Raises SetupError when it is missing."""

    def synthesise(self, text: str, voice: Voice) -> audio.Pcm:
        """Return the text spoken by the voice; the same text gives the same sound. Blocks.

        Raises SetupError when the engine or the voice is missing, SpeechError when it fails on
        this text or the text has nothing to say.
        """


def render(speech: Speech, text: str, voice: Voice, place: str) -> Mapping[str, bytes]:
    """Return `text` spoken, trimmed, levelled and encoded, by file extension.

    Raises SpeechError, naming `place`, when nothing is heard; else what `Speech` raises.
    """
    return audio.treat(speech.synthesise(text, voice), place)


def require_text(text: str) -> str:
    """Return `text` with its spaces tidied. Raises SpeechError when there is nothing to say."""
    words = " ".join(text.split())
    if not any(character.isalnum() or character in "*#+" for character in words):
        raise SpeechError("this text has nothing to say", remedy="Write at least one word.")
    return words
