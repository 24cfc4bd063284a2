"""The writer's protocol as bytes: frames of JSON behind a length, no sockets.

A frame is four bytes, the length of the body in big-endian order, and the body, one JSON object.
Requests carry an `id` that their answers repeat, so that many can be under way at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ivr.errors import (
    JournalBad,
    JournalBroken,
    JournalConflict,
    JournalError,
    JournalLocked,
    ProtocolError,
)

MAX_BODY = 1 << 20
"""Bytes of a body. A turn is limited by its leaf, a live row by the run; both stay far below."""

_HEAD = 4
_ERRORS = {
    kind.__name__: kind for kind in (JournalBad, JournalBroken, JournalConflict, JournalLocked)
}


def encode_frame(message: Mapping[str, Any]) -> bytes:
    """One frame. Raises JournalError when the message is longer than `MAX_BODY` or no JSON."""
    try:
        body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        name = type(error).__name__
        raise JournalError(f"the record cannot be sent to the writer ({name})") from None
    if len(body) > MAX_BODY:
        raise JournalError(f"a message of {len(body)} bytes is too long for the writer's socket")
    return len(body).to_bytes(_HEAD, "big") + body


class FrameReader:
    """Frames out of bytes as they come. `partial` tells whether a frame has begun."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether bytes of an unfinished frame wait for the rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The frames that are complete now. Raises ProtocolError for what cannot be a frame."""
        self._buffer += data
        frames = []
        while (body := self._take()) is not None:
            frames.append(_parse(body))
        return frames

    def _take(self) -> bytes | None:
        if len(self._buffer) < _HEAD:
            return None
        length = int.from_bytes(self._buffer[:_HEAD], "big")
        if length > MAX_BODY:
            raise ProtocolError(f"a frame of {length} bytes is not of this protocol")
        if len(self._buffer) < _HEAD + length:
            return None
        body = bytes(self._buffer[_HEAD : _HEAD + length])
        del self._buffer[: _HEAD + length]
        return body


def _parse(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise ProtocolError("a frame that is not JSON is not of this protocol") from None
    if not isinstance(message, dict):
        raise ProtocolError("a frame that is no JSON object is not of this protocol")
    return message


def error_to_plain(error: JournalError) -> dict[str, str]:
    """An exception as data."""
    return {
        "kind": type(error).__name__,
        "sentence": error.sentence,
        "place": error.place,
        "remedy": error.remedy,
    }


def error_from_plain(data: Mapping[str, str]) -> JournalError:
    """The exception again; a kind that is not known is a JournalError."""
    kind = _ERRORS.get(data["kind"], JournalError)
    return kind(data["sentence"], place=data["place"], remedy=data["remedy"])
