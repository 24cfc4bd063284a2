"""Who types a command, as the history of publications and the journal name him."""

from __future__ import annotations

import getpass
import os


def find_account() -> str:
    """The account of this machine; with sudo, of whoever called it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
