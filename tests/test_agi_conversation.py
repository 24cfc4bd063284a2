from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi import (
    Answered,
    Conversation,
    Ended,
    Event,
    HangupNotice,
    Interrupted,
    Opened,
    Reply,
    State,
    Stray,
    Sync,
    Synchronised,
    command,
)
from ivr.asterisk.agi.conversation import MAX_SYNCS
from ivr.errors import ChannelClosed, ProtocolError

HEADER = (Path(__file__).parent / "data/agi/header.txt").read_bytes()
ONE, TWO, THREE = (Sync(letter * 12, ("IVR_KEYS",)) for letter in "abc")
PLAY = command.stream_file("menu", "123", duration=3)
ANSWER = command.answer()
ENDED_BY_KEY = b"200 result=49 endpos=800\n"


def opened() -> Conversation:
    conversation = Conversation()
    assert isinstance(conversation.receive(HEADER)[0], Opened)
    return conversation


def fence(sync: Sync, value: bytes = b"12") -> bytes:
    return b"200 result=1 (" + sync.mark + value + sync.mark + b")\n"


def test_a_command_is_answered() -> None:
    conversation = opened()
    assert conversation.idle
    assert conversation.send(ANSWER) == b"ANSWER\n"
    assert not conversation.idle
    assert conversation.receive(b"200 result=0\n") == [Answered(ANSWER, Reply(200, "0"))]
    assert conversation.idle


def test_the_header_and_what_follows_may_come_in_one_piece() -> None:
    events = Conversation().receive(HEADER + b"HANGUP\n")
    assert isinstance(events[0], Opened)
    assert events[1:] == [HangupNotice()]


def test_hangup_answers_nothing() -> None:
    conversation = opened()
    conversation.send(ANSWER)
    assert conversation.receive(b"HANGUP\n") == [HangupNotice()]
    assert not conversation.idle
    assert conversation.receive(b"511 Command Not Permitted\nHANGUP\n") == [
        Answered(ANSWER, Reply(511)),
        HangupNotice(),
    ]
    assert conversation.eof() == [Ended(None)]
    assert conversation.eof() == []


@pytest.mark.parametrize(
    ("data", "before"),
    [
        (fence(ONE), [Interrupted(PLAY)]),
        (ENDED_BY_KEY + fence(ONE), [Answered(PLAY, Reply(200, "49", None, 800))]),
        (
            b"HANGUP\n200 result=-1 endpos=8\nHANGUP\n" + fence(ONE),
            [HangupNotice(), Answered(PLAY, Reply(200, "-1", None, 8)), HangupNotice()],
        ),
        (b"rubbish\n" + fence(ONE), [Stray("a line is not a reply"), Interrupted(PLAY)]),
        (
            b"200 result=1 (cut\n" + fence(ONE),
            [Stray("a reply was not finished"), Interrupted(PLAY)],
        ),
    ],
)
def test_a_sync_tells_ended_from_stopped(data: bytes, before: list[Event]) -> None:
    for at in range(len(data) + 1):
        conversation = opened()
        conversation.send(PLAY)
        assert conversation.synchronise(ONE) == ONE.command.line
        events = conversation.receive(data[:at]) + conversation.receive(data[at:])
        assert events == [*before, Synchronised(("12",))]
        assert conversation.idle


def test_a_sync_reads_while_nothing_is_outstanding() -> None:
    conversation = opened()
    conversation.synchronise(ONE)
    assert not conversation.idle
    assert conversation.receive(fence(ONE, b"a)\nb")) == [Synchronised(("a)\nb",))]


def test_only_the_newest_sync_counts() -> None:
    conversation = opened()
    conversation.send(PLAY)
    for sync in (ONE, TWO, THREE):
        conversation.synchronise(sync)
    assert conversation.receive(fence(ONE)) == [Interrupted(PLAY)]
    assert not conversation.idle
    assert conversation.receive(fence(TWO)) == []
    assert conversation.receive(fence(THREE, b"345")) == [Synchronised(("345",))]


def test_the_answer_to_an_older_sync_may_be_lost() -> None:
    conversation = opened()
    conversation.send(PLAY)
    conversation.synchronise(ONE)
    conversation.synchronise(TWO)
    assert conversation.receive(fence(TWO)) == [Interrupted(PLAY), Synchronised(("12",))]
    assert conversation.receive(fence(ONE)) == [Stray("a reply answers no command")]


def test_replies_that_answer_nothing_are_dropped() -> None:
    conversation = opened()
    assert conversation.receive(b"200 result=0\n") == [Stray("a reply answers no command")]
    conversation.synchronise(ONE)
    assert conversation.receive(b"200 result=0\n" + fence(ONE)) == [
        Stray("a reply answers no command"),
        Synchronised(("12",)),
    ]


def test_a_second_command_must_wait() -> None:
    conversation = opened()
    conversation.send(PLAY)
    with pytest.raises(RuntimeError, match="outstanding"):
        conversation.send(ANSWER)


def test_nothing_is_sent_before_the_header_and_after_the_end() -> None:
    conversation = Conversation()
    with pytest.raises(RuntimeError, match="header"):
        conversation.send(ANSWER)
    conversation.receive(HEADER)
    conversation.eof()
    with pytest.raises(ChannelClosed):
        conversation.send(ANSWER)
    with pytest.raises(ChannelClosed):
        conversation.synchronise(ONE)
    assert conversation.receive(b"200 result=0\n") == []


def test_unanswered_syncs_are_bounded() -> None:
    conversation = opened()
    for n in range(MAX_SYNCS + 1):
        conversation.synchronise(Sync(f"{n:08d}"))
    with pytest.raises(ProtocolError, match="stopped answering"):
        conversation.synchronise(ONE)


@pytest.mark.parametrize("length", range(len(HEADER)))
def test_the_end_within_the_header_is_a_fault(length: int) -> None:
    conversation = Conversation()
    conversation.receive(HEADER[:length])
    assert conversation.started == (length > 0)
    (event,) = conversation.eof()
    assert isinstance(event, Ended)
    assert isinstance(event.fault, ProtocolError)
    assert conversation.state is State.CLOSED


def test_what_is_no_agi_ends_the_conversation() -> None:
    for data in (b"GET / HTTP/1.1\r\n", HEADER + b"x" * 70_000):
        conversation = Conversation()
        event = conversation.receive(data)[-1]
        assert isinstance(event, Ended)
        assert isinstance(event.fault, ProtocolError)
        assert conversation.state is State.CLOSED


actions = st.one_of(
    st.sampled_from(["send", "sync"]),
    st.sampled_from([b"HANGUP\n", b"200 result=0\n", ENDED_BY_KEY, fence(ONE), fence(TWO), b"\n"]),
    st.binary(max_size=40),
)


@given(st.lists(actions, max_size=40))
def test_whatever_comes_each_command_ends_once(steps: list[str | bytes]) -> None:
    conversation = opened()
    syncs = [ONE, TWO, THREE]
    sent = ended = 0
    for step in steps:
        events: list[Event] = []
        if isinstance(step, bytes):
            events = conversation.receive(step)
        elif step == "send" and conversation.idle:
            conversation.send(PLAY)
            sent += 1
        elif step == "sync" and syncs and conversation.state is State.OPEN:
            conversation.synchronise(syncs.pop(0))
        ended += sum(isinstance(e, Answered | Interrupted) for e in events)
        if any(isinstance(e, Synchronised) for e in events):
            assert ended == sent
        assert sent - 1 <= ended <= sent
