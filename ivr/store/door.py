"""The writer's socket file: made for its owner only, and never taken from a writer that lives."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from ivr.errors import JournalLocked, SetupError


def open_door(path: Path) -> socket.socket:
    """A listening Unix socket at `path`, mode 0600; what a dead writer left there is replaced.

    Raises JournalLocked when somebody answers there, SetupError when the place is taken by another
    kind of file or cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_stale(path)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Linux gives the file the mode of the socket, so it is never open to others.
            os.fchmod(door.fileno(), 0o600)
            door.bind(str(path))
            door.listen(64)
            door.setblocking(False)
        except BaseException:
            door.close()
            raise
    except OSError as error:
        raise SetupError(
            f"the writer's socket cannot be made ({error.strerror or error})",
            place=str(path),
            remedy="Name a directory of the user that runs the writer, its path below 90 bytes.",
        ) from None
    return door


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SetupError(
            "this is no socket, so it is not replaced",
            place=str(path),
            remedy="Move the file away or name another directory for the writer's socket.",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:
            pass
    raise JournalLocked(
        "a writer answers at this socket",
        place=str(path),
        remedy="Use that writer, or stop it first.",
    )
