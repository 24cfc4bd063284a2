"""Finds the tones of keys in sound: one Goertzel filter for each of their eight frequencies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 160
"""Samples of a look: 20 ms."""

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"

QUIET = 1e-6
"""Mean power below which there is nothing: -60 dBFS."""

PURE = 0.7
"""The part of a frame's power that lies in the two tones."""


def find_keys(sound: NDArray[np.float64]) -> str:
    """The keys whose tones are in the sound, each of at least 40 ms."""
    heard = (_key(sound[at : at + FRAME]) for at in range(0, len(sound) - FRAME, FRAME))
    return "".join(_runs(heard))


def _runs(heard: Iterator[str]) -> Iterator[str]:
    for key, run in groupby(heard):
        if key and len(list(run)) >= 2:
            yield key


def _key(frame: NDArray[np.float64]) -> str:
    power = float(np.mean(frame**2))
    if power < QUIET:
        return ""
    low, high = ([_goertzel(frame, tone) for tone in group] for group in (LOW, HIGH))
    if min(max(low), max(high)) < 0.1 * power or max(low) + max(high) < PURE * power:
        return ""
    return KEYS[4 * int(np.argmax(low)) + int(np.argmax(high))]


def _goertzel(frame: NDArray[np.float64], tone: float) -> float:
    """The power of one frequency in a frame."""
    turns = np.exp(-2j * np.pi * tone * np.arange(len(frame)) / RATE)
    return float(2 * abs(np.dot(frame, turns) / len(frame)) ** 2)
