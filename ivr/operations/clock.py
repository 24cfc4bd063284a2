"""Times that no step of the machine's clock can bend within a call, and a watch for such steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

STEP = 1.0
"""Seconds that the clock may move against the monotonic one between two looks: a slew is far
slower (at most 0.5 ms a second, adjtimex(2))."""


def now() -> datetime:
    """The machine's time: UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def steady_clock(
    wall: Callable[[], datetime] = now, elapsed: Callable[[], float] = time.monotonic
) -> Callable[[], datetime]:
    """A clock for one call: the machine's time at its beginning and what has passed since.

    So a limit on the call's length and the times between its turns are right, whatever happens to
    the machine's clock meanwhile.
    """
    begun, since = wall(), elapsed()
    return lambda: begun + timedelta(seconds=elapsed() - since)


class ClockWatch:
    """Notices steps of the machine's clock. A machine that slept looks like one, too."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._offset = wall() - elapsed()

    def look(self) -> float:
        """Seconds by which the clock was set forward since the last look (back: negative), or 0."""
        offset = self._wall() - self._elapsed()
        step = offset - self._offset
        self._offset = offset
        return step if abs(step) > STEP else 0.0
