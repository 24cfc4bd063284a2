"""Secrets of sources: files that only the operator writes, one for each name.

systemd's credentials are such files. They are read when they are needed, so that a new key counts
from the next request on; nothing of them is in an exception.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from ivr.engine.answers import AnswerFault
from ivr.errors import SetupError

LONGEST = 8192
"""Bytes of a secret: what fits into a header."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets in a directory."""

    directory: Path

    def read(self, name: str) -> str:
        """The secret without the line end. Raises AnswerFault `no_secret`."""
        try:
            with (self.directory / name).open("rb") as file:
                text = file.read(LONGEST + 1).decode("ascii").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise AnswerFault("no_secret") from None
        if not text or len(text) > LONGEST or not text.isprintable():
            raise AnswerFault("no_secret")
        return text

    def examine(self, name: str) -> None:
        """Raises SetupError when the secret cannot be used, or others can read it."""
        path = self.directory / name
        remedy = "Write the secret into this file, on one line, and give it the mode 0600."
        try:
            self.read(name)
        except AnswerFault:
            sentence = f"the secret {name!r} of sources.yaml is not there, or no text"
            raise SetupError(sentence, place=str(path), remedy=remedy) from None
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SetupError("others can read this secret", place=str(path), remedy=remedy)
