"""The process of an instance: whether it lives, and how it is ended.

A process is known by the pid file of its directory and by its own arguments, never by its name:
another Asterisk on this machine is not ours to touch.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def main_conf(directory: Path) -> Path:
    """The file that an Asterisk of this directory was given, by which it is recognised."""
    return directory / "etc" / "asterisk.conf"


def read_pid(directory: Path) -> int | None:
    """The process of the instance in this directory; None when it is not running.

    A pid file that outlived its process is recognised: the process must name this directory.
    """
    try:
        pid = int((directory / "run" / "asterisk.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if _lives(pid, directory) else None


def _lives(pid: int, directory: Path) -> bool:
    """Whether the process is this directory's and has not ended."""
    process = Path(f"/proc/{pid}")
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        # A zombie that still has threads still has its ports.
        zombie = (process / "stat").read_text().rpartition(") ")[2].startswith("Z")
        gone = zombie and len(list((process / "task").iterdir())) < 2
    except OSError:
        return False
    # A process that is being ended has no arguments any more.
    ours = arguments == [b""] or os.fsencode(main_conf(directory)) in arguments
    return ours and not gone


def end_process(directory: Path, timeout: float) -> None:
    """End the process: SIGTERM, after `timeout` seconds SIGKILL; back when it is gone.

    SIGTERM is to Asterisk what `core stop now` is (main/asterisk.c), without a console in between.
    Asterisk removes its pid file before it has ended, so the process itself is waited for.
    """
    pid = read_pid(directory)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _wait_gone(pid, directory, timeout):
            return


def kill_processes(directory: Path) -> None:
    """Kill all that was started with this directory's configuration; back when it is gone.

    For a start that was given up: between its first fork and its pid file an Asterisk is known by
    its arguments alone.
    """
    while pids := _list_processes(directory):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    (directory / "run" / "asterisk.pid").unlink(missing_ok=True)


def _list_processes(directory: Path) -> list[int]:
    option = b"\0-C\0" + os.fsencode(main_conf(directory)) + b"\0"
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if option in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def _wait_gone(pid: int, directory: Path, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while _lives(pid, directory):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True
