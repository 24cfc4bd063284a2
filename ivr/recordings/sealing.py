"""A finished recording: measured, hashed, and told as an event.

Asterisk ignores the errors of its own writes (app_mixmonitor.c), so a recording counts only once
its files have been read back. Must not delete or change a recording.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import soundfile

from ivr.engine.outcomes import Recorded

LEGS = ("mix", "in", "out")
"""Both sides together, what the caller said, what the caller heard."""

PATIENCE, LOOK = 5.0, 0.05
"""Seconds that Asterisk may take to finish its files after the end of a call, and between two looks
at them."""

TOLERANCE = 1_000
"""Milliseconds that a leg may be shorter than the time that it covers."""

ROOM = 64 << 20
"""Bytes that must be free on the disk of the recordings for one more to begin: an hour of a call in
three legs takes 173 MB, and most end within minutes."""

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


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a call that was recorded in one go.

    `began` and `ended` are seconds since 1970; `ended` is None when nobody was there to see it.
    `muted` are the times that are silent on purpose, since a secret was keyed or read back.
    """

    name: str
    began: float
    ended: float | None = None
    muted: tuple[tuple[float, float | None], ...] = ()

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> Segment:
        """The segment that `dataclasses.asdict` and JSON made `plain`."""
        return cls(**{**plain, "muted": tuple((since, until) for since, until in plain["muted"])})

    @property
    def expected(self) -> int | None:
        """Milliseconds that its files should hold, None when that is not known."""
        return None if self.ended is None else round((self.ended - self.began) * 1000)

    @property
    def silences(self) -> list[list[int | None]]:
        """When it was muted: milliseconds from its beginning, None: to its end."""
        return [
            [self._offset(since), None if until is None else self._offset(until)]
            for since, until in self.muted
        ]

    def _offset(self, moment: float) -> int:
        return max(0, round((moment - self.began) * 1000))


def begin(directory: Path, name: str, line: str, *, room: int = ROOM) -> None:
    """Leave a mark that this recording must be sealed, whatever becomes of this engine.

    Raises OSError: the disk says no, or has less than `room` bytes free, with which a recording
    would end in the middle and nobody would be told.
    """
    if shutil.disk_usage(directory).free < room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
    _mark(directory, name).write_text(line, "utf-8")


def finish(directory: Path, name: str) -> None:
    """Take the mark away: the journal knows of the recording."""
    _mark(directory, name).unlink(missing_ok=True)


def list_unsealed(directory: Path, name: str = "*") -> dict[Segment, str]:
    """The recordings that bear a mark, each with its line; with `name` only that one.

    Those of other calls may be sealed meanwhile: a mark that vanishes is none.
    """
    unsealed: dict[Segment, str] = {}
    for mark in sorted(directory.glob(f"{name}.open")):
        with suppress(FileNotFoundError):
            unsealed[Segment(mark.stem, mark.stat().st_mtime)] = mark.read_text("utf-8")
    return unsealed


def join_segments(known: Sequence[Segment], marked: Sequence[Segment]) -> list[Segment]:
    """The segments of a call in order: those it knows, and those that only a dead engine knew.

    None is longer than until the next one began.
    """
    names = {segment.name for segment in known}
    every = sorted(
        [*known, *(segment for segment in marked if segment.name not in names)],
        key=lambda segment: segment.began,
    )
    return [
        replace(segment, ended=min(segment.ended or after.began, after.began))
        for segment, after in pairwise(every)
    ] + every[-1:]


def _mark(directory: Path, name: str) -> Path:
    return directory / f"{name}.open"


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
