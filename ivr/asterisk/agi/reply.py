"""Replies: lines from Asterisk become events, however they are cut into pieces.

A reply is `200 result=X[ (text)][ endpos=N]`, where the text may hold anything, line feeds and
parentheses too; `520-` opens a block of usage that ends with `520 `; `HANGUP` is no reply. The
reader knows no commands, with one exception: a *fence*, the literal that GET FULL VARIABLE gives
back, is found in any state, so that a conversation that has lost its step can find it again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ivr.asterisk.agi.command import Command, build, variable
from ivr.asterisk.agi.text import decode

MAX_REPLY_BYTES: Final = 64 * 1024

_RESULT: Final = re.compile(
    rb"200 result=(?P<result>[^ \n]*)(?: \((?P<text>.*)\))?"
    rb"(?: endpos=(?P<endpos>-?\d{1,18}))?\s*\Z",
    re.DOTALL,
)
_OPEN: Final = re.compile(rb"200 result=[^ \n]* \(")
_CLOSE: Final = re.compile(rb"\)(?: endpos=-?\d{1,18})?\s*\Z")
_ERROR: Final = re.compile(rb"(?P<code>503|510|511|520)(?: result=(?P<result>-?\d+))?(?: |\Z)")
_FENCE_HEAD: Final = b"200 result=1 ("
_NONCE: Final = re.compile(r"[0-9A-Za-z]{8,64}\Z")


@dataclass(frozen=True, slots=True)
class Reply:
    """What Asterisk answered to one command. Values stay out of `repr()`: they may be secret."""

    code: int
    """200; 503 (subroutine failed), 510 (no such command), 511 (not after hangup), 520 (usage)."""
    result: str = field(default="", repr=False)
    text: str | None = field(default=None, repr=False)
    """What stood in parentheses; None without them."""
    endpos: int | None = None
    """Samples played or recorded; None when the command does not say."""
    usage: str | None = None
    """Asterisk's explanation with code 520."""


@dataclass(frozen=True, slots=True)
class HangupNotice:
    """The line HANGUP: the caller is gone, or the AGI session ends. It answers nothing."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Code 100: a subroutine has begun, and the reply proper follows."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no part of AGI was skipped."""

    reason: str


@dataclass(frozen=True, slots=True)
class FenceReply:
    """The answer to a `Sync`."""

    nonce: str
    values: tuple[str, ...] = field(repr=False)
    """One for each variable; empty for one that is unset."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """A reply is longer than MAX_REPLY_BYTES: the peer cannot be followed any more."""


ReaderEvent = Reply | Trying | HangupNotice | BadLine | FenceReply | TooLong


@dataclass(frozen=True, slots=True)
class Sync:
    """GET FULL VARIABLE of a literal that nobody can guess, with variables fenced in between.

    Everything before its answer belongs to an older command. Asterisk expands the variables, but
    not what stands in them, so each value arrives whole: line feeds, parentheses and all.

    Raises ValueError when `nonce` is not 8 to 64 letters and digits, or a name is not a variable's.
    """

    nonce: str
    variables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NONCE.match(self.nonce):
            raise ValueError("nonce has the wrong form")
        for name in self.variables:
            variable(name)

    @property
    def mark(self) -> bytes:
        """The literal that stands before, between and after the values."""
        return b"|" + self.nonce.encode() + b"|"

    @property
    def command(self) -> Command:
        """The line to send. It interrupts what may be interrupted, and works after a hangup."""
        mark = self.mark.decode()
        expression = mark + "".join(f"${{{name}}}{mark}" for name in self.variables)
        return build("GET FULL VARIABLE", expression, after_hangup=True)


class _Block(Enum):
    TEXT = "a text over several lines"
    USAGE = "an explanation of usage"
    FENCE = "the answer to a sync"


class ReplyReader:
    """Bytes → events. `expect()` tells it which fences to look for."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._size = 0
        self._block: _Block | None = None
        self._fences: list[Sync] = []

    def expect(self, sync: Sync) -> None:
        """Look for the answer to this one from now on."""
        self._fences.append(sync)

    def feed(self, data: bytes) -> list[ReaderEvent]:
        """Take more bytes and return what they complete. After TooLong it is of no use."""
        events: list[ReaderEvent] = []
        start = len(self._buffer)
        self._buffer += data
        while (end := self._buffer.find(b"\n", start)) >= 0:
            if self._size + end > MAX_REPLY_BYTES:
                break
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            start = 0
            self._take(line, events)
        if self._size + len(self._buffer) > MAX_REPLY_BYTES:
            events.append(TooLong())
        return events

    def _take(self, line: bytes, events: list[ReaderEvent]) -> None:
        if self._fences and self._opens_fence(line):
            if self._block is not None:
                events.append(BadLine("a reply was not finished"))
            self._open(_Block.FENCE)
        event = self._add(line, self._block) if self._block else self._begin(line)
        if event is not None:
            self._open(None)
            events.append(event)

    def _open(self, block: _Block | None) -> None:
        if self._lines:
            self._lines.clear()
            self._size = 0
        self._block = block

    def _opens_fence(self, line: bytes) -> bool:
        return any(line.startswith(_FENCE_HEAD + sync.mark) for sync in self._fences)

    def _begin(self, line: bytes) -> ReaderEvent | None:
        """Return the event that a line is, or None when it opens a block."""
        bare = line.rstrip(b"\r")
        reply = _result(bare)
        if reply is not None:
            return reply
        if bare == b"HANGUP":
            return HangupNotice()
        if bare.startswith(b"100 "):
            return Trying()
        if bare.startswith(b"520-"):
            return self._add(line, _Block.USAGE)
        if _OPEN.match(bare):
            return self._add(line, _Block.TEXT)
        return _error(bare) or BadLine("a line is not a reply")

    def _add(self, line: bytes, block: _Block) -> ReaderEvent | None:
        """Add a line to a block; return the event once it is complete."""
        self._block = block
        self._lines.append(line)
        self._size += len(line) + 1
        match block:
            case _Block.TEXT:
                return _result(b"\n".join(self._lines)) if _CLOSE.search(line) else None
            case _Block.USAGE:
                if not line.startswith(b"520 "):
                    return None
                return Reply(520, usage=decode(b"\n".join(self._lines)))
            case _Block.FENCE:
                return self._fence(line.rstrip(b"\r"))

    def _fence(self, last: bytes) -> FenceReply | None:
        for number, sync in enumerate(self._fences):
            if not last.endswith(sync.mark + b")"):
                continue
            parts = b"\n".join([*self._lines[:-1], last])[:-1].split(sync.mark)
            if parts[0] == _FENCE_HEAD and len(parts) == len(sync.variables) + 2:
                del self._fences[: number + 1]
                return FenceReply(sync.nonce, tuple(decode(value) for value in parts[1:-1]))
        return None


def _result(whole: bytes) -> Reply | None:
    match = _RESULT.match(whole)
    if match is None:
        return None
    text, endpos = match["text"], match["endpos"]
    return Reply(
        200,
        result=decode(match["result"]),
        text=None if text is None else decode(text),
        endpos=None if endpos is None else int(endpos),
    )


def _error(line: bytes) -> Reply | None:
    match = _ERROR.match(line)
    if match is None:
        return None
    code = int(match["code"])
    usage = decode(line) if code == 520 else None
    return Reply(code, result=(match["result"] or b"").decode(), usage=usage)
