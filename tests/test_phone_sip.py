from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone import sip
from ivr.phone.sip import Request, Response

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:40000;rport=40000;branch=z9hG4bKone\r\n"
    b"From: <sip:+62215550100@127.0.0.1>;tag=near\r\n"
    b'To: "Satu; tag=no" <sip:1500@127.0.0.1>;tag=far\r\n'
    b"Call-ID: abc\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:127.0.0.1:5060;x=y>\r\n"
    b'Record-Route: <sip:a,b@127.0.0.1;lr>, "q,r" <sip:two@127.0.0.1;lr>\r\n'
    b"Record-Route: <sip:three@127.0.0.1;lr>\r\n"
    b"Content-Length: 5\r\n"
    b"\r\n"
    b"v=0\r\n"
)
BYE = (
    b"BYE sip:phone@127.0.0.1:40000 SIP/2.0\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKtwo,\n"
    b"\tSIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKthree\n"
    b"f: <sip:1500@127.0.0.1>;tag=far\n"
    b"T: <sip:+62215550100@127.0.0.1> ; TAG = near\n"
    b"i: abc\n"
    b"CSEQ : 102   BYE\n"
    b'reason: SIP;cause=200, Q.850;text="a";cause=16\n'
    b"l: 0\n"
    b"\n"
    b"rest of somebody else"
)


def test_parse_response() -> None:
    message = sip.parse(OK)
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.body) == (200, "OK", b"v=0\r\n")
    assert (message.branch, message.call_id, message.cseq) == ("z9hG4bKone", "abc", (1, "INVITE"))
    assert (sip.tag_of(message.get("from")), sip.tag_of(message.get("to"))) == ("near", "far")
    assert sip.uri_of(message.get("contact")) == "sip:127.0.0.1:5060;x=y"
    assert list(message.values("record-route")) == [
        "<sip:a,b@127.0.0.1;lr>",
        '"q,r" <sip:two@127.0.0.1;lr>',
        "<sip:three@127.0.0.1;lr>",
    ]
    assert message.q850 is None
    assert message.get("subject") == ""


def test_parse_request_with_lf_compact_names_odd_case_and_folding() -> None:
    message = sip.parse(BYE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("BYE", "sip:phone@127.0.0.1:40000")
    assert message.cseq == (102, "BYE")
    assert message.body == b""
    assert message.q850 == 16
    assert sip.tag_of(message.get("to")) == "near"
    assert [value.rpartition("=")[2] for value in message.values("via")] == [
        "z9hG4bKtwo",
        "z9hG4bKthree",
    ]


@pytest.mark.parametrize("end", range(len(OK)))
def test_cut_message_is_none(end: int) -> None:
    assert sip.parse(OK[:end]) is None


@pytest.mark.parametrize("name", [b"Via", b"From", b"To", b"Call-ID", b"CSeq"])
def test_message_without_a_mandatory_header_is_none(name: bytes) -> None:
    lines = OK.split(b"\r\n")
    assert sip.parse(b"\r\n".join(line for line in lines if not line.startswith(name))) is None


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"SIP/2.0 200", b"SIP/2.0 700"),
        (b"SIP/2.0 200", b"SIP/3.0 200"),
        (b"CSeq: 1 INVITE", b"CSeq: INVITE"),
        (b"CSeq: 1 INVITE", b"CSeq: \xc2\xb2 INVITE"),
        (b"CSeq: 1 INVITE", b"CSeq: 99999999999 INVITE"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: 5", b"Content-Length: -5"),
        (b"Call-ID: abc", b"Call-ID abc"),
        (b"Call-ID: abc", b"Call ID: abc"),
    ],
)
def test_bad_message_is_none(good: bytes, bad: bytes) -> None:
    assert sip.parse(OK) is not None
    assert sip.parse(OK.replace(good, bad)) is None


@pytest.mark.parametrize("line", [b"CSeq: x", b"To: a", b"f: b", b"Call-ID: c", b"l: 5"])
def test_a_header_that_contradicts_itself_is_none(line: bytes) -> None:
    """Found by tests/fuzz: two readers took different ones."""
    for place in (b"Via:", b"Contact:"):
        assert sip.parse(OK.replace(place, line + b"\r\n" + place, 1)) is None


def test_request_whose_method_differs_from_cseq_is_none() -> None:
    assert sip.parse(BYE.replace(b"102   BYE", b"102 ACK")) is None


def test_missing_content_length_takes_the_whole_datagram() -> None:
    message = sip.parse(OK.replace(b"Content-Length: 5\r\n", b"") + b"more")
    assert message is not None
    assert message.body == b"v=0\r\nmore"


def test_encode_request() -> None:
    headers = (
        ("via", "SIP/2.0/UDP 127.0.0.1:4;branch=z9hG4bKx"),
        ("call-id", "c"),
        ("cseq", "1 ACK"),
    )
    assert Request(headers, b"hi", "ACK", "sip:1@127.0.0.1").encode() == (
        b"ACK sip:1@127.0.0.1 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:4;branch=z9hG4bKx\r\n"
        b"Call-ID: c\r\n"
        b"CSeq: 1 ACK\r\n"
        b"Content-Length: 2\r\n"
        b"\r\n"
        b"hi"
    )


def test_reply_copies_every_via_and_adds_a_tag_only_when_there_is_none() -> None:
    request = sip.parse(BYE)
    assert isinstance(request, Request)
    assert sip.reply(request, 200, "OK", tag="new").encode() == (
        b"SIP/2.0 200 OK\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKtwo\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKthree\r\n"
        b"To: <sip:+62215550100@127.0.0.1> ; TAG = near\r\n"
        b"From: <sip:1500@127.0.0.1>;tag=far\r\n"
        b"Call-ID: abc\r\n"
        b"CSeq: 102   BYE\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )
    bare = sip.parse(BYE.replace(b" ; TAG = near", b""))
    assert isinstance(bare, Request)
    to = sip.reply(bare, 481, "No", tag="new").get("to")
    assert to == "<sip:+62215550100@127.0.0.1>;tag=new"


@given(st.binary())
def test_any_bytes_are_parsed_without_a_fault(data: bytes) -> None:
    sip.parse(data)


@given(st.lists(st.integers(0, len(OK) - 1), max_size=8), st.binary(max_size=40))
def test_damaged_message_is_read_without_a_fault(places: list[int], noise: bytes) -> None:
    data = bytearray(OK)
    for place in places:
        data[place : place + 1] = noise
    message = sip.parse(bytes(data))
    if message is not None:
        assert sip.parse(message.encode()) == message
        _ = (message.cseq, message.branch, message.q850, list(message.values("record-route")))
        sip.tag_of(message.get("to"))
        sip.uri_of(message.get("contact"))
