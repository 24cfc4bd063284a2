"""A finished recording: measured, hashed, and told as an event.

Asterisk ignores the errors of its own writes (app_mixmonitor.c), so a recording counts only once
its files have been read back. Must not delete or change a recording.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import soundfile

from ivr.engine.outcomes import Recorded

LEGS = ("mix", "in", "out")
"""Both sides together, what the caller said, what the caller heard."""

PATIENCE = 5.0
"""Seconds that Asterisk may take to finish its files after the end of a call."""


AUDIBLE = 10 ** (-45 / 20)
"""Amplitude (RMS of 20 ms) from which a recording holds a voice and not the noise of the line."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file of a recording: `length` in milliseconds, `size` in bytes, `sha256` in hex."""

    path: str
    length: int
    size: int
    sha256: str


def leg_path(directory: Path, recording: str, leg: str) -> Path:
    """Where Asterisk writes a leg of a recording."""
    return directory / f"{recording}.{leg}.wav"


def measure(path: Path) -> Sound | None:
    """The file as it is on disk, None when it is missing or no sound."""
    try:
        data = path.read_bytes()
        length = round(soundfile.info(path).duration * 1000)
    except (OSError, soundfile.SoundFileError):
        return None
    return Sound(path.name, length, len(data), hashlib.sha256(data).hexdigest())


def message_path(directory: Path, recording: str) -> Path:
    """Where Asterisk writes a caller's message."""
    return directory / f"{recording}.wav"


Ending: TypeAlias = Literal["finish", "silence", "limit", "hangup", "unknown"]


def read_message(directory: Path, recording: str, ended: Ending, heard: int) -> Recorded:
    """The outcome of a caller's message by what is on disk; length 0 when no voice is in it."""
    path = message_path(directory, recording)
    sound = measure(path)
    if sound is None:
        return Recorded("", 0, 0, "", ended, heard)
    length = sound.length if has_voice(path) else 0
    return Recorded(recording, length, sound.size, sound.sha256, ended, heard)


def has_voice(path: Path) -> bool:
    """Whether any 20 ms of the file are louder than the noise of a line."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    frame = max(1, rate // 50)
    mono = samples[: len(samples) // frame * frame, 0].reshape(-1, frame)
    return bool(mono.size) and bool(np.sqrt((mono**2).mean(axis=1)).max() > AUDIBLE)


async def seal(directory: Path, recording: str) -> dict[str, object]:
    """The event that tells of a finished recording, once its files have stopped growing.

    `recording.sealed` with a `Sound` for each leg, or `recording.missing` when there is none.
    """
    await _settled(leg_path(directory, recording, "mix"))
    sounds = {
        leg: await asyncio.to_thread(measure, leg_path(directory, recording, leg)) for leg in LEGS
    }
    found = {
        leg: {
            "path": sound.path,
            "length": sound.length,
            "size": sound.size,
            "sha256": sound.sha256,
        }
        for leg, sound in sounds.items()
        if sound is not None
    }
    kind = "recording.sealed" if len(found) == len(LEGS) else "recording.missing"
    return {"type": kind, "recording": recording, "legs": found}


async def _settled(path: Path) -> None:
    """Wait until the file has kept its size for a moment, or the patience is over."""
    size = -1
    for _ in range(int(PATIENCE / 0.2)):
        now = await asyncio.to_thread(_size, path)
        if now >= 0 and now == size:
            return
        size = now
        await asyncio.sleep(0.2)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
