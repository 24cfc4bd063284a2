"""What the far end sent, put back in time (RFC 3550 section 6.4.1, appendix A.8).

Positions are seconds since the call was dialled. A sender's timestamps are exact within a stretch
of sound but not from one to the next (Asterisk hides a pause of less than 80 ms, and one of its
sounds starts up to 20 ms off the rhythm of the one before), and on a busy machine packets arrive
late. So a packet lies at its timestamp plus the larger of two least delays: that of the eight
packets up to it and that of the eight from it on. This keeps steps and drops late packets, up to
seven in a row. Sound that is then within 5 ms of what was before is joined to it.
Pure: no socket, no clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivr.phone import g711
from ivr.phone.rtp import Packet

_WINDOW = 8
_SLIP = 40  # samples, 5 ms: the grain of a busy scheduler
_LOUD = 6  # mean amplitude in steps of 32: about -45 dBFS


class _Frame(NamedTuple):
    arrived: float
    law: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class Heard:
    """All sound that arrived in one call."""

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._loud: list[float] = []
        self._quiet_since = 0.0

    def add(self, packet: Packet, arrived: float) -> None:
        """Take a packet that arrived at `arrived`; one that is not G.711 is dropped."""
        law = packet.payload_type
        if law not in g711.SIZES or not packet.payload:
            return
        number, stamp, ssrc, payload = packet[2:6]
        self._frames.append(_Frame(arrived, law, number, stamp, ssrc, payload))
        if sum(payload.translate(g711.SIZES[law])) > _LOUD * len(payload):
            self._loud.append(arrived)
            self._quiet_since = arrived + len(payload) / g711.RATE

    @property
    def quiet_since(self) -> float:
        """The end of the last audible packet; 0 while nothing audible has arrived."""
        return self._quiet_since

    def find_sound(self, since: float, packets: int) -> float | None:
        """Give the arrival of the first of `packets` audible packets after `since`, else None."""
        first = bisect_left(self._loud, since)
        return self._loud[first] if len(self._loud) - first >= packets else None

    def measure_sound(self, since: float) -> float:
        """Give the seconds of audible packets of 20 ms that arrived after `since`."""
        return (len(self._loud) - bisect_left(self._loud, since)) * 0.02

    def render(self, until: float) -> g711.Samples:
        """Give the sound from dialling to `until` seconds, 8 kHz mono, silence where none came."""
        size = max(0, round(until * g711.RATE))
        sound: g711.Samples = np.zeros(size, np.int16)
        for position, frame in self._place():
            samples = g711.decode(frame.law, frame.payload)[max(0, -position) :]
            start = max(0, position)
            room = sound[start : start + len(samples)]
            room[:] = samples[: len(room)]
        return sound

    def _place(self) -> Iterator[tuple[int, _Frame]]:
        for _, stream in groupby(self._frames, key=lambda frame: frame.ssrc):
            yield from _place_stream(list(stream))


def _place_stream(frames: list[_Frame]) -> Iterator[tuple[int, _Frame]]:
    stamps = np.array([frame.timestamp for frame in frames], np.int64)
    steps = (np.diff(stamps) + 0x80000000) % 0x100000000 - 0x80000000
    units = np.concatenate([[0], np.cumsum(steps)])
    order = np.argsort(units, kind="stable")
    delays = np.array([frame.arrived for frame in frames]) - units / g711.RATE
    usual = _steady(delays[order])
    wanted = np.round(usual * g711.RATE).astype(np.int64) + units[order]
    end = 0
    for index, position in zip(order.tolist(), wanted.tolist(), strict=True):
        start = end if abs(position - end) <= _SLIP else position
        end = start + len(frames[index].payload)
        yield start, frames[index]


def _steady(delays: NDArray[np.float64]) -> NDArray[np.float64]:
    size = min(_WINDOW, len(delays))
    least = sliding_window_view(delays, size).min(axis=1)
    here = np.arange(len(delays))
    from_here = least[np.minimum(here, len(delays) - size)]
    up_to_here = least[np.maximum(here - size + 1, 0)]
    steady: NDArray[np.float64] = np.maximum(from_here, up_to_here)
    return steady
