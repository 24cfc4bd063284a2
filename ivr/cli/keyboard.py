"""What a person types in a simulated call: single keys at a terminal, lines from anywhere else."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Protocol

import click

END = "\x04"
ESCAPE = "\x1b"
BACKSPACE = "\x7f\b"


class Keyboard(Protocol):
    """Where entries come from. `hint` says how to press keys."""

    hint: str

    def read(self) -> str | None:
        """The next entry: keys, empty for Enter alone, a letter, or `:` with a command.

        None when there will be no more.
        """


class Lines:
    """Entries from a pipe or a file, one a line."""

    hint = "0-9 * #: press keys, as many as a line has"

    def read(self) -> str | None:
        """See `Keyboard`."""
        line = sys.stdin.readline()
        return line.strip() if line else None


class Terminal:
    """A terminal that gives every key as soon as it is pressed. To be left as it was found."""

    hint = "0-9 * #: press a key, it counts at once"

    def __init__(self) -> None:
        self._file = sys.stdin.fileno()
        self._found = termios.tcgetattr(self._file)

    def __enter__(self) -> Terminal:
        tty.setcbreak(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._found)

    def read(self) -> str | None:
        """See `Keyboard`."""
        _write("> ")
        sign = self._next()
        if sign == ":":
            return self._command()
        _write("\r  \r")
        if sign == END:
            return None
        return "" if sign in "\r\n" else sign

    def _command(self) -> str | None:
        text = ":"
        _write(text)
        while (sign := self._next()) not in "\r\n":
            if sign == END:
                return None
            if sign in BACKSPACE:
                text = text[:-1]
                _write("\b \b")
                if not text:
                    _write("\r  \r")
                    return " "
            elif sign.isprintable():
                text += sign
                _write(sign)
        _write("\n")
        return text

    def _next(self) -> str:
        """One sign; the end of the input counts as Ctrl-D. Arrows and their like are no keys."""
        while (sign := self._get()) == ESCAPE:
            if select.select([self._file], [], [], 0.02)[0] and self._get() in "[O":
                while not "@" <= self._get() <= "~":
                    pass
        return sign

    def _get(self) -> str:
        return os.read(self._file, 1).decode("ascii", "replace") or END


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end a wait for the keyboard, which an event loop would only take note of."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write(text: str) -> None:
    click.echo(text, nl=False)
    sys.stdout.flush()
