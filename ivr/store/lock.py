"""One writer for a store: an advisory lock that the kernel drops when its process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ivr.errors import JournalBroken, JournalLocked


class Lock:
    """A lock file beside the store, held from `take` to `drop`; it tells the holder's process id.

    `role` says what the holder is, for whoever comes second.
    The file stays when the lock is dropped: removing it would let two processes lock two files.
    """

    def __init__(self, path: Path, role: str = "is the writer of this store") -> None:
        self._path = path
        self._role = role
        self._descriptor = -1

    def take(self) -> None:
        """Raises JournalLocked when another writer has it, JournalBroken when the disk says no."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalBroken(
                f"the store's lock cannot be opened ({error.strerror})",
                place=str(self._path),
                remedy="Give the directory to the user that runs the writer.",
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise JournalLocked(
                f"process {holder} {self._role}",
                place=str(self._path),
                remedy="Stop it first (Ctrl-C where `ivr serve` runs), or set another IVR_STATE.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        self._descriptor = descriptor

    def drop(self) -> None:
        """Let the next writer in. Dropping a lock that is not held does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
