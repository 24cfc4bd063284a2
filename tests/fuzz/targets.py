"""What may be fed with any bytes, and what must be true of it whatever they are.

A target takes bytes and returns; it raises only when something is broken. `tests.fuzz.run` looks
for such bytes with coverage, `tests/test_fuzz_corpus.py` feeds those that were found worth keeping.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ivr.asterisk.agi import Conversation, Ended, EnvironmentReader, ReplyReader, State, Sync
from ivr.asterisk.agi.command import build
from ivr.audit.leaf import Header, as_recorded, encode_leaf, read_leaf, read_time
from ivr.errors import ChannelClosed, JournalError, ProtocolError
from ivr.flow.assembly import assemble
from ivr.flow.loader import load_phrases
from ivr.phone import rtp, sdp, sip
from ivr.store.wire import MAX_BODY, FrameReader, encode_frame

SEPARATOR = b"\x1e"
"""Stands between the files of a flow directory in one piece of data: name, line feed, content."""

_AT = read_time("2026-11-24T02:36:36.371042Z")
_HEADER = Header("log", 7, "01980000-0000-7000-8000-000000000000", _AT, "fuzz", "c1", 1, "turn")
_AGI_HEADER = b"agi_channel: PJSIP/trunk-1\nagi_uniqueid: pintu-1\n\n"
_SYNCS = (Sync("nonce0001", ("IVR_KEYS",)), Sync("nonce0002"), Sync("nonce0003", ("A", "B")))


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The rest of the data in pieces, whose lengths the first bytes say, and in one."""
    count = data[0] % 8 if data else 0
    lengths, rest = data[1 : 1 + count], data[1 + count :]
    pieces, at = [], 0
    for length in lengths:
        pieces.append(rest[at : at + length])
        at += length
    return [*pieces, rest[at:]], rest


def agi_header(data: bytes) -> None:
    """The header, however it is cut."""
    pieces, whole = split(data)
    assert _read_header(pieces) == _read_header([whole])


def _read_header(pieces: list[bytes]) -> tuple[object, bytes] | str:
    reader = EnvironmentReader()
    for number, piece in enumerate(pieces):
        try:
            environment = reader.feed(piece)
        except ProtocolError:
            return "refused"
        if environment is not None:
            return environment, reader.rest + b"".join(pieces[number + 1 :])
    return "unfinished"


def agi_reply(data: bytes) -> None:
    """Replies, however they are cut, with fences to be found."""
    pieces, whole = split(data)
    assert _read_replies(pieces) == _read_replies([whole])


def _read_replies(pieces: list[bytes]) -> list[object]:
    reader = ReplyReader()
    for sync in _SYNCS:
        reader.expect(sync)
    return [event for piece in pieces for event in reader.feed(piece)]


def agi_conversation(data: bytes) -> None:
    """A peer that says anything at any time, to an engine that sends and synchronises."""
    conversation = Conversation()
    if data[:1] < b"\xe0":
        conversation.receive(_AGI_HEADER)
    ended = 0
    for chunk in data.split(SEPARATOR):
        _act(conversation, chunk[:1])
        events = conversation.receive(chunk[1:])
        ended += sum(isinstance(event, Ended) for event in events)
        assert (conversation.state is State.CLOSED) == (ended == 1)
    ended += sum(isinstance(event, Ended) for event in conversation.eof())
    assert ended == 1
    assert conversation.eof() == []


def _act(conversation: Conversation, wish: bytes) -> None:
    try:
        if wish == b"s" and conversation.idle:
            conversation.send(build("NOOP"))
        elif wish in (b"1", b"2", b"3"):
            conversation.synchronise(_SYNCS[int(wish) - 1])
    except (ChannelClosed, ProtocolError):
        pass
    except RuntimeError:
        assert conversation.state is State.HEADER


def flow_files(data: bytes) -> None:
    """A directory of flows: a bundle, or faults that can be told."""
    files = {}
    for part in data.split(SEPARATOR)[:8]:
        name, _, content = part.partition(b"\n")
        files[name.decode("ascii", "replace")[:40] + ".yaml"] = content
    bundle, faults = assemble(files, load_phrases())
    told = [str(fault) for fault in faults]
    assert all(told)
    if bundle is None:
        assert any(fault.severity == "fault" for fault in faults)
    else:
        assert len(bundle.hash) == 64


def sip_message(data: bytes) -> None:
    """A datagram: what is understood is written so that it is understood again."""
    message = sip.parse(data)
    if message is None:
        return
    again = sip.parse(message.encode())
    assert again == message
    assert sip.parse((again or message).encode()) == message
    for name, value in message.headers:
        list(message.values(name))
        sip.tag_of(value)
        sip.uri_of(value)
    assert message.cseq[1]
    _ = message.branch, message.call_id, message.q850
    if isinstance(message, sip.Request):
        sip.reply(message, 200, "OK", tag="t").encode()
    session(message.body)


def session(data: bytes) -> None:
    """A session description: nothing, or loopback and our own codecs."""
    media = sdp.parse(data)
    if media is not None:
        assert sdp.is_loopback(media.host)
        ours = sdp.Local("127.0.0.1", 4000, 101, 1)
        assert sdp.parse(sdp.answer(ours, media, 2)) is not None


def rtp_packet(data: bytes) -> None:
    """A packet of sound or keys."""
    packet = rtp.unpack(data)
    if packet is not None:
        assert rtp.unpack(rtp.pack(packet)) == packet
        rtp.unpack_event(packet.payload)


def writer_frame(data: bytes) -> None:
    """The writer's socket, however the frames are cut."""
    pieces, whole = split(data)
    messages = _read_frames(pieces)
    assert messages == _read_frames([whole])
    for message in messages:
        if isinstance(message, dict):
            _write_again(message)


def _read_frames(pieces: list[bytes]) -> list[dict[str, Any] | str]:
    reader = FrameReader()
    found: list[dict[str, Any] | str] = []
    try:
        for piece in pieces:
            found += reader.feed(piece)
    except ProtocolError:
        return ["refused"]
    return found


def _write_again(message: dict[str, Any]) -> None:
    try:
        frame = encode_frame(message)
    except JournalError:
        return
    assert len(frame) <= MAX_BODY + 4
    assert FrameReader().feed(frame) == [message]


def journal_leaf(data: bytes) -> None:
    """Data that a turn may bring: a leaf with nothing personal in it, or a sentence."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(content, dict):
        return
    try:
        leaf = encode_leaf(_HEADER, content, lambda: bytes(16))
        recorded = as_recorded(content)
    except ValueError:
        return
    assert read_leaf(leaf.raw) == leaf.content
    assert as_recorded(recorded) == recorded
    assert encode_leaf(_HEADER, recorded, lambda: bytes(16)).raw == leaf.raw


def stored_leaf(data: bytes) -> None:
    """Bytes of a leaf as a store that somebody touched may have them."""
    with suppress(ValueError):
        assert read_leaf(data)["v"] == 1


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        agi_header,
        agi_reply,
        agi_conversation,
        flow_files,
        sip_message,
        session,
        rtp_packet,
        writer_frame,
        journal_leaf,
        stored_leaf,
    )
}
