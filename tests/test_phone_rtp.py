from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import UsageError
from ivr.phone import rtp
from ivr.phone.rtp import KeyEvent, Outgoing, Packet


def make(events: int | None = 101) -> Outgoing:
    out = Outgoing(ssrc=0x01020304, sequence=0xFFFE, timestamp=0xFFFFFF60)
    out.events = events
    return out


def read(datagram: bytes) -> Packet:
    packet = rtp.unpack(datagram)
    assert packet is not None
    return packet


def read_event(packet: Packet) -> KeyEvent:
    event = rtp.unpack_event(packet.payload)
    assert event is not None
    return event


def test_silence_runs_on_over_the_wrap_of_both_counters() -> None:
    out = make()
    packets = [out.tick() for _ in range(3)]
    assert packets[0] == [b"\x80\x80\xff\xfe\xff\xff\xff\x60\x01\x02\x03\x04" + b"\xff" * 160]
    assert packets[1] == [b"\x80\x00\xff\xff\x00\x00\x00\x00\x01\x02\x03\x04" + b"\xff" * 160]
    assert packets[2] == [b"\x80\x00\x00\x00\x00\x00\x00\xa0\x01\x02\x03\x04" + b"\xff" * 160]


def test_key_of_sixty_ms_is_three_packets_and_two_copies_of_the_end() -> None:
    out = Outgoing(ssrc=1, sequence=10, timestamp=1000)
    out.events = 101
    assert out.press("#", 60, 40) == range(3)
    head = b"\x80%c\x00%c\x00\x00\x03\xe8\x00\x00\x00\x01"
    assert out.tick() == [head % (0x80 | 101, 10) + b"\x0b\x0a\x00\xa0"]
    assert out.tick() == [head % (101, 11) + b"\x0b\x0a\x01\x40"]
    assert out.tick() == [head % (101, n) + b"\x0b\x8a\x01\xe0" for n in (12, 13, 14)]
    silence = [read(out.tick()[0]) for _ in range(2)]
    assert [(p.sequence, p.timestamp) for p in silence] == [(15, 1480), (16, 1640)]
    assert out.queued_frames == 0


def test_key_of_twenty_ms_begins_and_ends_in_one_frame() -> None:
    out = make()
    out.press("1", 20, 20)
    packets = [read(datagram) for datagram in out.tick()]
    assert [p.marker for p in packets] == [True, False, False]
    assert {read_event(p) for p in packets} == {KeyEvent(1, True, 10, 160)}


@pytest.mark.parametrize(("tone", "gap"), [(40, 20), (60, 40), (80, 60), (100, 100)])
def test_burst_has_exact_timestamps(tone: int, gap: int) -> None:
    out = Outgoing(ssrc=1, sequence=0, timestamp=0)
    out.events = 96
    for key in "1122#":
        out.press(key, tone, gap)
    packets = [read(datagram) for _ in range(5 * (tone + gap) // 20) for datagram in out.tick()]
    keys = [p for p in packets if p.payload_type == 96]
    assert [p.sequence for p in packets] == list(range(len(packets)))
    ends = sorted({(p.timestamp, *read_event(p)) for p in keys if read_event(p).end})
    period = (tone + gap) * 8
    assert ends == [(n * period, c, True, 10, tone * 8) for n, c in enumerate((1, 1, 2, 2, 11))]
    assert [p.timestamp for p in keys if p.marker] == [n * period for n in range(5)]
    assert sum(read_event(p).end for p in keys) == 15


def test_voice_is_cut_in_frames_and_filled_with_silence() -> None:
    out = make()
    out.silence = b"\xd5"
    out.payload_type = 8
    assert out.speak(b"a" * 170) == range(2)
    assert [read(out.tick()[0]).payload for _ in range(3)] == [
        b"a" * 160,
        b"a" * 10 + b"\xd5" * 150,
        b"\xd5" * 160,
    ]


def test_nothing_to_say_takes_no_frame() -> None:
    assert len(make().speak(b"")) == 0


def test_drop_sends_a_begun_key_to_its_end() -> None:
    out = make()
    out.press("1", 60, 40)
    out.press("2", 60, 40)
    out.tick()
    out.drop()
    assert out.queued_frames == 2
    out.tick()
    assert len(out.tick()) == 3
    assert read(out.tick()[0]).payload_type == 0


@pytest.mark.parametrize(
    ("keys", "tone", "gap"),
    [("E", 80, 80), ("1a", 80, 80), ("1", 50, 80), ("1", 80, 10), ("1", 0, 80), ("1", 80, 8020)],
)
def test_what_no_telephone_can_send_is_refused(keys: str, tone: int, gap: int) -> None:
    with pytest.raises(UsageError):
        rtp.check_keys(keys, tone, gap)


def test_pack() -> None:
    packet = Packet(8, True, 258, 3, 4, b"x")
    data = b"\x80\x88\x01\x02\x00\x00\x00\x03\x00\x00\x00\x04x"
    assert rtp.pack(packet) == data
    assert rtp.unpack(data) == packet


def test_unpack_skips_contributors_extension_and_padding() -> None:
    data = (
        b"\xb1\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03" + b"cccc"
        b"\xbe\xde\x00\x01eeee" + b"sound" + b"\x00\x00\x03"
    )
    assert rtp.unpack(data) == Packet(0, False, 1, 2, 3, b"sound")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x00" + b"\x00" * 20,
        b"\x8f" + b"\x00" * 20,
        b"\x90" + b"\x00" * 11,
        b"\x90" + b"\x00" * 11 + b"\x00\x00\x00\x02\x00\x00",
        b"\xa0" + b"\x00" * 12,
        b"\xa0" + b"\x00" * 11 + b"\x02",
    ],
)
def test_what_is_not_rtp_is_none(data: bytes) -> None:
    assert rtp.unpack(data) is None


def test_cut_event_is_none() -> None:
    assert rtp.unpack_event(b"\x01\x0a\x00") is None


@given(st.binary(max_size=60))
def test_any_bytes_are_unpacked_without_a_fault(data: bytes) -> None:
    rtp.unpack(data)
    rtp.unpack(b"\xbf" + data)
    rtp.unpack_event(data)


@given(st.integers(0, 127), st.booleans(), st.integers(0, 65535), st.binary(max_size=9))
def test_pack_and_unpack_agree(kind: int, marker: bool, sequence: int, payload: bytes) -> None:
    packet = Packet(kind, marker, sequence, 0xFFFFFFFF, 0xFFFFFFFF, payload)
    assert rtp.unpack(rtp.pack(packet)) == packet
