"""The ports of one local Asterisk: whether they are free, and which ones are.

Loopback only. The engine's own port is not here: Asterisk connects to it.
"""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass

from ivr.errors import SetupError

HOST = "127.0.0.1"

_RTP_RANGE = range(10000, 32000, 200)
"""Below the ports that Linux gives out by itself."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one Asterisk on 127.0.0.1. Sound takes two of the RTP ports for each call."""

    sip: int = 5080
    """UDP. Not 5060, which a softphone on the same machine takes."""
    ami: int = 5038
    """TCP."""
    rtp_first: int = 10000
    rtp_last: int = 10199
    """UDP, inclusive."""


def check_ports(ports: Ports) -> None:
    """Raise `SetupError` when a port is taken or the sound ports hold no call, or too few.

    Sound needs an even port and the next one (RFC 3550 section 11). Half of the pairs must be
    free: a softphone may hold some, another Asterisk may not hold the range.
    """
    if ports.rtp_last - ports.rtp_first < 3:
        raise SetupError(
            f"RTP ports {ports.rtp_first} to {ports.rtp_last} hold no call",
            remedy="Give at least four ports: a call takes two.",
        )
    for kind, port, option in (
        (socket.SOCK_DGRAM, ports.sip, "--sip-port"),
        (socket.SOCK_STREAM, ports.ami, "--ami-port"),
    ):
        try:
            _take(kind, port).close()
        except OSError as error:
            raise SetupError(
                f"the port cannot be used: {error.strerror}",
                place=f"{'UDP' if kind == socket.SOCK_DGRAM else 'TCP'} {HOST}:{port}",
                remedy=f"Stop the program that has it, or choose another with {option}.",
            ) from error
    first = ports.rtp_first + ports.rtp_first % 2
    pairs = [range(port, port + 2) for port in range(first, ports.rtp_last, 2)]
    free = sum(map(_is_free, pairs))
    if free * 2 < len(pairs):
        raise SetupError(
            f"{len(pairs) - free} of {len(pairs)} pairs of ports for sound are in use",
            place=f"UDP {HOST}:{ports.rtp_first}-{ports.rtp_last}",
            remedy="Stop the programs that have them, or choose another range with --rtp.",
        )


def find_ports() -> Ports:
    """Ports that are free at this moment, for an Asterisk beside others.

    Raises `SetupError` when no range of sound ports is free.
    """
    with _take(socket.SOCK_DGRAM, 0) as sip, _take(socket.SOCK_STREAM, 0) as ami:
        for first in random.sample(_RTP_RANGE, len(_RTP_RANGE)):
            if _is_free(range(first, first + _RTP_RANGE.step)):
                return Ports(
                    sip.getsockname()[1],
                    ami.getsockname()[1],
                    first,
                    first + _RTP_RANGE.step - 1,
                )
    raise SetupError(
        f"no {_RTP_RANGE.step} UDP ports in a row are free",
        place=f"{HOST}:{_RTP_RANGE.start}-{_RTP_RANGE.stop}",
        remedy="Stop some of the programs that use them.",
    )


def _is_free(ports: range) -> bool:
    try:
        for port in ports:
            _take(socket.SOCK_DGRAM, port).close()
    except OSError:
        return False
    return True


def _take(kind: socket.SocketKind, port: int) -> socket.socket:
    taken = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            # Without it the port of an Asterisk that was just stopped counts as used for a minute.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, port))
    except OSError:
        taken.close()
        raise
    return taken
