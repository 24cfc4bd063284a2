"""A telephone that is called: it rings, and whoever sits there answers, refuses or lets it ring.

    async with DeskPhone() as desk:
        call = await desk.rings()
        talk = await call.answer()
        await talk.hangup()

For `ivr officer` and the officers of the tests. It reads nothing that does not come from the
loopback.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from contextlib import suppress
from typing import Self

from ivr.errors import ChannelClosed, ChannelError
from ivr.phone import sip
from ivr.phone.call import Call
from ivr.phone.dialog import ALLOW, Ending
from ivr.phone.incoming import IncomingDialog
from ivr.phone.pacer import Pacer
from ivr.phone.sdp import Local, is_loopback
from ivr.phone.session import Session
from ivr.phone.sockets import check_loopback, open_rtp, open_udp
from ivr.phone.transactions import T1

_LARGEST = 65535
_EVENTS = 101
_FAREWELL_IN_T1 = 4


class DeskPhone:
    """A telephone at a port of `bind`, 0: a free one. Leaving the context hangs up.

    `sequence` is where the numbers of its RTP packets begin, None: anywhere.
    """

    def __init__(
        self, bind: str = "127.0.0.1", port: int = 0, *, sequence: int | None = None, t1: float = T1
    ) -> None:
        self._host = check_loopback(bind)
        self._sequence = sequence
        self._t1 = t1
        self._pacer = Pacer()
        self._sessions: dict[str, Session] = {}
        self._ringing: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self._socket: socket.socket = open_udp(self._host, port)
        self.port: int = self._socket.getsockname()[1]

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        overs = {session.over for session in self._sessions.values()}
        for session in self._sessions.values():
            session.hang_up()
        try:
            if overs:
                await asyncio.wait(overs, timeout=_FAREWELL_IN_T1 * self._t1)
        finally:
            for session in self._sessions.values():
                session.abandon()
            self._pacer.stop()
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    async def rings(self, within: float | None = 10.0) -> IncomingCall:
        """Wait for the next call. Raises ChannelError when none comes in time; None: wait on."""
        try:
            async with asyncio.timeout(within):
                return await self._ringing.get()
        except TimeoutError as late:
            raise ChannelError(f"nobody called within {within} s") from late

    def _read(self) -> None:
        while True:
            try:
                datagram, (host, port) = self._socket.recvfrom(_LARGEST)
            except (BlockingIOError, ConnectionRefusedError):
                return
            message = sip.parse(datagram) if is_loopback(host) else None
            if message is not None:
                self._take(message, (host, port))

    def _take(self, message: sip.Request | sip.Response, source: tuple[str, int]) -> None:
        if session := self._sessions.get(message.call_id):
            session.receive(message)
        elif isinstance(message, sip.Request) and message.method == "INVITE":
            self._ring(message, source)
        elif isinstance(message, sip.Request) and message.method != "ACK":
            known = message.method == "OPTIONS"
            status, reason = (200, "OK") if known else (481, "Call/Transaction Does Not Exist")
            more = (("allow", ALLOW),)
            answer = sip.reply(message, status, reason, tag=secrets.token_hex(8), more=more)
            self._socket.sendto(answer.encode(), source)

    def _ring(self, invite: sip.Request, source: tuple[str, int]) -> None:
        rtp_socket = open_rtp(self._host)
        local = Local(self._host, rtp_socket.getsockname()[1], _EVENTS, secrets.randbits(31))
        contact, tag = f"{self._host}:{self.port}", secrets.token_hex(8)
        dialog = IncomingDialog(invite, local, contact, tag, lambda: secrets.token_hex(8), self._t1)
        session = Session(
            dialog,
            rtp_socket,
            lambda datagram: self._send(datagram, source),
            sequence=self._sequence,
        )
        self._sessions[invite.call_id] = session
        self._pacer.add(session)
        session.over.add_done_callback(lambda _: self._pacer.discard(session))
        session.start()
        self._ringing.put_nowait(IncomingCall(dialog, session))

    def _send(self, datagram: bytes, source: tuple[str, int]) -> None:
        with suppress(OSError):  # closed, or no room in the kernel: as a lost packet
            self._socket.sendto(datagram, source)


class IncomingCall:
    """A call that rings. Made by `DeskPhone.rings`."""

    def __init__(self, dialog: IncomingDialog, session: Session) -> None:
        self._dialog = dialog
        self._session = session

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the INVITE, names in lower case."""
        return dict(self._dialog.invite.headers)

    async def answer(self) -> Call:
        """Pick up. Raises ChannelClosed when the caller has given up."""
        self._session.act(self._dialog.answer())
        if self._session.over.done():
            raise ChannelClosed(f"the call is over: {self._session.over.result().reason}")
        return Call("incoming", self._session)

    def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Do not pick up."""
        self._session.act(self._dialog.refuse(status, reason))

    async def gave_up(self, within: float = 10.0) -> Ending:
        """Wait until the caller gives up. Raises ChannelError when that takes too long."""
        return await Call("incoming", self._session).ended(within)
