"""What the FastAGI server allows a peer, and what it counts. Plain data, no behaviour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Refusal(StrEnum):
    """Why a connection did not become a call."""

    PEER = "peer not allowed"
    FULL = "too many calls"
    RATE = "too many new calls at once"
    SILENT = "closed without a byte"
    UNFINISHED = "closed within the header"
    MALFORMED = "not AGI"
    SLOW = "header took too long"


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one server. Sizes of headers and replies are in `ivr.asterisk.agi`."""

    peers: tuple[IPv4Network | IPv6Network, ...] = LOOPBACK
    """Who may connect: AGI has neither a password nor encryption."""
    calls: int = 2000
    """Calls at the same time; a further one is closed at once, so that its dialplan goes on."""
    waiting: int = 256
    """Connections whose header has not come; a further one pushes out the oldest."""
    header_seconds: float = 5.0
    calls_per_second: float = 200.0
    """Handlers started in a second; what comes faster waits its turn."""
    burst: int = 50
    """Handlers that may start at once after a quiet time."""
    turn_seconds: float = 2.0
    """The longest wait for that turn; a call that would wait longer is closed."""
    patience: tuple[float, ...] = (0.02, 0.05, 0.15, 0.5, 1.0, 2.0)
    """Seconds to wait for the answer to each sync in a row; after the last, the call is lost."""
    backlog: int = 1024
    """Connections that the kernel holds for us. One too many is retried by its peer after 1 s."""


@dataclass(slots=True)
class Stats:
    """Counts since the start. Public data only."""

    accepted: int = 0
    served: int = 0
    """Calls whose handler was started."""
    live: int = 0
    lost: int = 0
    """Calls whose connection broke without a hangup; the dialplan asks an engine again."""
    failed: int = 0
    """Handlers that ended with an exception other than ChannelClosed and ChannelLost."""
    strays: int = 0
    """Lines from Asterisk that answered nothing."""
    pokes: int = 0
    """Syncs that had to be repeated."""
    refused: Counter[Refusal] = field(default_factory=Counter)
