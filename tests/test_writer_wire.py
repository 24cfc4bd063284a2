"""The writer's protocol on literal bytes."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.errors import (
    JournalBroken,
    JournalConflict,
    JournalError,
    JournalLocked,
    ProtocolError,
)
from ivr.store.plain import (
    case_from_plain,
    case_to_plain,
    fact_from_plain,
    fact_to_plain,
    live_from_plain,
    live_to_plain,
    turn_from_plain,
    turn_to_plain,
)
from ivr.store.wire import (
    MAX_BODY,
    FrameReader,
    encode_frame,
    error_from_plain,
    error_to_plain,
)
from tests.journal_samples import make_case, make_fact, make_live, make_turn

STREAM = b'\0\0\0\x09{"id": 0}\0\0\0\x15{"id": 1, "is": "\xc3\xa9"}'
FRAMES: list[dict[str, Any]] = [{"id": 0}, {"id": 1, "is": "é"}]


def test_frames_are_these_bytes() -> None:
    assert b"".join(encode_frame(frame) for frame in FRAMES) == STREAM


def test_a_stream_may_be_split_anywhere() -> None:
    for place in range(len(STREAM) + 1):
        reader = FrameReader()
        frames = reader.feed(STREAM[:place]) + reader.feed(STREAM[place:])
        assert frames == FRAMES
        assert not reader.partial
    reader = FrameReader()
    assert [frame for i in STREAM for frame in reader.feed(bytes([i]))] == FRAMES


def test_half_a_frame_is_partial() -> None:
    reader = FrameReader()
    assert not reader.partial
    assert reader.feed(STREAM[:-1]) == FRAMES[:1]
    assert reader.partial


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        (MAX_BODY + 1).to_bytes(4, "big"),
        b"\0\0\0\0",
        b"\0\0\0\x02{]",
        b"\0\0\0\x02[]",
        b"\0\0\0\x01\xff",
        (200_000).to_bytes(4, "big") + b"[" * 200_000,
    ],
    ids=["http", "huge", "empty", "broken", "list", "bytes", "deep"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        FrameReader().feed(data)


def test_the_longest_body_passes() -> None:
    frame = encode_frame({"x": "a" * (MAX_BODY - len('{"x": ""}'))})
    assert len(frame) == 4 + MAX_BODY
    assert len(FrameReader().feed(frame)) == 1
    with pytest.raises(JournalError, match="too long"):
        encode_frame({"x": "a" * MAX_BODY})


@pytest.mark.parametrize("value", [float("nan"), object(), "\ud800"])
def test_what_is_no_json_is_not_sent(value: object) -> None:
    with pytest.raises(JournalError, match="cannot be sent"):
        encode_frame({"x": value})


@pytest.mark.parametrize("kind", [JournalBroken, JournalConflict, JournalLocked, JournalError])
def test_errors_keep_their_kind_place_and_remedy(kind: type[JournalError]) -> None:
    error = error_from_plain(error_to_plain(kind("why", place="where", remedy="what to do")))
    assert type(error) is kind
    assert (error.sentence, error.place, error.remedy) == ("why", "where", "what to do")


def test_records_come_back_from_json() -> None:
    frame = {
        "turn": turn_to_plain(make_turn(n=2)),
        "live": live_to_plain(make_live()),
        "fact": fact_to_plain(make_fact(None, who={"$personal": "Sari"})),
        "case": case_to_plain(make_case()),
    }
    (read,) = FrameReader().feed(encode_frame(frame))
    assert turn_from_plain(read["turn"]) == turn_from_plain(frame["turn"])
    assert live_from_plain(read["live"]) == make_live()
    assert fact_from_plain(read["fact"]) == make_fact(None, who={"$personal": "Sari"})
    assert case_from_plain(read["case"]) == make_case()


@pytest.mark.parametrize(
    "wrong",
    [{"call": ["c"]}, {"n": "one"}, {"n": None}, {"at": "now"}, {"at": 10**30}, {"events": 1}],
)
def test_a_turn_of_the_wrong_shape_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        turn_from_plain({**turn_to_plain(make_turn()), **wrong})
