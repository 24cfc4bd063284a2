"""The stretches of a call that are recorded, and the marks by which each of them is found again.

A mark lies beside a recording from before its first sound until the journal knows of it. Whatever
is done to the recording is written into it as it is done, so that an engine that dies leaves
nothing unsaid. Must not touch a recording.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

ROOM = 64 << 20
"""Bytes that must be free on the disk of the recordings for one more to begin: an hour of a call in
three legs takes 173 MB, and most end within minutes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a call that was recorded in one go.

    `began` and `ended` are seconds since 1970; `ended` is None when nobody was there to see it.
    `muted` are the times that may be silent on purpose, since a secret was keyed or spoken: from
    before Asterisk is asked to mute until it has confirmed that it hears again; None: to the end.
    `doubted`: Asterisk did not confirm that it began.
    """

    name: str
    began: float
    ended: float | None = None
    muted: tuple[tuple[float, float | None], ...] = ()
    doubted: bool = False

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> Segment:
        """The segment that `plain` wrote."""
        return cls(plain["name"], plain["began"], plain["ended"])

    def plain(self) -> dict[str, object]:
        """For the live row, JSON-ready. When it was muted is in its mark alone."""
        return {"name": self.name, "began": self.began, "ended": self.ended}

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


def begin(directory: Path, name: str, line: str, at: float, *, room: int = ROOM) -> None:
    """Leave a mark that this recording must be sealed, whatever becomes of this engine or machine.

    It begins `at`, in seconds since 1970.

    Raises OSError: the disk says no, or has less than `room` bytes free, with which a recording
    would end in the middle and nobody would be told.
    """
    if shutil.disk_usage(directory).free < room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
    _write(_mark(directory, name), "w", f"{line}\nbegan {at}\n", lasting=True)
    _sync(directory)


def note_mute(directory: Path, name: str, at: float, *, on: bool) -> None:
    """Write into the mark that the recording may be muted from `at` on, or hears again.

    The begin outlasts a loss of power, before which the recording may fall silent. The end need
    not: without it the time counts as muted to the end of the recording. Raises OSError.
    """
    word = "muted" if on else "heard"
    _write(_mark(directory, name), "a", f"{word} {at}\n", lasting=on)


def note_doubt(directory: Path, name: str, at: float) -> None:
    """Write into the mark that Asterisk did not confirm the recording: it may never have begun.

    Raises OSError.
    """
    _write(_mark(directory, name), "a", f"doubted {at}\n", lasting=False)


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
            segment, line = _read(mark)
            unsealed[segment] = line
    return unsealed


def join_segments(known: Sequence[Segment], marked: Sequence[Segment]) -> list[Segment]:
    """The segments of a call in order: those it knows, and those that only a dead engine knew.

    When one was muted is what its mark says. None is longer than until the next one began.
    """
    marks = {segment.name: segment for segment in marked}
    told = [replace(segment, muted=marks.pop(segment.name, segment).muted) for segment in known]
    every = sorted([*told, *marks.values()], key=lambda segment: segment.began)
    return [
        replace(segment, ended=min(segment.ended or after.began, after.began))
        for segment, after in pairwise(every)
    ] + every[-1:]


def _mark(directory: Path, name: str) -> Path:
    return directory / f"{name}.open"


def _write(mark: Path, mode: Literal["w", "a"], text: str, *, lasting: bool) -> None:
    with mark.open(mode, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if lasting:
            os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(mark: Path) -> tuple[Segment, str]:
    """What a mark says; what an engine could not finish writing in it is passed over."""
    changed = mark.stat().st_mtime
    line, *more = mark.read_text("utf-8").splitlines() or [""]
    notes = list(_notes(more))
    began = next((moment for word, moment in notes if word == "began"), changed)
    doubted = any(word == "doubted" for word, _ in notes)
    return Segment(mark.stem, began, muted=_windows(notes), doubted=doubted), line


def _notes(lines: Sequence[str]) -> Iterator[tuple[str, float]]:
    for line in lines:
        word, _, moment = line.partition(" ")
        with suppress(ValueError):
            yield word, float(moment)


def _windows(notes: Sequence[tuple[str, float]]) -> tuple[tuple[float, float | None], ...]:
    windows: list[tuple[float, float | None]] = []
    for word, moment in notes:
        is_open = bool(windows) and windows[-1][1] is None
        if word == "muted" and not is_open:
            windows.append((moment, None))
        elif word == "heard" and is_open:
            windows[-1] = (windows[-1][0], moment)
    return tuple(windows)
