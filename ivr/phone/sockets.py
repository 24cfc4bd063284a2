"""UDP sockets of the telephone: bound and connected to the loopback, never to anything else.

Connected, so the kernel drops what other senders throw at them and reports a closed far port.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Iterator

from ivr.errors import SetupError, UsageError
from ivr.phone.sdp import is_loopback

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
_TIMESPEC = struct.Struct("@ll")
_SPACE = socket.CMSG_SPACE(_TIMESPEC.size)
_LARGEST = 65535


def check_loopback(host: str, port: int = 1) -> str:
    """Return the address to use for `host`; UsageError when it is not on the loopback."""
    address = "127.0.0.1" if host == "localhost" else host
    if not is_loopback(address):
        raise UsageError(
            f"{host!r} is not on this machine; the telephone calls nobody outside it",
            remedy="give an address from 127.0.0.0/8, as 127.0.0.1",
        )
    if not 0 < port < 65536:
        raise UsageError(f"{port} is not a port; ports are 1 to 65535")
    return address


def open_udp(host: str, port: int = 0) -> socket.socket:
    """Open a non-blocking socket on a port of `host`, 0: a free one; SetupError without any."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    try:
        sock.bind((host, port))
    except OSError as fault:
        sock.close()
        place = f"{host}:{port}" if port else host
        taken = fault.errno == errno.EADDRINUSE
        remedy = "Another telephone has this port; end it, or use another port." if taken else ""
        raise SetupError(
            f"no UDP port can be opened: {fault.strerror}", place=place, remedy=remedy
        ) from fault
    return sock


def open_rtp(host: str) -> socket.socket:
    """Open a socket on an even port that stamps arrivals (RFC 3550 section 11).

    Even, so that the far end's RTCP, which goes to the port above, never meets another call.
    """
    odd: list[socket.socket] = []
    try:
        while (sock := open_udp(host)).getsockname()[1] % 2:
            odd.append(sock)
    finally:
        for other in odd:
            other.close()
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return sock


def read_stamped(sock: socket.socket) -> Iterator[tuple[bytes, float]]:
    """Give what waits in the socket with the kernel's arrival time, as `time.monotonic` counts.

    So the time is right however late the reader comes. Raises ConnectionRefusedError when the far
    port is closed; what waits behind the report is given by the next reading.
    """
    offset = time.monotonic_ns() - time.time_ns()
    while True:
        try:
            datagram, ancillary, _, _ = sock.recvmsg(_LARGEST, _SPACE)
        except BlockingIOError:
            return
        arrived = time.time_ns()
        for _, kind, data in ancillary:
            if kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                arrived = seconds * 1_000_000_000 + nanoseconds
        yield datagram, (arrived + offset) / 1e9


def read_plain(sock: socket.socket) -> Iterator[bytes]:
    """Give what waits in the socket; ConnectionRefusedError when the far port is closed."""
    while True:
        try:
            yield sock.recv(_LARGEST)
        except BlockingIOError:
            return
