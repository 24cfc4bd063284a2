"""Files that last: written whole, flushed, and their names flushed too. Every function blocks."""

from __future__ import annotations

import os
from pathlib import Path


def fill(descriptor: int, size: int, at: int = 0) -> None:
    """Zeros from a place on, so that every block is there: a later write needs no room."""
    block = bytes(1 << 20)
    while at < size:
        at += os.pwrite(descriptor, block[: size - at], at)


def write_at(descriptor: int, data: bytes, at: int) -> None:
    """All of the data at a place of the file."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


def sync_file(path: Path) -> None:
    """Flush a file that somebody wrote; it may be read-only."""
    _sync(path)


def sync_directory(path: Path) -> None:
    """Make the names in a directory last."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
