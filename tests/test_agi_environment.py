from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi import Environment, EnvironmentReader
from ivr.asterisk.agi.environment import MAX_HEADER_BYTES, MAX_HEADER_LINE, MAX_HEADER_LINES
from ivr.errors import ProtocolError

HEADER = (Path(__file__).parent / "data/agi/header.txt").read_bytes()
SHORT = b"agi_channel: Local/1\nagi_uniqueid: 1.2\n"


def read(*pieces: bytes) -> tuple[Environment | None, bytes]:
    reader = EnvironmentReader()
    environment = None
    for piece in pieces:
        assert environment is None
        environment = reader.feed(piece)
    return environment, reader.rest


def parse(data: bytes) -> Environment:
    environment, _ = read(data)
    assert environment is not None
    return environment


def test_the_header_of_a_call_has_typed_fields() -> None:
    seen = parse(HEADER)
    assert (seen.path, seen.query) == ("hotline/tax", "test=1")
    assert (seen.channel, seen.channel_type) == ("PJSIP/trunk-00000007", "PJSIP")
    assert (seen.uniqueid, seen.language, seen.version) == ("1795503757.14", "id", "22.10.1")
    assert (seen.callerid, seen.calleridname) == ("0215550123", None)
    assert (seen.dnid, seen.rdnis) == ("1500", None)
    assert (seen.context, seen.extension, seen.priority) == ("hotline", "1500", 4)
    assert (seen.enhanced, seen.accountcode, seen.threadid) == (False, "", "140420178060992")
    assert seen.arguments == ("one", "two words: and a colon")
    assert seen.headers["agi_callington"] == "0"


@pytest.mark.parametrize("at", range(len(HEADER)))
def test_the_header_may_be_cut_anywhere(at: int) -> None:
    environment, rest = read(HEADER[:at], HEADER[at:] + b"200 res")
    assert environment == parse(HEADER)
    assert rest == b"200 res"


def test_the_header_may_come_byte_by_byte_and_with_carriage_returns() -> None:
    pieces = [bytes([b]) for b in HEADER.replace(b"\n", b"\r\n")]
    assert read(*pieces)[0] == parse(HEADER)


@pytest.mark.parametrize("length", range(len(HEADER)))
def test_a_header_that_stops_anywhere_is_not_complete(length: int) -> None:
    assert read(HEADER[:length])[0] is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Siti \xc3\xa9", "Siti é"),
        (b"Siti \xe9", "Siti é"),
        (b"", ""),
        (b" x ", " x "),
        (b"a: b: c", "a: b: c"),
        (b"hangup", "hangup"),
    ],
)
def test_names_are_utf8_or_latin1_and_split_at_the_first_colon(raw: bytes, text: str) -> None:
    seen = parse(SHORT + b"agi_calleridname: " + raw + b"\n\n")
    assert seen.calleridname == text


def test_arguments_are_ordered_by_number_beyond_nine() -> None:
    lines = b"".join(b"agi_arg_%d: v%d\n" % (n, n) for n in range(1, 13))
    assert parse(SHORT + lines + b"\n").arguments == tuple(f"v{n}" for n in range(1, 13))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\n", "line 1 is not of the form"),
        (b"\x16\x03\x01\x02\x00\x01\n", "line 1 is not of the form"),
        (SHORT + b"a second line of a name\n", "line 3 is not of the form"),
        (SHORT + b"agi_channel: x\n", "line 3 repeats agi_channel"),
        (SHORT + b"AGI_TYPE: x\n", "line 3 is not"),
        (SHORT + b"agi_arg_2: x\n\n", "numbered 1, 2, 3"),
        (SHORT + b"agi_priority: four\n\n", "agi_priority is not a whole number"),
        (b"\n", "no agi_channel"),
        (b"agi_channel: x\n\n", "no agi_uniqueid"),
        (b"agi_channel: x\nagi_uniqueid: /etc\n\n", "agi_uniqueid is not the name"),
        (b"agi_channel: x\nagi_uniqueid: ..\n\n", "agi_uniqueid is not the name"),
        (b"agi_channel: x\nagi_uniqueid: \n\n", "agi_uniqueid is not the name"),
        (b"agi_channel: x\nagi_uniqueid: 1/../..\n\n", "agi_uniqueid is not the name"),
        (b"agi_channel: x\nagi_uniqueid: " + b"1" * 129 + b"\n\n", "agi_uniqueid is not the name"),
        (b"a" * (MAX_HEADER_LINE + 1), "line is longer than 8191"),
        (SHORT + b"agi_type: " + b"a" * MAX_HEADER_LINE + b"\n", "line is longer than 8191"),
    ],
)
def test_what_is_no_header_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        read(data)


def test_too_many_lines_and_too_many_bytes_are_refused() -> None:
    many = b"".join(b"agi_x%d: 1\n" % n for n in range(MAX_HEADER_LINES + 1))
    with pytest.raises(ProtocolError, match="more than 200 lines"):
        read(many)
    long = b"".join(b"agi_x%d: %s\n" % (n, b"v" * 8000) for n in range(9))
    assert len(long) > MAX_HEADER_BYTES
    with pytest.raises(ProtocolError, match="longer than 65536 bytes"):
        read(long)


def test_no_fault_and_no_repr_shows_a_value() -> None:
    assert "0215550123" not in repr(parse(HEADER))
    with pytest.raises(ProtocolError) as fault:
        read(SHORT + b"0215550123\n")
    assert "0215550123" not in str(fault.value)


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_any_bytes_give_a_header_or_our_error(pieces: list[bytes]) -> None:
    reader = EnvironmentReader()
    for piece in pieces:
        try:
            if reader.feed(piece) is not None:
                return
        except ProtocolError:
            return
        assert len(reader.rest) <= MAX_HEADER_LINE
