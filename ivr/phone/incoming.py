"""One incoming call as SIP sees it: a user agent server (RFC 3261 sections 8.2, 9.2, 13.3).

Pure, as `dialog`, whose rules hold once the call is answered. A 200 is sent once: it is repeated
only when the INVITE is, since both ends are on the same machine.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr.phone import sdp
from ivr.phone.dialog import ALLOW, Dialog, Ending, Identity
from ivr.phone.sip import Request, Response, reply, uri_of
from ivr.phone.transactions import T1


class IncomingDialog(Dialog):
    """A call to us from its INVITE on. `contact` is our socket's `host:port`, `tag` our tag."""

    def __init__(
        self,
        invite: Request,
        local: sdp.Local,
        contact: str,
        tag: str,
        token: Callable[[], str],
        t1: float = T1,
    ) -> None:
        who = Identity(
            target=uri_of(next(invite.values("contact"), "")) or uri_of(invite.get("from")),
            caller=uri_of(invite.get("to")),
            contact=contact,
            call_id=invite.call_id,
            tag=tag,
        )
        super().__init__(who, local, token, t1)
        self.invite = invite
        self._remote = invite.get("from")
        self._routes = tuple(("route", value) for value in invite.values("record-route"))
        self._far_number = invite.cseq[0]
        self._offered = sdp.parse(invite.body)

    def start(self, at: float) -> list[bytes]:
        """Ring."""
        self.state = "ringing"
        return [self._tell(180, "Ringing")]

    def answer(self) -> list[bytes]:
        """Pick up; refuse the call when no sound of ours is offered. Nothing when it is over."""
        if self.state != "ringing":
            return []
        if self._offered is None:
            return self.refuse(488, "Not Acceptable Here")
        self.state, self.media = "answered", self._offered
        more = (*self._contact(), ("allow", ALLOW), ("content-type", "application/sdp"))
        answer = sdp.answer(self._local, self._offered, self._version)
        return [self._tell(200, "OK", more, answer)]

    def refuse(self, status: int, reason: str) -> list[bytes]:
        """Do not pick up: 486 is busy, 603 declined. Nothing when it is too late."""
        if self.state != "ringing":
            return []
        self._end(Ending("us", status, reason, None))
        return [self._tell(status, reason)]

    def hang_up(self, at: float) -> list[bytes]:
        """End the call."""
        if self.state == "ringing":
            return self.refuse(603, "Decline")
        return super().hang_up(at)

    def receive(self, message: Request | Response, at: float) -> list[bytes]:
        """Take a message of this call; returns the datagrams that it calls for."""
        if isinstance(message, Request) and message.method == "CANCEL":
            return self._cancelled(message)
        return super().receive(message, at)

    def _cancelled(self, cancel: Request) -> list[bytes]:
        done = reply(cancel, 200, "OK", tag=self._who.tag).encode()
        if self.state != "ringing":
            return [done]
        self._end(Ending("far end", 487, "Request Terminated", cancel.q850))
        return [done, self._tell(487, "Request Terminated")]

    def _tell(
        self, status: int, reason: str, more: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> bytes:
        """Answer the INVITE, now and whenever it is repeated."""
        more = more or self._contact()
        answer = self._reply(self.invite, status, reason, more, body).encode()
        self._answers[self.invite.branch, self.invite.cseq] = answer
        return answer
