"""FastAGI over TCP: the server, and one session a call. Bytes are in `ivr.asterisk.agi`."""

from __future__ import annotations

from ivr.asterisk.fastagi.limits import Limits, Refusal, Stats
from ivr.asterisk.fastagi.listening import Interruption, Listening, Order, Then
from ivr.asterisk.fastagi.server import FastAgiServer, Handler, serve
from ivr.asterisk.fastagi.session import AgiSession

__all__ = [
    "AgiSession",
    "FastAgiServer",
    "Handler",
    "Interruption",
    "Limits",
    "Listening",
    "Order",
    "Refusal",
    "Stats",
    "Then",
    "serve",
]
