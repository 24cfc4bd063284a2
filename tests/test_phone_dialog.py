from __future__ import annotations

from itertools import count

import pytest

from ivr.phone import sdp, sip
from ivr.phone.dialog import Dialog, Ending, Identity
from ivr.phone.sdp import Local, Media
from ivr.phone.sip import Request, Response

WHO = Identity(
    target="sip:1500@127.0.0.1:5060",
    caller="sip:+62215550100@127.0.0.1",
    contact="127.0.0.1:40000",
    call_id="abc",
    tag="near",
)
LOCAL = Local("127.0.0.1", 40002, 101, 7)
FAR_SOUND = sdp.offer(Local("127.0.0.1", 10250, 101, 9))


def make() -> Dialog:
    tokens = count(1)
    return Dialog(WHO, LOCAL, lambda: str(next(tokens)))


def read(datagram: bytes) -> Request:
    message = sip.parse(datagram)
    assert isinstance(message, Request)
    return message


def respond(
    request: Request,
    status: int,
    reason: str = "",
    *lines: str,
    body: bytes = b"",
    tag: str = "far",
) -> Response:
    more = tuple((name.lower(), value) for name, value in (line.split(": ", 1) for line in lines))
    return sip.reply(request, status, reason, tag=tag, more=more, body=body)


def ask(method: str, number: int, *lines: str, body: bytes = b"", tag: str = "far") -> Request:
    text = (
        f"{method} sip:phone@127.0.0.1:40000 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKfar{number}\r\n"
        f"From: <sip:1500@127.0.0.1>;tag={tag}\r\nTo: <sip:+62215550100@127.0.0.1>;tag=near\r\n"
        f"Call-ID: abc\r\nCSeq: {number} {method}\r\n" + "".join(f"{line}\r\n" for line in lines)
    )
    return read(text.encode() + b"\r\n" + body)


def statuses(datagrams: list[bytes]) -> list[int]:
    messages = [sip.parse(datagram) for datagram in datagrams]
    return [message.status for message in messages if isinstance(message, Response)]


def answer(dialog: Dialog, *lines: str) -> tuple[Request, Request]:
    """Dial and answer at 0; gives the INVITE and the ACK."""
    invite = read(dialog.start(0.0)[0])
    lines = lines or ("Contact: <sip:here@127.0.0.1:5099>",)
    (ack,) = dialog.receive(respond(invite, 200, "OK", *lines, body=FAR_SOUND), 0.0)
    return invite, read(ack)


def test_invite_is_complete() -> None:
    assert make().start(0.0) == [
        b"INVITE sip:1500@127.0.0.1:5060 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK1\r\n"
        b"Max-Forwards: 70\r\n"
        b"From: <sip:+62215550100@127.0.0.1>;tag=near\r\n"
        b"To: <sip:1500@127.0.0.1:5060>\r\n"
        b"Call-ID: abc\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Contact: <sip:phone@127.0.0.1:40000>\r\n"
        b"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
        b"Content-Type: application/sdp\r\n"
        b"Content-Length: 214\r\n"
        b"\r\n" + sdp.offer(LOCAL)
    ]


def test_answer_is_acknowledged_along_the_route() -> None:
    dialog = make()
    invite, ack = answer(
        dialog,
        "Contact: <sip:here@127.0.0.1:5099>",
        "Record-Route: <sip:first@127.0.0.1;lr>, <sip:second@127.0.0.1;lr>",
    )
    assert dialog.state == "answered"
    assert dialog.media == Media("127.0.0.1", 10250, 0, 101)
    assert (ack.method, ack.uri, ack.cseq) == ("ACK", "sip:here@127.0.0.1:5099", (1, "ACK"))
    assert sip.tag_of(ack.get("to")) == "far"
    assert ack.branch != invite.branch
    routes = ["<sip:second@127.0.0.1;lr>", "<sip:first@127.0.0.1;lr>"]
    assert list(ack.values("route")) == routes
    bye = read(dialog.hang_up(1.0)[0])
    assert (bye.method, bye.uri, bye.cseq) == ("BYE", "sip:here@127.0.0.1:5099", (2, "BYE"))
    assert list(bye.values("route")) == routes
    dialog.receive(respond(bye, 200, "OK"), 1.0)
    assert dialog.ending == Ending("us", 200, "Hung up", None)
    assert dialog.alarm is None
    assert dialog.hang_up(2.0) == []


def test_repeated_answer_is_acknowledged_again_and_a_second_destination_is_not() -> None:
    dialog = make()
    invite, ack = answer(dialog)
    assert dialog.receive(respond(invite, 200, "OK", body=FAR_SOUND), 0.5) == [ack.encode()]
    assert dialog.receive(respond(invite, 200, "OK", body=FAR_SOUND, tag="other"), 0.5) == []


def test_invite_is_repeated_at_doubling_intervals_until_it_is_given_up() -> None:
    dialog = make()
    (invite,) = dialog.start(0.0)
    sent = []
    while dialog.alarm is not None:
        at = dialog.alarm
        sent += [(at, datagram) for datagram in dialog.wake(at)]
    assert sent == [(at, invite) for at in (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)]
    assert dialog.ending == Ending("lost", 408, "No reply to INVITE", None)


def test_provisional_response_stops_the_repetition() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    assert dialog.receive(respond(invite, 100, "Trying"), 0.1) == []
    assert dialog.alarm is None
    dialog.receive(respond(invite, 183, "Session Progress", body=FAR_SOUND), 0.2)
    assert dialog.state == "ringing"
    assert dialog.media is not None


def test_bye_is_repeated_until_it_is_given_up() -> None:
    dialog = make()
    answer(dialog)
    (bye,) = dialog.hang_up(0.0)
    moments = []
    while dialog.alarm is not None:
        at = dialog.alarm
        moments += [at for datagram in dialog.wake(at) if datagram == bye]
    assert moments == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert dialog.ending == Ending("lost", 200, "No reply to BYE", None)


def test_trying_slows_the_repetition_of_bye() -> None:
    dialog = make()
    answer(dialog)
    bye = read(dialog.hang_up(0.0)[0])
    dialog.receive(respond(bye, 100, "Trying"), 0.1)
    assert dialog.alarm == pytest.approx(4.1)
    assert dialog.ending is None


def test_refusal_is_acknowledged_in_its_transaction_each_time() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    busy = respond(invite, 486, "Busy Here", "Reason: Q.850;cause=17")
    (ack,) = dialog.receive(busy, 0.1)
    assert read(ack).branch == invite.branch
    assert read(ack).uri == "sip:1500@127.0.0.1:5060"
    assert sip.tag_of(read(ack).get("to")) == "far"
    assert dialog.ending == Ending("far end", 486, "Busy Here", 17)
    assert dialog.receive(busy, 0.6) == [ack]


def test_cancel_waits_for_the_first_provisional_response() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    assert dialog.hang_up(0.1) == []
    cancel = read(dialog.receive(respond(invite, 100, "Trying"), 0.2)[0])
    assert (cancel.method, cancel.uri, cancel.cseq) == ("CANCEL", invite.uri, (1, "CANCEL"))
    assert cancel.branch == invite.branch
    assert (cancel.get("to"), cancel.get("from")) == (invite.get("to"), invite.get("from"))
    assert dialog.receive(respond(invite, 180, "Ringing"), 0.3) == []
    assert dialog.receive(respond(cancel, 200, "OK"), 0.3) == []
    assert dialog.ending is None
    dialog.receive(respond(invite, 487, "Request Terminated"), 0.4)
    assert dialog.ending == Ending("us", 487, "Request Terminated", None)


def test_cancelled_invite_without_a_final_response_is_given_up() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    dialog.receive(respond(invite, 180, "Ringing"), 0.0)
    cancel = read(dialog.hang_up(1.0)[0])
    dialog.receive(respond(cancel, 200, "OK"), 1.0)
    assert dialog.alarm == 33.0
    dialog.wake(33.0)
    assert dialog.ending == Ending("lost", 408, "No reply to INVITE", None)


def test_answer_that_crosses_the_cancel_is_hung_up() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    dialog.receive(respond(invite, 180, "Ringing"), 0.0)
    dialog.hang_up(1.0)
    datagrams = dialog.receive(respond(invite, 200, "OK", body=FAR_SOUND), 1.1)
    assert [read(datagram).method for datagram in datagrams] == ["ACK", "BYE"]
    dialog.receive(respond(read(datagrams[1]), 200, "OK"), 1.2)
    assert dialog.ending == Ending("us", 200, "Hung up", None)


def test_answer_without_usable_sound_is_acknowledged_and_hung_up() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    body = FAR_SOUND.replace(b"127.0.0.1", b"192.0.2.77")
    datagrams = dialog.receive(respond(invite, 200, "OK", body=body), 0.1)
    assert [read(datagram).method for datagram in datagrams] == ["ACK", "BYE"]
    assert dialog.ending == Ending("us", 488, "No sound that this telephone can use", None)


def test_bye_of_the_far_end_is_answered_each_time() -> None:
    dialog = make()
    answer(dialog)
    bye = ask("BYE", 5, "Reason: Q.850;cause=16")
    first = dialog.receive(bye, 1.0)
    assert statuses(first) == [200]
    assert dialog.ending == Ending("far end", 200, "Hung up", 16)
    assert dialog.receive(bye, 1.5) == first
    assert statuses(dialog.receive(ask("BYE", 6), 2.0)) == [481]


def test_requests_that_are_not_of_this_call_change_nothing() -> None:
    dialog = make()
    assert statuses(dialog.receive(ask("BYE", 1), 0.0)) == [481]
    answer(dialog)
    assert statuses(dialog.receive(ask("BYE", 2, tag="other"), 1.0)) == [481]
    assert statuses(dialog.receive(ask("UPDATE", 3), 1.0)) == [405]
    assert statuses(dialog.receive(ask("OPTIONS", 4), 1.0)) == [200]
    assert dialog.receive(ask("ACK", 4), 1.0) == []
    assert dialog.ending is None


def test_reinvite_moves_the_sound() -> None:
    dialog = make()
    answer(dialog)
    body = FAR_SOUND.replace(b"10250", b"10260").replace(b"0 8 101", b"8 0 101")
    request = ask("INVITE", 8, "Contact: <sip:there@127.0.0.1:5060>", body=body)
    (datagram,) = dialog.receive(request, 1.0)
    reply = sip.parse(datagram)
    assert isinstance(reply, Response)
    assert reply.status == 200
    assert reply.body == sdp.answer(LOCAL, Media("127.0.0.1", 10260, 8, 101), 2)
    assert dialog.media == Media("127.0.0.1", 10260, 8, 101)
    assert dialog.receive(request, 1.5) == [datagram]
    assert statuses(dialog.receive(ask("INVITE", 7, body=body), 2.0)) == [500]
    assert read(dialog.hang_up(3.0)[0]).uri == "sip:there@127.0.0.1:5060"


def test_reinvite_that_cannot_be_followed_leaves_the_call_as_it_is() -> None:
    dialog = make()
    answer(dialog)
    before = dialog.media
    fax = b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=image 4000 udptl t38\r\n"
    assert statuses(dialog.receive(ask("INVITE", 8, body=fax), 1.0)) == [488]
    required = ask("INVITE", 9, "Require: precondition", body=FAR_SOUND)
    assert statuses(dialog.receive(required, 1.0)) == [420]
    assert statuses(dialog.receive(ask("INVITE", 10), 1.0)) == [200]
    assert (dialog.media, dialog.state) == (before, "answered")


def test_responses_of_others_change_nothing() -> None:
    dialog = make()
    invite = read(dialog.start(0.0)[0])
    stranger = read(invite.encode().replace(b"z9hG4bK1", b"z9hG4bKother"))
    for status in (180, 200, 486):
        assert dialog.receive(respond(stranger, status, body=FAR_SOUND), 0.1) == []
    assert dialog.state == "calling"
    bye = read(invite.encode().replace(b"INVITE", b"BYE"))
    assert dialog.receive(respond(bye, 200), 0.1) == []


def test_lost_far_end_ends_the_call_at_once() -> None:
    dialog = make()
    dialog.start(0.0)
    dialog.lose("Port closed")
    assert dialog.ending == Ending("lost", 503, "Port closed", None)
    assert dialog.alarm is None


def test_a_key_by_info_is_a_request_of_the_dialog() -> None:
    dialog = make()
    assert dialog.inform("1", 80, 0.0) == []
    invite, ack = answer(dialog)
    info = read(dialog.inform("#", 160, 1.0)[0])
    assert (info.method, info.uri, info.cseq) == ("INFO", ack.uri, (invite.cseq[0] + 1, "INFO"))
    assert info.get("to") == ack.get("to")
    assert info.get("content-type") == "application/dtmf-relay"
    assert info.body == b"Signal=#\r\nDuration=160\r\n"
    assert dialog.alarm is not None
    assert dialog.receive(respond(info, 200), 1.1) == []
    assert dialog.alarm is None
    dialog.hang_up(2.0)
    assert dialog.inform("1", 80, 2.1) == []
