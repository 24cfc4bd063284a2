from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi.reply import (
    MAX_REPLY_BYTES,
    BadLine,
    FenceReply,
    HangupNotice,
    ReaderEvent,
    Reply,
    ReplyReader,
    Sync,
    TooLong,
    Trying,
)

NONCE = "5f2c90aa17b3d4e6"
USAGE = (Path(__file__).parent / "data/agi/usage.txt").read_bytes()


def read(*pieces: bytes, syncs: tuple[Sync, ...] = ()) -> list[ReaderEvent]:
    reader = ReplyReader()
    for sync in syncs:
        reader.expect(sync)
    return [event for piece in pieces for event in reader.feed(piece)]


CASES: list[tuple[bytes, list[ReaderEvent]]] = [
    (b"200 result=0\n", [Reply(200, "0")]),
    (b"200 result=-1\n", [Reply(200, "-1")]),
    (b"200 result=0\r\n", [Reply(200, "0")]),
    (b"200 result=1\n", [Reply(200, "1")]),
    (b"200 result=\n", [Reply(200, "")]),
    (b"200 result= (timeout)\n", [Reply(200, "", "timeout")]),
    (b"200 result=12* (timeout)\n", [Reply(200, "12*", "timeout")]),
    (b"200 result=#\n", [Reply(200, "#")]),
    (b"200 result=49 endpos=8000\n", [Reply(200, "49", None, 8000)]),
    (b"200 result=-1 endpos=0\n", [Reply(200, "-1", None, 0)]),
    (b"200 result=-1 (hangup) endpos=16000\n", [Reply(200, "-1", "hangup", 16000)]),
    (b"200 result=0 (randomerror) endpos=0\n", [Reply(200, "0", "randomerror", 0)]),
    (b"200 result=35 (dtmf) endpos=-20\n", [Reply(200, "35", "dtmf", -20)]),
    (b"200 result=1 ()\n", [Reply(200, "1", "")]),
    (b"200 result=1 (hangup)\n", [Reply(200, "1", "hangup")]),
    (b"200 result=1 (a=b (c) d)\n", [Reply(200, "1", "a=b (c) d")]),
    (b"200 result=1 (a) endpos=5)\n", [Reply(200, "1", "a) endpos=5")]),
    (b"200 result=1 (caf\xe9)\n", [Reply(200, "1", "café")]),
    (b"200 result=1 (a\nb)\n", [Reply(200, "1", "a\nb")]),
    (
        b"200 result=1 (\n\nHANGUP\n200 result=0\n)\n",
        [Reply(200, "1", "\n\nHANGUP\n200 result=0\n")],
    ),
    (b"HANGUP\n", [HangupNotice()]),
    (b"HANGUP\r\nHANGUP\n", [HangupNotice(), HangupNotice()]),
    (
        b"HANGUP\n511 Command Not Permitted on a dead channel or intercept routine\nHANGUP\n",
        [HangupNotice(), Reply(511), HangupNotice()],
    ),
    (b"510 Invalid or unknown command\n", [Reply(510)]),
    (b"503 result=-2 Gosub stack is empty\n", [Reply(503, "-2")]),
    (b"100 result=0 Trying...\n200 result=0\n", [Trying(), Reply(200, "0")]),
    (
        b"520 Invalid command syntax.  Proper usage not available.\n",
        [Reply(520, usage="520 Invalid command syntax.  Proper usage not available.")],
    ),
    (USAGE + b"200 result=0\n", [Reply(520, usage=USAGE.decode().rstrip()), Reply(200, "0")]),
    (b"\n200 result=0\n", [BadLine("a line is not a reply"), Reply(200, "0")]),
    (b"200 OK\n200 result=0\n", [BadLine("a line is not a reply"), Reply(200, "0")]),
    (b"404 result=0\nhangup\n", [BadLine("a line is not a reply")] * 2),
    (b"2000 result=0\n", [BadLine("a line is not a reply")]),
]


@pytest.mark.parametrize(("data", "events"), CASES)
def test_lines_become_events(data: bytes, events: list[ReaderEvent]) -> None:
    assert read(data) == events


@pytest.mark.parametrize(("data", "events"), CASES)
def test_lines_may_be_cut_anywhere(data: bytes, events: list[ReaderEvent]) -> None:
    for at in range(len(data) + 1):
        assert read(data[:at], data[at:]) == events
    assert read(*[bytes([b]) for b in data]) == events


@pytest.mark.parametrize(("data", "events"), CASES)
def test_a_reply_that_stops_anywhere_is_no_reply(data: bytes, events: list[ReaderEvent]) -> None:
    for length in range(len(data)):
        seen = read(data[:length])
        assert len(seen) < len(events)
        assert seen == events[: len(seen)]


MARK = f"|{NONCE}|".encode()


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"12*#",),
        (b"a)\nb", b"(("),
        (b"x", b")\ny"),
        (b"\n", b"HANGUP\n", b"520-x"),
        (b"|", b"|5f2c90aa|"),
    ],
)
def test_a_fence_gives_values_back_whole(values: tuple[bytes, ...]) -> None:
    sync = Sync(NONCE, tuple(f"V{n}" for n in range(len(values))))
    data = b"200 result=1 (" + MARK + b"".join(v + MARK for v in values) + b")\nHANGUP\n"
    expected = [FenceReply(NONCE, tuple(v.decode() for v in values)), HangupNotice()]
    for at in range(len(data) + 1):
        assert read(data[:at], data[at:], syncs=(sync,)) == expected


def test_a_sync_is_one_line_that_reads_only_variables() -> None:
    sync = Sync(NONCE, ("IVR_KEYS", "CHANNEL(state)"))
    assert sync.command.line == (
        b'GET FULL VARIABLE "|%b|${IVR_KEYS}|%b|${CHANNEL(state)}|%b|"\n' % ((NONCE.encode(),) * 3)
    )
    assert Sync(NONCE).command.line == b'GET FULL VARIABLE "|%b|"\n' % NONCE.encode()
    for name in ("SHELL(id)", "A}${B", "", "A B", 'A"'):
        with pytest.raises(ValueError, match="variable"):
            Sync(NONCE, (name,))
    for nonce in ("", "short", "x" * 65, "abcd|efgh1"):
        with pytest.raises(ValueError, match="nonce"):
            Sync(nonce)


@pytest.mark.parametrize(
    "open_reply", [b"200 result=1 (no end\n", b"520-usage\nmore\n", b"200 result=1 (|other|\n"]
)
def test_a_fence_is_found_inside_a_reply_that_never_ends(open_reply: bytes) -> None:
    data = open_reply + b"200 result=1 (" + MARK + b")\n200 result=0\n"
    assert read(data, syncs=(Sync(NONCE),)) == [
        BadLine("a reply was not finished"),
        FenceReply(NONCE, ()),
        Reply(200, "0"),
    ]


def test_a_newer_fence_is_found_when_the_answer_to_the_older_is_broken() -> None:
    older, newer = Sync("aaaaaaaaaaaa", ("V",)), Sync(NONCE)
    data = b"200 result=1 (|aaaaaaaaaaaa|cut\n200 result=1 (" + MARK + b")\n"
    assert read(data, syncs=(older, newer)) == [
        BadLine("a reply was not finished"),
        FenceReply(NONCE, ()),
    ]


def test_an_answered_fence_is_forgotten() -> None:
    line = b"200 result=1 (" + MARK + b")\n"
    assert read(line + line, syncs=(Sync(NONCE),)) == [
        FenceReply(NONCE, ()),
        Reply(200, "1", MARK.decode()),
    ]


@pytest.mark.parametrize(
    ("head", "filler"),
    [
        (b"", b"x"),
        (b"200 result=1 (", b"("),
        (b"200 result=1 (\n", b"(\n"),
        (b"520-\n", b"x\n"),
        (b"200 result=1 (" + MARK + b"\n", b"|\n"),
    ],
)
def test_a_reply_without_end_is_given_up_in_bounded_memory(head: bytes, filler: bytes) -> None:
    reader = ReplyReader()
    reader.expect(Sync(NONCE, ("V",)))
    assert list(reader.feed(head)) == []
    chunk = filler * (4096 // len(filler))
    tracemalloc.start()
    try:
        events = next(filter(None, (reader.feed(chunk) for _ in range(MAX_REPLY_BYTES))))
        assert events == [TooLong()]
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("over", [0, 1])
def test_the_longest_reply_is_the_same_however_it_is_cut(over: int) -> None:
    head = b"200 result=1 ("
    line = head + b"v" * (MAX_REPLY_BYTES - len(head) - 1 + over) + b")\n"
    whole = read(line)
    assert [type(event) for event in whole] == [TooLong if over else Reply]
    for at in (1, MAX_REPLY_BYTES - 1, MAX_REPLY_BYTES, MAX_REPLY_BYTES + 1):
        assert [type(e) for e in read(line[:at], line[at:])][:1] == [type(whole[0])]


def test_values_stay_out_of_repr() -> None:
    seen = read(
        b"200 result=31740 (31740)\n200 result=1 (|%b|31740|%b|)\n" % ((NONCE.encode(),) * 2),
        syncs=(Sync(NONCE, ("V",)),),
    )
    assert len(seen) == 2
    assert "31740" not in repr(seen)


piece = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"\n", b"HANGUP\n", b"200 result=", b"0\n", b" (", b")\n", b"520-", b"520 ", b"100 ", MARK]
    ),
)


@given(st.lists(piece, max_size=60))
def test_any_bytes_give_the_same_events_however_they_are_cut(pieces: list[bytes]) -> None:
    syncs = (Sync(NONCE, ("V",)),)
    whole = read(b"".join(pieces), syncs=syncs)
    assert read(*pieces, syncs=syncs) == whole
