"""A voice of beeps: every text has its own short melody, without any program.

For tests and for machines without a speech engine; two texts never sound the same by accident,
since the melody follows the hash of text and voice.
"""

from __future__ import annotations

import hashlib

import numpy as np

from ivr.errors import SetupError
from ivr.speech import audio
from ivr.speech.render import Voice, require_text

RATE = 22050  # Hz, as espeak-ng gives it
NOTE_MS = 60


class Tones:
    """The adapter of the port `Speech` that beeps. A voice whose name is empty does not exist."""

    name = "tones 1"

    def synthesise(self, text: str, voice: Voice) -> audio.Pcm:
        """Return the melody of the text: one note a word, at least three; see `Speech`."""
        words = require_text(text)
        if not voice.name:
            raise SetupError(
                f"there is no voice for the language {voice.language!r}",
                remedy="Name one in prompts/voices.yaml.",
            )
        digest = hashlib.sha256(f"{voice.name} {voice.rate} {words}".encode()).digest()
        notes = [digest[index % 32] for index in range(max(3, len(words.split())))]
        melody = [audio.beep(NOTE_MS, 300 + 10 * note, RATE).samples for note in notes]
        return audio.Pcm(np.concatenate(melody), RATE)
