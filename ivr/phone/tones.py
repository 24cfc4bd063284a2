"""Keys as sound: the two tones of each key on the line itself (ITU-T Q.23, Q.24).

Pure. For handsets and gateways that send neither telephone events nor INFO; `Call.speak` says it.
"""

from __future__ import annotations

import numpy as np

from ivr.phone import g711, rtp

LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
"""Hz, of the rows and the columns of the keypad."""

_KEYPAD = ("123A", "456B", "789C", "*0#D")
_LEVEL = 6_000
"""Amplitude of each tone: about -15 dBm0, well above the -25 that an exchange must hear."""

_RAMP_MS = 2
"""Without it the edges click, and a click is sound at every frequency."""


def key_tones(keys: str, *, tone_ms: int = 80, gap_ms: int = 80) -> g711.Samples:
    """The sound of keys pressed one after another, each with the silence after it, at 8 kHz.

    Raises UsageError for a key that no telephone has and for lengths as `rtp.check_keys`.
    """
    rtp.check_keys(keys, tone_ms, gap_ms)
    gap = np.zeros(gap_ms * g711.RATE // 1000)
    parts = [part for key in keys for part in (_tone(key, tone_ms), gap)]
    joined = np.concatenate(parts) if parts else np.zeros(0)
    samples: g711.Samples = np.round(joined * _LEVEL).astype(np.int16)
    return samples


def frequencies(key: str) -> tuple[int, int]:
    """The low and the high tone of a key, in Hz. Raises StopIteration for one that is none."""
    row, column = next((r, line.index(key)) for r, line in enumerate(_KEYPAD) if key in line)
    return LOW[row], HIGH[column]


def _tone(key: str, ms: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    time = np.arange(ms * g711.RATE // 1000) / g711.RATE
    sound = sum(np.sin(2 * np.pi * hertz * time) for hertz in frequencies(key))
    ramp = np.minimum(1, np.minimum(time, time[::-1]) * 1000 / _RAMP_MS)
    shaped: np.ndarray[tuple[int], np.dtype[np.float64]] = sound * ramp
    return shaped
