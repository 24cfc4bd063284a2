"""The few sounds that Asterisk itself asks for by name: the beep, silence, music on hold.

Prompts are not made here. No package of sounds is installed for these, since none has Indonesian
and each brings hundreds of files.
"""

from __future__ import annotations

import array
import math
import sys
import wave
from pathlib import Path

RATE = 8000
"""Samples a second of every file written here; 16 bits, mono."""

_PEAK = 8000
_SILENCES = range(1, 11)


def write_sounds(data: Path) -> None:
    """Fill `sounds/` and `moh/` below `data`, the astdatadir of an instance."""
    sounds, music = data / "sounds" / "en", data / "moh"
    (sounds / "silence").mkdir(parents=True, exist_ok=True)
    music.mkdir(parents=True, exist_ok=True)
    _write(sounds / "beep.wav", _tone(1000.0, 0.2))
    for seconds in _SILENCES:
        _write(sounds / "silence" / f"{seconds}.wav", array.array("h", bytes(2 * RATE * seconds)))
    _write(music / "waiting.wav", _waiting())


def link_announcements(sounds: Path, made: Path, languages: tuple[str, ...]) -> None:
    """Let Asterisk find in `made` what it says to a caller who waits for an officer.

    The sounds of a language lie in `made/<language>`, its numbers in `digits` below; they may come
    later.
    """
    for language in languages:
        (sounds / language).mkdir(parents=True, exist_ok=True)
        for name, target in (
            ("satu-pintu", made / language),
            ("digits", made / language / "digits"),
        ):
            link = sounds / language / name
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _waiting() -> array.array[int]:
    """Two soft notes every four seconds: a sign of life, no melody that somebody owns."""
    samples = _tone(440.0, 0.4, 0.25) + _tone(554.0, 0.6, 0.25)
    samples.extend(bytes(4 * RATE - len(samples)))
    return samples


def _tone(hertz: float, seconds: float, level: float = 1.0) -> array.array[int]:
    """A tone that swells and fades within its length, so that it does not click."""
    count = int(seconds * RATE)
    swell = (math.sin(math.pi * i / count) for i in range(count))
    carrier = (math.sin(math.tau * hertz * i / RATE) for i in range(count))
    return array.array(
        "h", (int(_PEAK * level * a * b) for a, b in zip(swell, carrier, strict=True))
    )


def _write(path: Path, samples: array.array[int]) -> None:
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
