"""The flow directory while somebody works in it: every state in which it is still, and no other.

A state counts when the bytes of all files are the same for `STILL` and nobody has one of them open
for writing. So half of a file never counts, however slowly it is written; what is incomplete in
another way is for the checker.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch

from ivr.flow.faults import Fault
from ivr.flow.loader import read_directory

_log = logging.getLogger(__name__)
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change

STILL = 0.2
"""Seconds."""

LOOK_ANYWAY = 1000
"""Milliseconds after which it is looked at without a word from the kernel: a directory on another
machine, or one that was replaced, tells nothing."""


@dataclass(frozen=True)
class State:
    """The bytes of every file by its name, and those that could not be read."""

    files: Mapping[str, bytes]
    unread: Sequence[Fault]


async def follow_directory(path: Path) -> AsyncIterator[State]:
    """The directory as it is now, and again after each change."""
    seen: State | None = None
    async for _ in _changes(path):
        state = await _settle(path)
        if state != seen:
            seen = state
            yield state


async def _changes(path: Path) -> AsyncIterator[None]:
    """At once, whenever something may have changed, and at the latest after `LOOK_ANYWAY`."""
    while True:
        yield
        watched = _identity(path)
        if watched is None:
            await asyncio.sleep(STILL)
            continue
        try:
            async with aclosing(_hear(path)) as heard:
                async for _ in heard:
                    yield
                    if _identity(path) != watched:
                        break
        except (OSError, RuntimeError) as error:
            _log.warning("%s is looked at once a second: %s", path, error)
            await asyncio.sleep(LOOK_ANYWAY / 1000)


async def _hear(path: Path) -> AsyncGenerator[object, None]:
    async for changes in awatch(
        path,
        watch_filter=None,
        debounce=200,
        step=20,
        rust_timeout=LOOK_ANYWAY,
        yield_on_timeout=True,
    ):
        yield changes


async def _settle(path: Path) -> State:
    before = await asyncio.to_thread(_read, path)
    while True:
        await asyncio.sleep(STILL)
        now = await asyncio.to_thread(_read, path)
        if now == before and not await asyncio.to_thread(_is_being_written, path, now.files):
            return now
        before = now


def _read(path: Path) -> State:
    return State(*read_directory(path))


def _is_being_written(path: Path, names: Mapping[str, bytes]) -> bool:
    return any(has_writer(path / name) for name in names)


def has_writer(path: Path) -> bool:
    """Whether somebody has the file open for writing; False too where the kernel cannot tell.

    A read lease is refused then (fcntl(2), F_SETLEASE). It is given back at once; should somebody
    open the file in between, the signal of it is one that does nothing.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
