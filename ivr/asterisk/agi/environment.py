"""The header that Asterisk sends when it opens an AGI connection.

Pure: bytes in, one `Environment` out. Must not decide what a call does with it, and must not read a
clock: how long a peer may take is the server's affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ivr.asterisk.agi.text import decode
from ivr.errors import ProtocolError

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_HEADER_LINES: Final = 200
MAX_HEADER_LINE: Final = 8191

_KEY: Final = re.compile(rb"agi_[a-z0-9_]{1,60}\Z")
_UNKNOWN: Final = "unknown"


_LINE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What Asterisk makes for a UNIQUEID. It becomes part of file names: whoever else speaks on this
port must not choose where files go."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What Asterisk said about the call before the first command.

    The order and the names are those of setup_env() in res/res_agi.c. `None` stands where Asterisk
    says "unknown". Fields that may hold personal data stay out of `repr()`.
    """

    path: str
    """The script of the agi:// address without its query and leading slash; empty without one."""
    query: str = field(repr=False)
    """What follows `?` in the address, not decoded; empty without one."""
    channel: str
    uniqueid: str
    language: str
    channel_type: str
    version: str
    """Asterisk's own version, such as `22.10.1`."""
    callerid: str | None = field(repr=False)
    calleridname: str | None = field(repr=False)
    dnid: str | None = field(repr=False)
    rdnis: str | None = field(repr=False)
    context: str
    extension: str
    priority: int
    """The dialplan priority that started AGI; 0 when Asterisk did not say."""
    enhanced: bool
    """Whether audio comes along (EAGI). Never true over a socket."""
    accountcode: str
    threadid: str
    arguments: tuple[str, ...] = field(repr=False)
    """`agi_arg_1` and so on, in order."""
    headers: Mapping[str, str] = field(repr=False)
    """Every line as it came: name with `agi_` → value."""


class EnvironmentReader:
    """Collects the header, however it is cut into pieces.

    `feed()` returns the environment once the blank line has come, and leaves what follows it in
    `rest`. It raises ProtocolError, which names the fault but never quotes a value.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._headers: dict[str, str] = {}
        self._size = 0

    @property
    def started(self) -> bool:
        """Whether the peer has sent anything."""
        return bool(self._size or self._buffer)

    @property
    def rest(self) -> bytes:
        """What came after the header."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> Environment | None:
        """Take more bytes; return the environment when the header is complete, else None."""
        start = len(self._buffer)
        self._buffer += data
        while (end := self._buffer.find(b"\n", start)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            start = 0
            if self._take(line.removesuffix(b"\r")):
                return _environment(self._headers)
        self._check_line(len(self._buffer))
        return None

    def _check_line(self, length: int) -> None:
        if length > MAX_HEADER_LINE:
            raise ProtocolError(f"a header line is longer than {MAX_HEADER_LINE} bytes")
        if self._size + length > MAX_HEADER_BYTES:
            raise ProtocolError(f"the header is longer than {MAX_HEADER_BYTES} bytes")

    def _take(self, line: bytes) -> bool:
        """Take one line; return whether it was the blank one that ends the header."""
        self._check_line(len(line))
        self._size += len(line) + 1
        if not line:
            return True
        if len(self._headers) >= MAX_HEADER_LINES:
            raise ProtocolError(f"the header has more than {MAX_HEADER_LINES} lines")
        key, colon, value = line.partition(b":")
        number = len(self._headers) + 1
        if not colon or not _KEY.match(key):
            raise ProtocolError(f"header line {number} is not of the form 'agi_name: value'")
        name = key.decode("ascii")
        if name in self._headers:
            raise ProtocolError(f"header line {number} repeats {name}")
        self._headers[name] = decode(value.removeprefix(b" "))
        return False


def _environment(headers: dict[str, str]) -> Environment:
    if "agi_channel" not in headers or "agi_uniqueid" not in headers:
        raise ProtocolError("the header has no agi_channel or no agi_uniqueid")

    def known(name: str) -> str | None:
        value = headers.get(name, _UNKNOWN)
        return None if value == _UNKNOWN else value

    if not _LINE.fullmatch(headers["agi_uniqueid"]):
        raise ProtocolError("agi_uniqueid is not the name of a channel")
    path, _, query = headers.get("agi_network_script", "").partition("?")
    return Environment(
        path=path.removeprefix("/"),
        query=query,
        channel=headers["agi_channel"],
        uniqueid=headers["agi_uniqueid"],
        language=headers.get("agi_language", ""),
        channel_type=headers.get("agi_type", ""),
        version=headers.get("agi_version", ""),
        callerid=known("agi_callerid"),
        calleridname=known("agi_calleridname"),
        dnid=known("agi_dnid"),
        rdnis=known("agi_rdnis"),
        context=headers.get("agi_context", ""),
        extension=headers.get("agi_extension", ""),
        priority=_number(headers.get("agi_priority", "0"), "agi_priority"),
        enhanced=headers.get("agi_enhanced", "0.0") == "1.0",
        accountcode=headers.get("agi_accountcode", ""),
        threadid=headers.get("agi_threadid", ""),
        arguments=_arguments(headers),
        headers=MappingProxyType(headers),
    )


def _number(value: str, name: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise ProtocolError(f"{name} is not a whole number")
    return int(value)


def _arguments(headers: Mapping[str, str]) -> tuple[str, ...]:
    names = [f"agi_arg_{n}" for n in range(1, sum(k.startswith("agi_arg_") for k in headers) + 1)]
    if not all(name in headers for name in names):
        raise ProtocolError("the agi_arg_ lines are not numbered 1, 2, 3 and so on")
    return tuple(headers[name] for name in names)
