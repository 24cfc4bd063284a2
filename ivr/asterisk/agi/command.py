"""The AGI commands that a call needs, each with its time limit and its manners.

One function a command. A command that is not here cannot be sent: nothing from outside becomes a
verb, an application, a variable's name or an expression. Must not send anything.

Every function raises ValueError for an argument that Asterisk would misread or that could carry a
second command; the message names the argument, never its value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ivr.asterisk.agi.text import quote

MAX_LINE: Final = 2000
"""Bytes with the line feed. Asterisk before 22.6 cut at 2048 and ran the tail as a command."""
MAX_WORDS: Final = 127
"""MAX_ARGS - 1 in res/res_agi.c; quoted words beyond it are written past the end of an array."""
MAX_DIGITS: Final = 255
CONTROL_SECONDS: Final = 5.0

APPLICATIONS: Final[dict[str, float | None]] = {
    "Busy": None,
    "Congestion": None,
    "Dial": None,
    "MixMonitor": CONTROL_SECONDS,
    "Playback": None,
    "Playtones": CONTROL_SECONDS,
    "Progress": CONTROL_SECONDS,
    "Queue": None,
    "Ringing": CONTROL_SECONDS,
    "StartMusicOnHold": CONTROL_SECONDS,
    "StopMixMonitor": CONTROL_SECONDS,
    "StopMusicOnHold": CONTROL_SECONDS,
    "StopPlaytones": CONTROL_SECONDS,
    "StoreDTMF": CONTROL_SECONDS,
    "Wait": None,
}
"""The dialplan applications that `execute()` may start → seconds until a reply, None: no limit."""

NOW: Final = "STRFTIME(,,%s%3q)"
"""Reads as the milliseconds since 1970 by Asterisk's clock."""

FUNCTIONS: Final = frozenset(
    {
        NOW,
        "CALLERID(name)",
        "CALLERID(num)",
        "CDR(userfield)",
        "CHANNEL(hangupsource)",
        "CHANNEL(language)",
        "CHANNEL(musicclass)",
        "CHANNEL(state)",
        "HANGUPCAUSE(dial)",
        "TIMEOUT(absolute)",
    }
)
"""The dialplan functions that may be read or set, word for word."""

_NAME: Final = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}\Z")
_FILE: Final = re.compile(r"[A-Za-z0-9_./-]{1,400}\Z")
_DIGITS: Final = re.compile(r"[0-9*#A-D]{0,16}\Z")
_PLACE: Final = re.compile(r"[A-Za-z0-9_*#+-]{1,79}\Z")
_FORMAT: Final = re.compile(r"[a-z0-9]{2,8}\Z")
_CUT: Final = re.compile(r"SET\(([A-Z_]{1,40})=\$\{\1:\$\[[0-9]{1,9} - 0\$\{[A-Z_]{1,40}\}\]\}\)\Z")
_ASSIGN: Final = re.compile(r"SET\([A-Z_]{1,40}=[A-Za-z0-9-]{1,40}\)\Z")


@dataclass(frozen=True, slots=True)
class Command:
    """One line for Asterisk. The arguments stay out of `repr()`: they may be personal."""

    verb: str
    line: bytes = field(repr=False)
    """The whole line with its line feed."""
    timeout: float | None = CONTROL_SECONDS
    """Seconds until a reply must have come; None: no limit."""
    interruptible: bool = False
    """Whether the next line from us stops it. It then prints no reply of its own.

    WAIT FOR DIGIT is not counted: it stops, but prints `200 result=1` and logs a warning.
    """
    after_hangup: bool = False
    """Whether Asterisk performs it on a channel that has been hung up; else it answers 511."""


def build(
    verb: str,
    *arguments: str | int,
    timeout: float | None = CONTROL_SECONDS,
    interruptible: bool = False,
    after_hangup: bool = False,
) -> Command:
    """Put a line together: text is quoted, numbers stand bare."""
    if not re.fullmatch(r"[A-Z]+( [A-Z]+)*", verb) or verb.startswith("FAILURE"):
        raise ValueError("not the name of an AGI command")
    words = [str(a).encode() if isinstance(a, int) else quote(a) for a in arguments]
    if len(verb.split()) + len(words) > MAX_WORDS:
        raise ValueError(f"an AGI command has more than {MAX_WORDS} words")
    line = b" ".join([verb.encode(), *words]) + b"\n"
    if len(line) > MAX_LINE:
        raise ValueError(f"an AGI command is longer than {MAX_LINE} bytes")
    return Command(verb, line, timeout, interruptible, after_hangup)


def answer() -> Command:
    """Answer the call. Result 0, or -1."""
    return build("ANSWER")


def hangup() -> Command:
    """Hang up. Result 1, or -1. Asterisk then says HANGUP."""
    return build("HANGUP")


def channel_status() -> Command:
    """Ask for the channel's state. Result 0 (down) to 7 (busy); 6 is up."""
    return build("CHANNEL STATUS")


def noop(text: str = "") -> Command:
    """Do nothing. Result 0. The text shows in Asterisk's debug output."""
    return build("NOOP", *([text] if text else []), after_hangup=True)


def verbose(text: str, level: int = 3) -> Command:
    """Write text to Asterisk's console at a level of 1 to 4: public data only. Result 1."""
    _within(level, 1, 4, "level")
    return build("VERBOSE", text, level, after_hangup=True)


def stream_file(file: str, escape_digits: str = "", *, duration: float, offset: int = 0) -> Command:
    """Play a file until its end or one of the digits; the next line interrupts it.

    `file` has no extension, `duration` is its length in seconds, `offset` where to begin, in
    samples. Result 0, the digit's ASCII code, -1 for hangup or a missing file; with `endpos`.
    """
    _within(offset, 0, 2**31 - 1, "offset")
    return build(
        "STREAM FILE",
        _file(file),
        _matching(_DIGITS, escape_digits, "escape_digits"),
        offset,
        timeout=_positive(duration, "duration") + 10,
        interruptible=True,
    )


def get_data(file: str, timeout_ms: int, max_digits: int, *, duration: float) -> Command:
    """Play a file and collect digits until `#`, the number of digits or silence.

    `timeout_ms` is one limit for the first key and between keys; `duration` is the file's length
    in seconds. Result: the digits; with text `timeout` when silence ended it; empty without the
    text: a bare `#`; -1 for hangup or a missing file. The next line interrupts it.
    """
    _within(timeout_ms, 1, 600_000, "timeout_ms")
    _within(max_digits, 1, MAX_DIGITS, "max_digits")
    limit = _positive(duration, "duration") + (max_digits + 1) * timeout_ms / 1000 + 10
    return build("GET DATA", _file(file), timeout_ms, max_digits, timeout=limit, interruptible=True)


def wait_for_digit(timeout_ms: int) -> Command:
    """Wait for one digit. Result 0 for silence, the digit's ASCII code, -1 for hangup."""
    _within(timeout_ms, 1, 600_000, "timeout_ms")
    return build("WAIT FOR DIGIT", timeout_ms, timeout=timeout_ms / 1000 + 10)


def record_file(
    file: str,
    format_name: str,
    escape_digits: str = "",
    *,
    max_ms: int,
    beep: bool = False,
    silence_s: int | None = None,
) -> Command:
    """Record the caller until a digit, the limit, or `silence_s` seconds of silence (None: never).

    Read the reply's text, not its result: `dtmf`, `timeout` (limit or silence), `hangup`,
    `randomerror` (missing beep, or hangup or digit during it), `writefile`, `waitfor`.
    """
    _within(max_ms, 1, 3_600_000, "max_ms")
    words: list[str | int] = [_file(file), _matching(_FORMAT, format_name, "format_name")]
    words += [_matching(_DIGITS, escape_digits, "escape_digits"), max_ms]
    if beep:
        words.append("BEEP")
    if silence_s is not None:
        _within(silence_s, 1, 3600, "silence_s")
        words.append(f"s={silence_s}")
    return build("RECORD FILE", *words, timeout=max_ms / 1000 + 15)


def get_variable(name: str) -> Command:
    """Ask for a variable. Result 0 (unset), or 1 with the value as text.

    A value with line breaks cannot be told from what follows it: `Sync` reads any value safely.
    """
    return build("GET VARIABLE", variable(name), after_hangup=True)


def set_variable(name: str, value: str) -> Command:
    """Set a variable or one of FUNCTIONS. Asterisk does not expand the value. Result 1."""
    return build("SET VARIABLE", variable(name), value, after_hangup=True)


def set_extension(number: str) -> Command:
    """Say at which extension the dialplan goes on after AGI. Result 0."""
    return build("SET EXTENSION", _matching(_PLACE, number, "number"))


def execute(application: str, *arguments: str) -> Command:
    """Run one of APPLICATIONS. Result: what it returned; -2 when Asterisk does not have it.

    Not interruptible. MixMonitor takes two arguments at most: its third is a shell command.
    """
    if application not in APPLICATIONS:
        raise ValueError("application is not one of those that may be run")
    if application == "MixMonitor" and len(arguments) > 2:
        raise ValueError("MixMonitor takes a file and options, never a command")
    if any("," in argument or "${" in argument or "$[" in argument for argument in arguments):
        raise ValueError("an application's argument holds a comma or an expression")
    joined = [",".join(arguments)] if arguments else []
    limit = APPLICATIONS[application]
    return build("EXEC", application, *joined, timeout=limit, after_hangup=True)


def cut(name: str, counter: str, total: int) -> tuple[str, str]:
    """Return what to read to take characters off the front of a variable, `total` in its life.

    Read together, the two give the rest of the variable and `total`, which `counter` then holds.
    That is one act of the channel's own thread (SET() in func_logic.c): nothing can append in
    between. Read twice, it does no more than once.
    """
    rest = f"SET({name}=${{{name}:$[{total} - 0${{{counter}}}]}})"
    return variable(rest), assign(counter, str(total))


def assign(name: str, word: str) -> str:
    """Return what sets a variable to a word when it is read: a command of its own is saved."""
    return variable(f"SET({name}={word})")


def variable(name: str) -> str:
    """Return a variable's name, one of FUNCTIONS, what `cut` or `assign` gave; else ValueError."""
    if name in FUNCTIONS or _CUT.match(name) or _ASSIGN.match(name):
        return name
    return _matching(_NAME, name, "name of a variable")


def _file(name: str) -> str:
    if ".." in name.split("/"):
        raise ValueError("file leaves its directory")
    return _matching(_FILE, name, "file")


def _matching(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.match(value):
        raise ValueError(f"{name} has the wrong form")
    return value


def _within(value: int, low: int, high: int, name: str) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is not within {low} and {high}")


def _positive(value: float, name: str) -> float:
    if not 0 <= value <= 86_400:
        raise ValueError(f"{name} is not a length in seconds")
    return value
