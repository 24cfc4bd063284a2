"""The bytes of a spool file: a head in two slots, and frames that a torn write cannot forge.

A frame is four bytes of length, four of checksum (CRC-32), and the sealed body. The checksum covers
the number of the frame and the checksum before it, back to the random name in the head: neither a
frame of an earlier use of the file nor one behind a torn frame is ever taken for one of ours.
No files here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.errors import JournalError

SLOT = 4096
"""Bytes of a slot of the head: what a disk writes in one go."""

BEGIN = 2 * SLOT
"""Where the first frame stands."""

FRAME_HEAD = 8
MAX_BODY = 1 << 20
"""Bytes of a sealed record, as on the writer's socket."""

_MAGIC = b"satu-pintu spool 1\n"
_NAME = 16


@dataclass(frozen=True, slots=True)
class Head:
    """Which use of the file this is. The valid slot with the highest `generation` counts.

    `name` is random, `wrapped` the key of the frames, wrapped by the master key.
    """

    generation: int
    name: bytes
    wrapped: bytes

    @property
    def subject(self) -> str:
        """What the key of the frames is bound to."""
        return f"spool/{self.name.hex()}"

    @property
    def seed(self) -> int:
        """Where the chain of checksums begins."""
        return zlib.crc32(self.name)

    @property
    def slot(self) -> int:
        """Where this head stands in the file."""
        return self.generation % 2 * SLOT


def encode_head(head: Head) -> bytes:
    """A whole slot."""
    body = head.generation.to_bytes(8, "big") + head.name + head.wrapped
    raw = _MAGIC + len(body).to_bytes(4, "big") + zlib.crc32(body).to_bytes(4, "big") + body
    return raw.ljust(SLOT, b"\0")


def decode_head(raw: bytes) -> Head | None:
    """The head of a slot, None when the slot is empty, torn or of something else."""
    at = len(_MAGIC)
    length = int.from_bytes(raw[at : at + 4], "big")
    body = raw[at + 8 : at + 8 + length]
    whole = raw.startswith(_MAGIC) and length == len(body) > 8 + _NAME
    if not whole or zlib.crc32(body).to_bytes(4, "big") != raw[at + 4 : at + 8]:
        return None
    return Head(int.from_bytes(body[:8], "big"), body[8 : 8 + _NAME], body[8 + _NAME :])


def used_bytes(raw: bytes) -> int:
    """How much of a spool file counts: its head and its whole frames; 0 when it has no frame."""
    heads = [head for at in (0, SLOT) if (head := decode_head(raw[at : at + SLOT])) is not None]
    if not heads:
        return 0
    seed = max(heads, key=lambda head: head.generation).seed
    ends = [end for _, end, _ in read_frames(raw[BEGIN:], seed)]
    return BEGIN + ends[-1] if ends else 0


def encode_frame(number: int, body: bytes, before: int) -> tuple[bytes, int]:
    """A frame and its checksum, the `before` of the next. Raises JournalError when it is too long.

    Frames are numbered from 0.
    """
    if not 0 < len(body) <= MAX_BODY:
        raise JournalError(f"a record of {len(body)} bytes is too long for the spool")
    check = _check(number, body, before)
    return len(body).to_bytes(4, "big") + check.to_bytes(4, "big") + body, check


def read_frames(raw: bytes, seed: int) -> Iterator[tuple[int, int, int]]:
    """Where each whole frame's body begins in `raw` and ends, and its checksum.

    Stops before the first frame that is not whole: the end, or a torn tail.
    """
    at, before, number = 0, seed, 0
    while at + FRAME_HEAD <= len(raw):
        length = int.from_bytes(raw[at : at + 4], "big")
        check = int.from_bytes(raw[at + 4 : at + FRAME_HEAD], "big")
        begin, end = at + FRAME_HEAD, at + FRAME_HEAD + length
        if not 0 < length <= MAX_BODY or end > len(raw):
            return
        if _check(number, raw[begin:end], before) != check:
            return
        yield begin, end, check
        at, before, number = end, check, number + 1


def _check(number: int, body: bytes, before: int) -> int:
    return zlib.crc32(body, zlib.crc32(number.to_bytes(8, "big") + before.to_bytes(4, "big")))
