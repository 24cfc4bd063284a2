"""What the telephone can say: sound files, and a made-up voice for when there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from ivr.errors import SpeechError
from ivr.phone import g711

_PITCH = 140.0
_FORMANTS = ((600.0, 150.0), (1200.0, 200.0), (2500.0, 300.0))
_SYLLABLES = 4.0
_LEVEL = 8000


def read_voice(path: Path) -> g711.Samples:
    """Read a sound file as 8 kHz mono. Raises SpeechError when it cannot be read."""
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as fault:
        raise SpeechError(f"the sound cannot be read: {fault}", place=str(path)) from fault
    mono = soxr.resample(sound.mean(axis=1), rate, g711.RATE)
    samples: g711.Samples = np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)
    return samples


def make_voice(seconds: float) -> g711.Samples:
    """Make a voice-like sound: a gliding pitch with the formants of a vowel, four syllables a s.

    The same every time; peak about -12 dBFS.
    """
    time = np.arange(round(seconds * g711.RATE)) / g711.RATE
    pitch = _PITCH * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / g711.RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, int(3400 / (_PITCH * 1.15))):
        distances = [((harmonic * _PITCH - at) / width) ** 2 for at, width in _FORMANTS]
        sound += sum(1 / (1 + d) for d in distances) * np.sin(harmonic * phase)
    sound *= 0.2 + 0.8 * np.sin(np.pi * _SYLLABLES * time) ** 2
    peak = float(np.max(np.abs(sound), initial=1e-9))
    samples: g711.Samples = np.round(sound / peak * _LEVEL).astype(np.int16)
    return samples
