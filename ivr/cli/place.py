"""What must be true of the settings before anything runs on them: paths, address, who may read.

Told before the first prompt is rendered, not by the first call.
"""

from __future__ import annotations

import os
import re
import socket

from ivr.config import Settings
from ivr.errors import SetupError
from ivr.sounds import last_words

_TOLD = re.compile(r"[A-Za-z0-9_./-]+")
"""Paths that an AGI command, the dialplan and Asterisk's applications all read as they stand."""


def prepare_place(settings: Settings) -> None:
    """Refuse settings with which no call could be served; shut what is there to other users.

    Raises SetupError: a path that Asterisk cannot be told, a host that has no address; OSError for
    a directory that cannot be made.
    """
    _check_paths(settings)
    _check_host(settings)
    for path in (settings.state, settings.recorded):
        path.mkdir(parents=True, exist_ok=True)
    _shut(settings)


def _check_paths(settings: Settings) -> None:
    for name, path in (("IVR_STATE", settings.state), ("IVR_RECORDINGS", settings.recorded)):
        if not _TOLD.fullmatch(str(path)):
            raise SetupError(
                f"Asterisk cannot be told the path {str(path)!r}",
                place=name,
                remedy=f"Set {name} to a path of the characters A-Z a-z 0-9 _ . / - alone: no "
                "space, no comma, no parenthesis, no accent.",
            )


def _check_host(settings: Settings) -> None:
    try:
        socket.getaddrinfo(settings.agi_host, settings.agi_port)
    except (OSError, UnicodeError) as error:
        raise SetupError(
            f"the host {settings.agi_host!r} has no address",
            place="IVR_AGI_HOST",
            remedy="Set it to an address or a name of this machine, or unset it for 127.0.0.1.",
        ) from error


def _shut(settings: Settings) -> None:
    """Take the rights of others from directories that an earlier umask left open.

    Only what is made here and is this user's own: the state may lie in a directory of others.
    """
    made = (settings.store, settings.key_file.parent, settings.sounds, settings.scratch)
    for path in (*made, settings.shelf, settings.recorded, last_words(settings), settings.pbx):
        if path.is_dir() and path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode & 0o7770)
