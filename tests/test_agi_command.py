from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.agi import Command, command


def split(line: bytes) -> list[str]:
    """Take a line apart as parse_args() in res/res_agi.c does, written from its description."""
    words: list[bytearray] = []
    quoted = escaped = False
    between = True
    for byte in line.removesuffix(b"\n"):
        char = bytes([byte])
        if char == b'"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append(bytearray())
                between = False
        elif char in b" \t" and not quoted and not escaped:
            between = True
        elif char == b"\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append(bytearray())
                between = False
            words[-1] += char
        escaped = False
    return [word.decode() for word in words]


@pytest.mark.parametrize(
    ("built", "line"),
    [
        (command.answer(), b"ANSWER\n"),
        (command.hangup(), b"HANGUP\n"),
        (command.channel_status(), b"CHANNEL STATUS\n"),
        (command.noop(), b"NOOP\n"),
        (command.noop("here"), b'NOOP "here"\n'),
        (command.verbose("turn 3", 2), b'VERBOSE "turn 3" 2\n'),
        (
            command.stream_file("id/menu-1", "12*", duration=3, offset=80),
            b'STREAM FILE "id/menu-1" "12*" 80\n',
        ),
        (command.stream_file("beep", duration=1), b'STREAM FILE "beep" "" 0\n'),
        (command.get_data("ask", 4000, 16, duration=2), b'GET DATA "ask" 4000 16\n'),
        (command.wait_for_digit(500), b"WAIT FOR DIGIT 500\n"),
        (
            command.record_file("/s/a", "wav", "#", max_ms=60000, beep=True, silence_s=5),
            b'RECORD FILE "/s/a" "wav" "#" 60000 "BEEP" "s=5"\n',
        ),
        (command.record_file("a", "wav", max_ms=1), b'RECORD FILE "a" "wav" "" 1\n'),
        (command.get_variable("DIALSTATUS"), b'GET VARIABLE "DIALSTATUS"\n'),
        (
            command.set_variable("IVR_DONE", 'a "b" \\'),
            b'SET VARIABLE "IVR_DONE" "a \\"b\\" \\\\"\n',
        ),
        (
            command.set_variable("TIMEOUT(absolute)", "900"),
            b'SET VARIABLE "TIMEOUT(absolute)" "900"\n',
        ),
        (command.set_extension("1500"), b'SET EXTENSION "1500"\n'),
        (command.execute("StopMixMonitor"), b'EXEC "StopMixMonitor"\n'),
        (command.execute("StoreDTMF", "RX", "IVR_KEYS"), b'EXEC "StoreDTMF" "RX,IVR_KEYS"\n'),
    ],
)
def test_each_command_has_its_line(built: Command, line: bytes) -> None:
    assert built.line == line
    assert built.line.startswith(built.verb.encode())


@pytest.mark.parametrize(
    ("built", "seconds", "interruptible", "after_hangup"),
    [
        (command.answer(), 5, False, False),
        (command.noop(), 5, False, True),
        (command.set_variable("A", "b"), 5, False, True),
        (command.get_variable("A"), 5, False, True),
        (command.stream_file("f", duration=7), 17, True, False),
        (command.get_data("f", 4000, 4, duration=2), 32, True, False),
        (command.wait_for_digit(2000), 12, False, False),
        (command.record_file("f", "wav", max_ms=60000), 75, False, False),
        (command.execute("Dial", "PJSIP/officer"), None, False, True),
        (command.execute("StoreDTMF", "RX", "K"), 5, False, True),
    ],
)
def test_each_command_knows_its_manners(
    built: Command, seconds: float | None, interruptible: bool, after_hangup: bool
) -> None:
    assert built.timeout == seconds
    assert (built.interruptible, built.after_hangup) == (interruptible, after_hangup)


@pytest.mark.parametrize(
    "make",
    [
        lambda: command.set_variable("A", "x\nHANGUP"),
        lambda: command.set_variable("A", "x\r"),
        lambda: command.set_variable("A", "x\0"),
        lambda: command.set_variable("A", "\ud800"),
        lambda: command.set_variable("A", "v" * 2000),
        lambda: command.set_variable("SHELL(id)", "x"),
        lambda: command.set_variable("${A}", "x"),
        lambda: command.get_variable("FILE(/etc/passwd)"),
        lambda: command.get_variable(""),
        lambda: command.verbose("x", 5),
        lambda: command.stream_file("../secret", duration=1),
        lambda: command.stream_file("a/../../b", duration=1),
        lambda: command.stream_file("a&b", duration=1),
        lambda: command.stream_file("", duration=1),
        lambda: command.stream_file("f", "12x", duration=1),
        lambda: command.stream_file("f", duration=-1),
        lambda: command.stream_file("f", duration=float("nan")),
        lambda: command.stream_file("f", duration=1, offset=-1),
        lambda: command.get_data("f", 0, 4, duration=1),
        lambda: command.get_data("f", 4000, 256, duration=1),
        lambda: command.record_file("f", "wav", max_ms=0),
        lambda: command.record_file("f", "wav;x", max_ms=1),
        lambda: command.record_file("f", "wav", max_ms=1, silence_s=0),
        lambda: command.execute("System", "rm"),
        lambda: command.execute("MixMonitor", "/a.wav", "b", "rm -r /"),
        lambda: command.execute("MixMonitor", "/a.wav,b,rm -r /"),
        lambda: command.execute("Playback", "${SHELL(id)}"),
        lambda: command.build("FAILURE"),
        lambda: command.build("NOOP\nHANGUP"),
        lambda: command.build("noop"),
        lambda: command.build("NOOP", *["x"] * 127),
    ],
)
def test_what_asterisk_would_misread_is_refused(make: Callable[[], Command]) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as fault:
        make()
    assert not {"rm -r", "SHELL", "passwd", "secret"} & set(str(fault.value).split())


def test_the_longest_line_and_the_most_words_are_taken() -> None:
    value = "v" * (2000 - len(b'SET VARIABLE "A" ""\n'))
    assert len(command.set_variable("A", value).line) == 2000
    assert len(split(command.build("NOOP", *["x"] * 126).line)) == 127


def test_arguments_stay_out_of_repr() -> None:
    assert "0215550123" not in repr(command.set_variable("A", "0215550123"))


@given(st.text(max_size=300))
def test_any_text_arrives_whole_or_is_refused(text: str) -> None:
    try:
        line = command.set_variable("A", text).line
    except ValueError:
        assert set(text) & set("\r\n\0") or any("\ud800" <= c <= "\udfff" for c in text)
        return
    assert split(line) == ["SET", "VARIABLE", "A", text]
    assert line.count(b"\n") == 1
