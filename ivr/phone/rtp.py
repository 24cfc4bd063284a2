"""Sound and keys on the wire: RTP packets (RFC 3550) and telephone events (RFC 4733).

Pure: `Outgoing` says what leaves in each 20 ms, the caller sends it. A key of n ms is n/20 packets
whose durations grow by 160 units up to the exact length; the last has the end bit and leaves three
times at once (as Asterisk does it: at 20 ms apart they would run into the next key of a 40/20
burst). Timestamps run on through sound, keys and gaps, so the rhythm is exact whatever the network.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from ivr.errors import UsageError

FRAME_MS = 20
FRAME = 160
"""Samples, and so bytes of G.711 and timestamp units, in one packet of 20 ms at 8 kHz."""

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_KEYS = {key: code for code, key in enumerate("0123456789*#ABCD")}
_VERSION = 0x80
_MARKER = 0x80
_END = 0x80
_VOLUME = 10
_LONGEST_MS = 8000  # a duration has sixteen bits (RFC 4733 2.3.5); no segments here


class Packet(NamedTuple):
    """One RTP packet; `timestamp` in units of 1/8000 s."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class KeyEvent(NamedTuple):
    """The payload of a telephone event; `duration` in timestamp units since its start."""

    code: int
    end: bool
    volume: int
    duration: int


def pack(packet: Packet) -> bytes:
    """Write a packet."""
    second = packet.payload_type | (_MARKER if packet.marker else 0)
    head = _HEADER.pack(_VERSION, second, packet.sequence, packet.timestamp, packet.ssrc)
    return head + packet.payload


def unpack(datagram: bytes) -> Packet | None:
    """Read a packet; None when it is not RTP version 2 or is cut. Extension and padding go."""
    if len(datagram) < 12 or datagram[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    start, end = 12 + 4 * (first & 0x0F), len(datagram)
    if first & 0x10:
        if end < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    if first & 0x20:
        padding = datagram[-1]
        if padding == 0:
            return None
        end -= padding
    if end < start:
        return None
    payload = datagram[start:end]
    return Packet(second & 0x7F, second >= 128, sequence, timestamp, ssrc, payload)


def unpack_event(payload: bytes) -> KeyEvent | None:
    """Read a telephone event; None when it is cut."""
    if len(payload) < 4:
        return None
    code, flags, duration = _EVENT.unpack_from(payload)
    return KeyEvent(code, flags >= _END, flags & 0x3F, duration)


def check_keys(keys: str, tone_ms: int, gap_ms: int) -> None:
    """Raise UsageError for a key that no telephone has, or a length that packets cannot carry."""
    for key in keys:
        if key not in _KEYS:
            raise UsageError(f"{key!r} is not a telephone key; the keys are 0-9, *, # and A-D")
    for name, length in (("tone", tone_ms), ("gap", gap_ms)):
        if length % FRAME_MS or not FRAME_MS <= length <= _LONGEST_MS:
            raise UsageError(
                f"a {name} of {length} ms cannot be sent: packets are 20 ms apart",
                remedy=f"give a multiple of 20 from 20 to {_LONGEST_MS}",
            )


@dataclass(frozen=True, slots=True)
class _Voice:
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Tone:
    code: int
    part: int
    parts: int


class Outgoing:
    """What one call sends: queued voice and keys, and silence when nothing is queued.

    `payload_type`, `silence` (one byte) and `events` (None: the far end takes none) follow the
    negotiated media and may change during a call.
    """

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int) -> None:
        self.payload_type = 0
        self.silence = b"\xff"
        self.events: int | None = None
        self.sent_frames = 0
        self._ssrc = ssrc
        self._sequence = sequence & 0xFFFF
        self._timestamp = timestamp & 0xFFFFFFFF
        self._began = 0
        self._marker = True
        self._queue: deque[_Voice | _Tone | None] = deque()

    @property
    def queued_frames(self) -> int:
        """How many frames of 20 ms wait to be sent."""
        return len(self._queue)

    def press(self, key: str, tone_ms: int, gap_ms: int) -> range:
        """Queue one key and the gap after it; gives the numbers of the frames of its tone.

        Raises UsageError as `check_keys` does.
        """
        check_keys(key, tone_ms, gap_ms)
        parts = tone_ms // FRAME_MS
        first = self.sent_frames + len(self._queue)
        self._queue.extend(_Tone(_KEYS[key], part, parts) for part in range(1, parts + 1))
        self._queue.extend([None] * (gap_ms // FRAME_MS))
        return range(first, first + parts)

    def speak(self, payload: bytes) -> range:
        """Queue G.711 bytes, the last frame filled up with silence; gives the frame numbers."""
        first = self.sent_frames + len(self._queue)
        for start in range(0, len(payload), FRAME):
            piece = payload[start : start + FRAME]
            self._queue.append(_Voice(piece.ljust(FRAME, self.silence)))
        return range(first, self.sent_frames + len(self._queue))

    def drop(self) -> None:
        """Forget what is queued; a key that has begun is sent to its end."""
        kept: list[_Voice | _Tone | None] = []
        for item in self._queue:
            if not isinstance(item, _Tone) or item.part == 1:
                break
            kept.append(item)
        self._queue = deque(kept)

    def tick(self) -> list[bytes]:
        """Give the packets of the next 20 ms, in the order in which they must leave."""
        item = self._queue.popleft() if self._queue else None
        if isinstance(item, _Tone):
            packets = self._sound_key(item)
        else:
            payload = item.payload if item else self.silence * FRAME
            packets = [self._pack(self.payload_type, self._marker, self._timestamp, payload)]
            self._marker = False
        self.sent_frames += 1
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        return packets

    def _sound_key(self, tone: _Tone) -> list[bytes]:
        if tone.part == 1:
            self._began = self._timestamp
        last = tone.part == tone.parts
        flags = _VOLUME | (_END if last else 0)
        payload = _EVENT.pack(tone.code, flags, tone.part * FRAME)
        events = self.events if self.events is not None else self.payload_type
        return [
            self._pack(events, tone.part == 1 and copy == 0, self._began, payload)
            for copy in range(3 if last else 1)
        ]

    def _pack(self, kind: int, marker: bool, timestamp: int, payload: bytes) -> bytes:
        second = kind | _MARKER if marker else kind
        head = _HEADER.pack(_VERSION, second, self._sequence, timestamp, self._ssrc)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload
