"""Events of a message: recorded, heard again, thrown back, kept, and given a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.engine.values import Personal


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """A take of the caller's message is on disk."""

    flow: str
    node: str
    recording: str
    length: int
    size: int
    sha256: str
    ended: str
    type: Literal["message.recorded"] = "message.recorded"


@dataclass(frozen=True, slots=True)
class MessagePlayed:
    """The caller heard a take again, `heard` milliseconds of it; `sha256` is that of the file."""

    flow: str
    node: str
    recording: str
    sha256: str
    heard: int
    interrupted: bool
    type: Literal["message.played"] = "message.played"


@dataclass(frozen=True, slots=True)
class MessageRejected:
    """The caller spoke again: this earlier take is no message. Its file stays."""

    flow: str
    node: str
    recording: str
    type: Literal["message.rejected"] = "message.rejected"


@dataclass(frozen=True, slots=True)
class MessageKept:
    """The review is over and this take is the message.

    `how` is what ended the review: `key` (the caller said so), `silence`, `wrong_key`, `universal`
    (a key that means the same everywhere), `hangup`, `limit` (of the call), `fault` (of ours).
    """

    flow: str
    node: str
    recording: str
    sha256: str
    how: str
    type: Literal["message.kept"] = "message.kept"


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A message got its case number."""

    flow: str
    node: str
    kind: str
    number: Personal
    type: Literal["case.opened"] = "case.opened"
