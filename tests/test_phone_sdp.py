from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone import sdp
from ivr.phone.g711 import PCMA, PCMU
from ivr.phone.sdp import Local, Media

LOCAL = Local("127.0.0.1", 40002, 101, 7)
ANSWER = (
    "v=0\r\no=- 7 3 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 10250 RTP/AVP 8 0 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)


def test_offer() -> None:
    assert sdp.offer(LOCAL) == (
        b"v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        b"m=audio 40002 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
        b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def test_answer_keeps_the_numbers_of_the_offer() -> None:
    media = Media("127.0.0.1", 10250, PCMA, 96)
    text = sdp.answer(LOCAL, media, 2).decode()
    assert "o=- 7 2 IN" in text
    assert "m=audio 40002 RTP/AVP 8 96\r\n" in text
    assert "a=rtpmap:96 telephone-event/8000\r\n" in text


def test_parse_takes_the_first_codec_of_the_far_end() -> None:
    assert sdp.parse(ANSWER.encode()) == Media("127.0.0.1", 10250, PCMA, 96)


@pytest.mark.parametrize(
    ("old", "new", "media"),
    [
        ("\r\n", "\n", Media("127.0.0.1", 10250, PCMA, 96)),
        ("AVP 8 0 96", "AVP 18 0", Media("127.0.0.1", 10250, PCMU, None)),
        ("a=rtpmap:8 PCMA/8000\r\n", "", Media("127.0.0.1", 10250, PCMA, 96)),
        ("a=sendrecv", "a=sendonly", Media("127.0.0.1", 10250, PCMA, 96, "sendonly")),
        ("a=sendrecv", "a=inactive", Media("127.0.0.1", 10250, PCMA, 96, "inactive")),
        ("t=0 0", "t=0 0\r\na=recvonly", Media("127.0.0.1", 10250, PCMA, 96)),
        ("a=sendrecv", "a=other", Media("127.0.0.1", 10250, PCMA, 96)),
        ("a=ptime:20", "c=IN IP4 127.0.0.9", Media("127.0.0.9", 10250, PCMA, 96)),
        ("a=sendrecv\r\n", "m=video 1 RTP/AVP 0\r\n", Media("127.0.0.1", 10250, PCMA, 96)),
        ("AVP 8 0 96", "AVP 97 96", None),
        ("m=audio 10250", "m=audio 0", None),
        ("m=audio 10250", "m=audio 70000", None),
        ("m=audio", "m=image", None),
        ("RTP/AVP", "RTP/SAVP", None),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 203.0.113.5", None),
        ("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.0.999", None),
        ("c=IN IP4 127.0.0.1\r\n", "", None),
    ],
)
def test_parse(old: str, new: str, media: Media | None) -> None:
    assert old in ANSWER
    assert sdp.parse(ANSWER.replace(old, new).encode()) == media


@pytest.mark.parametrize(
    ("theirs", "ours", "listens"),
    [
        ("sendrecv", "sendrecv", True),
        ("recvonly", "sendonly", True),
        ("sendonly", "recvonly", False),
        ("inactive", "inactive", False),
    ],
)
def test_hold_is_mirrored(theirs: str, ours: str, listens: bool) -> None:
    media = Media("127.0.0.1", 10250, PCMA, 96, theirs)
    assert media.listens is listens
    assert sdp.answer(LOCAL, media, 2).endswith(f"a=ptime:20\r\na={ours}\r\n".encode())


@given(st.binary())
def test_any_bytes_are_parsed_without_a_fault(body: bytes) -> None:
    assert sdp.parse(body) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.3"])
def test_loopback(host: str) -> None:
    assert sdp.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::1", "localhost", "127.1", ""])
def test_not_loopback(host: str) -> None:
    assert not sdp.is_loopback(host)


def test_an_offer_without_events_offers_none() -> None:
    media = sdp.parse(sdp.offer(sdp.Local("127.0.0.1", 4000, None, 7)))
    assert media is not None
    assert media.events is None
