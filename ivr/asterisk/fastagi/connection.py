"""One TCP connection: bytes to the conversation, its events to the session.

Must not start tasks and must not know what a call does: it tells its owner that a header is
complete, or why it never will be.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol, cast

from ivr.asterisk.agi import Conversation, Ended, Event, Opened, State
from ivr.asterisk.fastagi.limits import Refusal
from ivr.asterisk.fastagi.session import AgiSession

KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
"""A dead peer is noticed within a minute, also while a command without a time limit runs."""


class Owner(Protocol):
    """What a connection tells the server."""

    def admit(self, connection: Connection) -> Refusal | None:
        """Judge a new connection; a refusal closes it."""

    def open(self, connection: Connection, opened: Opened) -> AgiSession | None:
        """Take a complete header; None closes the connection."""

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Learn that a connection did not become a call."""

    def forget(self, connection: Connection) -> None:
        """Learn that a connection has ended."""


class Connection(asyncio.Protocol):
    """The asyncio side of a connection. Runs on asyncio's loop and on uvloop alike."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self.conversation = Conversation()
        self.transport: asyncio.Transport
        self._socket: socket.socket
        self._session: AgiSession | None = None
        self._over = False

    @property
    def address(self) -> str:
        """The peer's IP address; empty when it has gone already."""
        name = self.transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def peer(self) -> str:
        """The peer's address and port, for messages."""
        name = self.transport.get_extra_info("peername")
        return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "unknown peer"

    def is_from(self, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
        """Return whether the peer is in one of the networks."""
        try:
            address = ip_address(self.address.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in networks)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the socket up and ask whether the peer may stay."""
        self.transport = cast("asyncio.Transport", transport)
        sock = self._socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
        refusal = self._owner.admit(self)
        if refusal is not None:
            self.refuse(refusal)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the conversation and its events on.

        Asterisk leaves Nagle's algorithm on: the second of two lines in a row waits until we have
        acknowledged the first, and Linux takes 40 ms for that unless it is asked each time. In
        those 40 ms Asterisk has no command.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if not self._over:
            self._pass_on(self.conversation.receive(data), Refusal.MALFORMED)

    def eof_received(self) -> bool:
        """Take the peer's end of file; the transport then closes itself."""
        self._finish()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the conversation, whatever ended the connection."""
        self._finish()
        self._owner.forget(self)

    def refuse(self, refusal: Refusal) -> None:
        """Close at once, and say why to the owner. Harmless when it is over already."""
        if not self._over:
            self._over = True
            self._owner.refuse(self, refusal)
        self.transport.abort()

    def _finish(self) -> None:
        if not self._over:
            reason = Refusal.UNFINISHED if self.conversation.started else Refusal.SILENT
            self._pass_on(self.conversation.eof(), reason)

    def _pass_on(self, events: list[Event], reason: Refusal) -> None:
        for event in events:
            if self._session is not None:
                self._session.hear(event)
            elif isinstance(event, Opened):
                self._session = self._owner.open(self, event)
            elif isinstance(event, Ended):
                self.refuse(reason)
        if self.conversation.state is State.CLOSED:
            self.transport.close()
