"""The heartbeat of a child: lines on a pipe, written by its event loop, read by its supervisor.

A loop that stands still does not beat. What a beat carries is public: it is shown on a page.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

DESCRIPTOR = "IVR_HEARTBEAT"
"""The environment variable that tells a child the number of its end of the pipe."""

LONGEST = 4096
"""Bytes of a beat that may wait for their line feed; a pipe takes as many in one piece."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a child says of itself. `faults` maps parts that are not ready to the reason, `notes`
    parts that are ready to what an operator should know; `live` counts calls in progress.
    """

    faults: Mapping[str, str] = field(default_factory=dict)
    live: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)


class Heart:
    """A child's end. Beating never waits: a pipe that is full has beats enough."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def beat(self, beat: Beat) -> None:
        """Say that the loop runs. A supervisor that is gone is no fault of the child's."""
        said = {"faults": dict(beat.faults), "live": beat.live, "notes": dict(beat.notes)}
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._descriptor, json.dumps(said).encode()[: LONGEST - 1] + b"\n")


def find_heart(environment: Mapping[str, str] = os.environ) -> Heart | None:
    """The heart of this process; None when it runs without a supervisor."""
    number = environment.get(DESCRIPTOR, "")
    return Heart(int(number)) if number.isdigit() else None


class Ear:
    """A supervisor's end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self._hear: Callable[[Beat], None]

    def listen(self, hear: Callable[[Beat], None]) -> None:
        """Give each beat to `hear`, from now on."""
        self._hear = hear
        self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Listen no more. Harmless a second time."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-LONGEST:]
        for line in lines:
            self._hear(_read_beat(line))


def _read_beat(line: bytes) -> Beat:
    """A beat that cannot be read is a beat all the same."""
    try:
        said = json.loads(line)
        faults, notes = _read_words(said["faults"]), _read_words(said["notes"])
        return Beat(faults, int(said["live"]), notes)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Beat({"heartbeat": "cannot be read"})


def _read_words(said: Mapping[object, object]) -> Mapping[str, str]:
    return {str(part): str(words) for part, words in said.items()}
