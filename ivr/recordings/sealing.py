"""A finished recording: measured, hashed, and told as an event.

Asterisk ignores the errors of its own writes (app_mixmonitor.c), so a recording counts only once
its files have been read back. Must not delete or change a recording.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import soundfile

from ivr.engine.outcomes import Recorded
from ivr.recordings.segments import Segment

LEGS = ("mix", "in", "out")
"""Both sides together, what the caller said, what the caller heard."""

PATIENCE, LOOK = 5.0, 0.05
"""Seconds that Asterisk may take to finish its files after the end of a call, and between two looks
at them."""

TOLERANCE = 1_000
"""Milliseconds that a leg may be shorter than the time that it covers."""

SEALED = "recording.sealed"
"""The type of the event that tells of a recording that is whole."""

HEADER = 44
"""Bytes before the sound in a WAV file of Asterisk; the last four are the length of the sound."""

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


def is_recording(directory: Path, recording: str) -> bool:
    """Whether Asterisk is still writing a caller's message: begun, and not finished."""
    path = message_path(directory, recording)
    return path.exists() and not _is_finished(path)


def has_voice(path: Path) -> bool:
    """Whether any 20 ms of the file are louder than the noise of a line."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    frame = max(1, rate // 50)
    mono = samples[: len(samples) // frame * frame, 0].reshape(-1, frame)
    return bool(mono.size) and bool(np.sqrt((mono**2).mean(axis=1)).max() > AUDIBLE)


async def seal(
    directory: Path, segment: Segment, *, patience: float = PATIENCE
) -> dict[str, object]:
    """The event that tells of a finished recording, once its files have stopped growing.

    `recording.sealed` with a `Sound` for each leg; `recording.short` when a leg is shorter than it
    must be (the disk was full); `recording.missing` when a leg is no sound at all. `patience` is
    how many seconds Asterisk may take to finish.
    """
    await _settled([leg_path(directory, segment.name, leg) for leg in LEGS], patience)
    found: dict[str, Sound] = {}
    for leg in LEGS:
        sound = await asyncio.to_thread(measure, leg_path(directory, segment.name, leg))
        if sound is not None:
            found[leg] = sound
    return {
        "type": f"recording.{_judge(found, segment.expected)}",
        "recording": segment.name,
        "expected": segment.expected,
        "muted": segment.silences,
        "legs": {leg: asdict(sound) for leg, sound in found.items()},
    }


def is_there(directory: Path, recording: str) -> bool:
    """Whether there is any file of a recording."""
    return any(leg_path(directory, recording, leg).exists() for leg in LEGS)


def _judge(found: Mapping[str, Sound], expected: int | None) -> str:
    if len(found) < len(LEGS):
        return "missing"
    lengths = [sound.length for sound in found.values()]
    wanted = max(lengths) if expected is None else max(*lengths, expected)
    return "short" if min(lengths) < wanted - TOLERANCE else "sealed"


async def _settled(paths: Sequence[Path], patience: float) -> None:
    """Wait until Asterisk has finished the files, or the patience is over."""
    for _ in range(round(patience / LOOK)):
        if await asyncio.to_thread(_are_finished, paths):
            return
        await asyncio.sleep(LOOK)


def _are_finished(paths: Sequence[Path]) -> bool:
    return all(map(_is_finished, paths))


def _is_finished(path: Path) -> bool:
    """Whether the header tells the length of the sound: Asterisk writes it at the end."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
            size = file.seek(0, 2)
    except OSError:
        return False
    return len(header) == HEADER and size - HEADER == int.from_bytes(header[-4:], "little") > 0
