"""Our requests on the wire until they are answered: retransmission (RFC 3261 sections 17.1, 9.1).

Pure: the time is a parameter, the caller sends what is returned. Knows nothing of a call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ivr.phone.sip import Request, Response

T1 = 0.5
"""Seconds: the first retransmission interval, an estimate of the round trip (17.1.1.1)."""

_T2_IN_T1 = 8
_PATIENCE_IN_T1 = 64


@dataclass(slots=True)
class _Open:
    request: Request
    datagram: bytes
    interval: float
    again: float
    until: float


class Transactions:
    """The requests of one call that have no final response yet, at most one of a method."""

    def __init__(self, t1: float = T1) -> None:
        self._t1 = t1
        self._open: dict[str, _Open] = {}

    def begin(self, request: Request, at: float) -> bytes:
        """Note a request as sent at `at`; returns its datagram."""
        until = at + _PATIENCE_IN_T1 * self._t1
        datagram = request.encode()
        self._open[request.method] = _Open(request, datagram, self._t1, at + self._t1, until)
        return datagram

    def receive(self, response: Response, at: float) -> Request | None:
        """Give the request that a response answers; None for one that answers nothing open.

        A provisional response stops an INVITE's retransmission and its time limit; other requests
        go on at the slowest pace. A final one closes the transaction.
        """
        open_ = self._open.get(response.cseq[1])
        if open_ is None or open_.request.branch != response.branch:
            return None
        if response.status >= 200:
            del self._open[open_.request.method]
        elif open_.request.method == "INVITE":
            open_.again = open_.until = math.inf
        else:
            open_.interval = _T2_IN_T1 * self._t1
            open_.again = at + open_.interval
        return open_.request

    def limit(self, method: str, at: float) -> None:
        """Give an open request 64 T1 from `at`: a cancelled INVITE that is not answered (9.1)."""
        if open_ := self._open.get(method):
            open_.until = min(open_.until, at + _PATIENCE_IN_T1 * self._t1)

    def clear(self) -> None:
        """Forget every open request: nobody is there to answer."""
        self._open.clear()

    def find(self, method: str) -> Request | None:
        """Give the open request of a method, None when there is none."""
        open_ = self._open.get(method)
        return open_.request if open_ else None

    @property
    def alarm(self) -> float | None:
        """When `wake` has something to do; None while there is nothing to wait for."""
        moments = [min(open_.again, open_.until) for open_ in self._open.values()]
        soonest = min(moments, default=math.inf)
        return None if soonest == math.inf else soonest

    def wake(self, at: float) -> tuple[list[bytes], list[str]]:
        """Return what has to be sent again, and the methods of the requests given up."""
        lost = [method for method, open_ in self._open.items() if open_.until <= at]
        for method in lost:
            del self._open[method]
        return [self._repeat(open_, at) for open_ in self._open.values() if open_.again <= at], lost

    def _repeat(self, open_: _Open, at: float) -> bytes:
        open_.interval *= 2
        if open_.request.method != "INVITE":
            open_.interval = min(open_.interval, _T2_IN_T1 * self._t1)
        open_.again = at + open_.interval
        return open_.datagram
