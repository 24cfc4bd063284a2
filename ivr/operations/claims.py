"""Which engine leads the call on a line: a claim that the kernel drops when the engine dies.

One file, one byte of it for each line, locked by fcntl(2): a lock needs no descriptor of its own,
and whoever dies holds none. Two engines never lead one call; an engine that looks for orphans
passes by the calls of the other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path


class LineClaims:
    """The claims of this process in a file that all engines of a service share."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._own: set[str] = set()

    def take(self, line: str) -> bool:
        """Claim a line; False when another process has it. Harmless for a line that is ours."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(line))
        except (BlockingIOError, PermissionError):
            return False
        self._own.add(line)
        return True

    def drop(self, line: str) -> None:
        """Give a line up."""
        self._own.discard(line)
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, _place(line))

    def is_elsewhere(self, line: str) -> bool:
        """Whether another process has the line."""
        if line in self._own:
            return False
        if not self.take(line):
            return True
        self.drop(line)
        return False

    def close(self) -> None:
        """Give all lines up."""
        os.close(self._descriptor)


def _place(line: str) -> int:
    """The line's byte. That two lines share one in 2^56 would make the second wait, no more."""
    return int.from_bytes(hashlib.sha256(line.encode()).digest()[:7], "big")
