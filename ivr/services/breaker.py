"""A circuit breaker: a service that is down is not asked again and again while callers wait.

Pure: the time comes in. After `FAILURES` in a row nothing is asked for `PAUSE` seconds; then one
request tries, and its result decides.
"""

from __future__ import annotations

FAILURES = 5
PAUSE = 30.0


class Breaker:
    """The state of one service. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._failures = 0
        self._until: float | None = None
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether the service is given a pause."""
        return self._until is not None

    def admits(self, now: float) -> bool:
        """Whether to ask now. A True must be followed by `succeed`, `fail` or `let_go`."""
        if self._until is None:
            return True
        if self._probing or now < self._until:
            return False
        self._probing = True
        return True

    def succeed(self) -> None:
        """The service answered."""
        self._failures, self._until, self._probing = 0, None, False

    def fail(self, now: float) -> None:
        """The service did not answer, or not as it should."""
        self._failures += 1
        self._probing = False
        if self._failures >= FAILURES:
            self._until = now + PAUSE

    def let_go(self) -> None:
        """The request was given up for a reason that says nothing of the service."""
        self._probing = False
