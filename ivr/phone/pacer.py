"""One timer for all calls: every 20 ms each call reads what arrived and sends its next packet.

Counts frames from a fixed start, so a late wake-up is made good at once and nothing drifts.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from ivr.phone.rtp import FRAME_MS

_FRAME = FRAME_MS / 1000
_EARLY = 0.001  # seconds; the grain of the loop's timers


class Paced(Protocol):
    """What the pacer drives."""

    def pace(self, frames: int, now: float) -> None:
        """Do `frames` times 20 ms of work at `now` (`time.monotonic`)."""


class Pacer:
    """The timer; it stands still while there is nothing to drive."""

    def __init__(self) -> None:
        self._driven: set[Paced] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._done = 0

    def add(self, paced: Paced) -> None:
        """Drive it from the next tick on."""
        self._driven.add(paced)
        if self._timer is None:
            self._start, self._done = time.monotonic(), 0
            self._schedule()

    def discard(self, paced: Paced) -> None:
        """Drive it no more."""
        self._driven.discard(paced)

    def stop(self) -> None:
        """Stop the timer and forget everything."""
        self._driven.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        due = self._start + (self._done + 1) * _FRAME
        delay = max(0.0, due - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        frames = int((now - self._start + _EARLY) / _FRAME) - self._done
        if frames > 0:
            self._done += frames
            for paced in tuple(self._driven):
                paced.pace(frames, now)
        self._timer = None
        if self._driven:
            self._schedule()
