"""One outgoing call as SIP sees it: a user agent client (RFC 3261 sections 8, 9, 12 to 15).

Pure: messages and times come in, datagrams to send come out; no socket, clock or randomness. All
datagrams go to the one address that was dialled, as to an outbound proxy (section 8.1.2). A forked
call is not followed: a 2xx of a second destination is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ivr.phone import sdp
from ivr.phone.sip import Headers, Request, Response, reply, tag_of, uri_of
from ivr.phone.transactions import T1, Transactions

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
State = Literal["new", "calling", "ringing", "answered", "ended"]
By = Literal["us", "far end", "lost"]


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call is over. `status` and `reason` are SIP's, `cause` is Q.850's or None.

    `by` is "lost" when the far end stopped to reply. A call that had been answered has status 200.
    """

    by: By
    status: int
    reason: str
    cause: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls whom: URIs without <>, our socket's `host:port`, Call-ID and From tag."""

    target: str
    caller: str
    contact: str
    call_id: str
    tag: str


class Dialog:
    """A call from INVITE to its end. `token` makes branches; give it something unique."""

    def __init__(
        self, who: Identity, local: sdp.Local, token: Callable[[], str], t1: float = T1
    ) -> None:
        self.state: State = "new"
        self.ending: Ending | None = None
        self.media: sdp.Media | None = None
        self._who = who
        self._local = local
        self._token = token
        self._open = Transactions(t1)
        self._remote = f"<{who.target}>"
        self._target = who.target
        self._routes: Headers = ()
        self._number = 0
        self._far_number = -1
        self._version = 1
        self._hanging_up = False
        self._ack = b""
        self._answers: dict[tuple[str, tuple[int, str]], bytes] = {}

    @property
    def alarm(self) -> float | None:
        """When `wake` has to be called, None for never."""
        return self._open.alarm

    def start(self, at: float) -> list[bytes]:
        """Send the INVITE."""
        self.state = "calling"
        more = (*self._contact(), ("allow", ALLOW), ("content-type", "application/sdp"))
        invite = self._request("INVITE", more, sdp.offer(self._local))
        return [self._open.begin(invite, at)]

    def hang_up(self, at: float) -> list[bytes]:
        """End the call: BYE when it was answered, else CANCEL as soon as that is allowed (9.1)."""
        if self._hanging_up or self.state == "ended":
            return []
        self._hanging_up = True
        if self.state == "answered":
            return [self._open.begin(self._request("BYE"), at)]
        return self._cancel(at) if self.state == "ringing" else []

    def inform(self, key: str, ms: int, at: float) -> list[bytes]:
        """Send one key in an INFO, as telephones did before RFC 4733; nothing unless answered.

        The body is application/dtmf-relay, which no RFC defines: res_pjsip_dtmf_info.c reads it.
        """
        if self.state != "answered" or self._hanging_up:
            return []
        body = f"Signal={key}\r\nDuration={ms}\r\n".encode()
        info = self._request("INFO", (("content-type", "application/dtmf-relay"),), body)
        return [self._open.begin(info, at)]

    def wake(self, at: float) -> list[bytes]:
        """Send again what was not answered; give up what never will be."""
        again, lost = self._open.wake(at)
        if "INVITE" in lost:
            self._end(Ending("lost", 408, "No reply to INVITE", None))
        elif "BYE" in lost:
            self._end(Ending("lost", 200, "No reply to BYE", None))
        return again

    def lose(self, reason: str) -> None:
        """Note that the far end is gone: its port refuses our packets."""
        self._open.clear()
        self._end(Ending("lost", 200 if self.state == "answered" else 503, reason, None))

    def receive(self, message: Request | Response, at: float) -> list[bytes]:
        """Take a message of this call; returns the datagrams that it calls for."""
        if isinstance(message, Response):
            return self._take_response(message, at)
        if message.method == "ACK":
            return []
        # Requests of ours are answered at once with a final response, so a lost answer is asked
        # for again by the far end's own retransmission, and the same bytes are the right answer.
        transaction = message.branch, message.cseq
        if transaction not in self._answers:
            self._answers[transaction] = self._answer(message).encode()
        return [self._answers[transaction]]

    # responses to our requests

    def _take_response(self, response: Response, at: float) -> list[bytes]:
        request = self._open.receive(response, at)
        if response.cseq[1] == "INVITE" and response.status >= 200:
            return self._take_invite_final(request, response, at)
        if request is None:
            return []
        if request.method == "INVITE":
            return self._ring(response, at)
        if request.method == "BYE" and response.status >= 200:
            self._end(Ending("us", 200, "Hung up", None))
        return []

    def _ring(self, response: Response, at: float) -> list[bytes]:
        first, self.state = self.state == "calling", "ringing"
        self.media = sdp.parse(response.body) or self.media
        return self._cancel(at) if first and self._hanging_up else []

    def _take_invite_final(
        self, request: Request | None, response: Response, at: float
    ) -> list[bytes]:
        if request is None:  # a retransmission: its ACK was lost, unless it is of somebody else
            known = self._remote_tag() in {"", tag_of(response.get("to"))}
            return [self._ack] if self._ack and known else []
        self._remote = response.get("to")
        if response.status < 300:
            return self._take_answer(response, at)
        by: By = "us" if self._hanging_up and response.status == 487 else "far end"
        self._end(Ending(by, response.status, response.reason, response.q850))
        self._ack = self._build_ack(request.branch).encode()
        return [self._ack]

    def _take_answer(self, response: Response, at: float) -> list[bytes]:
        self.state = "answered"
        self._target = uri_of(next(response.values("contact"), "")) or self._target
        routes = [("route", value) for value in response.values("record-route")]
        self._routes = tuple(reversed(routes))
        self._ack = self._build_ack(self._branch()).encode()
        self.media = sdp.parse(response.body)
        if not self._hanging_up and self.media is not None:
            return [self._ack]
        self._hanging_up = False
        datagrams = [self._ack, *self.hang_up(at)]
        if self.media is None:
            self._end(Ending("us", 488, "No sound that this telephone can use", None))
        return datagrams

    def _cancel(self, at: float) -> list[bytes]:
        invite = self._open.find("INVITE")
        if invite is None:
            return []
        self._open.limit("INVITE", at)
        same = ("via", "max-forwards", "from", "to", "call-id")
        headers = tuple(item for item in invite.headers if item[0] in same)
        cseq = ("cseq", f"{invite.cseq[0]} CANCEL")
        cancel = Request((*headers, cseq), b"", "CANCEL", invite.uri)
        return [self._open.begin(cancel, at)]

    # requests of the far end

    def _answer(self, request: Request) -> Response:
        status, reason, more, body = 200, "OK", (("allow", ALLOW),), b""
        if request.method == "OPTIONS":
            pass
        elif not self._is_ours(request):
            status, reason = 481, "Call/Transaction Does Not Exist"
        elif request.cseq[0] <= self._far_number:
            status, reason = 500, "Out of Order"
        elif request.method == "BYE":
            self._end(Ending("far end", 200, "Hung up", request.q850))
        elif request.method == "INVITE":
            return self._answer_reinvite(request)
        else:
            status, reason = 405, "Method Not Allowed"
        return self._reply(request, status, reason, more, body)

    def _answer_reinvite(self, request: Request) -> Response:
        self._far_number = request.cseq[0]
        if request.get("require"):
            unsupported = (("unsupported", request.get("require")),)
            return self._reply(request, 420, "Bad Extension", unsupported)
        media = sdp.parse(request.body) if request.body else self.media
        if media is None:
            return self._reply(request, 488, "Not Acceptable Here")
        self._version += 1
        self.media = media
        self._target = uri_of(next(request.values("contact"), "")) or self._target
        answer = sdp.answer(self._local, media, self._version)
        more = (*self._contact(), ("content-type", "application/sdp"))
        return self._reply(request, 200, "OK", more, answer)

    def _is_ours(self, request: Request) -> bool:
        theirs = tag_of(request.get("from")), tag_of(request.get("to"))
        return self.state == "answered" and theirs == (self._remote_tag(), self._who.tag)

    # messages

    def _reply(
        self, request: Request, status: int, reason: str, more: Headers = (), body: bytes = b""
    ) -> Response:
        return reply(request, status, reason, tag=self._who.tag, more=more, body=body)

    def _request(self, method: str, more: Headers = (), body: bytes = b"") -> Request:
        self._number += 1
        return self._build(method, self._branch(), (*self._routes, *more), body)

    def _build_ack(self, branch: str) -> Request:
        return self._build("ACK", branch, self._routes, b"")

    def _build(self, method: str, branch: str, more: Headers, body: bytes) -> Request:
        who = self._who
        headers: Headers = (
            ("via", f"SIP/2.0/UDP {who.contact};branch={branch}"),
            ("max-forwards", "70"),
            ("from", f"<{who.caller}>;tag={who.tag}"),
            ("to", self._remote),
            ("call-id", who.call_id),
            ("cseq", f"{self._number} {method}"),
            *more,
        )
        return Request(headers, body, method, self._target)

    def _contact(self) -> Headers:
        return (("contact", f"<sip:phone@{self._who.contact}>"),)

    def _branch(self) -> str:
        return f"z9hG4bK{self._token()}"

    def _remote_tag(self) -> str:
        return tag_of(self._remote)

    def _end(self, ending: Ending) -> None:
        if self.ending is None:
            self.state, self.ending = "ended", ending
