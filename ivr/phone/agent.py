"""The telephone: one SIP socket for each Asterisk that it calls, one timer for all its calls.

    async with Phone() as phone:
        call = await phone.dial("1500", "127.0.0.1", 5060, caller="+62215550100")
        await call.answered()
        await call.press("1")

It only places calls (no registration, no password, no incoming call) and only on the loopback.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from typing import Self

from ivr.errors import UsageError
from ivr.phone import sip
from ivr.phone.call import Call
from ivr.phone.dialog import ALLOW, Dialog, Identity
from ivr.phone.pacer import Pacer
from ivr.phone.sdp import Local
from ivr.phone.session import Session
from ivr.phone.sockets import check_loopback, open_rtp, open_udp, read_plain
from ivr.phone.transactions import T1

_NUMBER = re.compile(r"\+?[0-9A-Za-z*#._-]{1,64}")
_LINGER_IN_T1 = 64
_FAREWELL_IN_T1 = 4


class Phone:
    """A telephone for any number of calls at once. Leaving the context hangs all of them up.

    `bind` is the loopback address that it calls from (Asterisk identifies endpoints by it),
    `events` the RTP payload type offered for keys (None: no keys in RTP), `t1` the SIP timer in
    seconds.
    """

    def __init__(
        self, bind: str = "127.0.0.1", *, events: int | None = 101, t1: float = T1
    ) -> None:
        self._host = check_loopback(bind)
        if events is not None and not 96 <= events <= 127:
            raise UsageError(f"{events} is no dynamic payload type; those are 96 to 127")
        self._events = events
        self._t1 = t1
        self._pacer = Pacer()
        self._lines: dict[tuple[str, int], _Line] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        sessions = [one for line in self._lines.values() for one in line.sessions.values()]
        for session in sessions:
            session.hang_up()
        try:
            if sessions:
                overs = {session.over for session in sessions}
                await asyncio.wait(overs, timeout=_FAREWELL_IN_T1 * self._t1)
        finally:
            for session in sessions:
                session.abandon()
            self._pacer.stop()
            for line in self._lines.values():
                line.close()
            self._lines.clear()

    async def dial(
        self,
        number: str,
        host: str = "127.0.0.1",
        port: int = 5060,
        *,
        caller: str | None = None,
    ) -> Call:
        """Dial a number of the Asterisk at `host:port`; back when the INVITE has left.

        `caller` is the calling number, None for anonymous. Raises UsageError for an address that
        is not on the loopback or a number with other signs than digits, letters and `+*#._-`.
        """
        address = check_loopback(host, port)
        line = self._lines.get((address, port)) or self._open_line(address, port)
        who = Identity(
            target=f"sip:{_escape(number)}@{address}:{port}",
            caller=f"sip:{_escape(caller)}@{self._host}" if caller else _ANONYMOUS,
            contact=line.contact,
            call_id=secrets.token_hex(16),
            tag=secrets.token_hex(8),
        )
        rtp_socket = open_rtp(self._host)
        rtp_port = rtp_socket.getsockname()[1]
        local = Local(self._host, rtp_port, self._events, secrets.randbits(31))
        dialog = Dialog(who, local, lambda: secrets.token_hex(8), self._t1)
        session = Session(dialog, rtp_socket, line.send)
        line.sessions[who.call_id] = session
        self._pacer.add(session)
        session.over.add_done_callback(lambda _: self._retire(session, line, who.call_id))
        session.start()
        return Call(number, session)

    def _open_line(self, host: str, port: int) -> _Line:
        line = _Line(self._host, host, port)
        self._lines[host, port] = line
        return line

    def _retire(self, session: Session, line: _Line, call_id: str) -> None:
        self._pacer.discard(session)
        # The far end may repeat its last message when our answer was lost (RFC 3261 17.1.1.2).
        loop = asyncio.get_running_loop()
        loop.call_later(_LINGER_IN_T1 * self._t1, line.sessions.pop, call_id, None)


_ANONYMOUS = "sip:anonymous@anonymous.invalid"


class _Line:
    """The SIP socket of one far end and the sessions of the calls on it."""

    def __init__(self, bind: str, host: str, port: int) -> None:
        self.sessions: dict[str, Session] = {}
        self._socket: socket.socket = open_udp(bind)
        self._socket.connect((host, port))
        self.contact = f"{bind}:{self._socket.getsockname()[1]}"
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def send(self, datagram: bytes) -> None:
        """Send; a closed far port ends the calls that wait for a reply from it."""
        try:
            self._socket.send(datagram)
        except ConnectionRefusedError:
            # The report belongs to an earlier packet, and clears the way for this one.
            asyncio.get_running_loop().call_soon(self._lose)
        except OSError:
            pass  # no room in the kernel, or closed: as a lost packet, the timers repeat it

    def close(self) -> None:
        """Read no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        try:
            for datagram in read_plain(self._socket):
                self._take(datagram)
        except ConnectionRefusedError:
            self._lose()

    def _take(self, datagram: bytes) -> None:
        message = sip.parse(datagram)
        if message is None:
            return
        if session := self.sessions.get(message.call_id):
            session.receive(message)
        elif isinstance(message, sip.Request) and message.method != "ACK":
            known = message.method == "OPTIONS"
            status, reason = (200, "OK") if known else (481, "Call/Transaction Does Not Exist")
            answer = sip.reply(
                message, status, reason, tag=secrets.token_hex(8), more=(("allow", ALLOW),)
            )
            self.send(answer.encode())

    def _lose(self) -> None:
        for session in tuple(self.sessions.values()):
            session.lose()


def _escape(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise UsageError(
            f"{number!r} is not a telephone number",
            remedy="use digits, letters and the signs + * # . _ -",
        )
    return number.replace("#", "%23")
