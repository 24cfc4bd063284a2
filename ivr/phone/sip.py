"""SIP messages between bytes and values (RFC 3261 sections 7 and 20).

Knows how a message is written, not what it means in a call (that is `dialog`). Opens no socket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

_COMPACT = {
    "c": "content-type", "f": "from", "i": "call-id", "k": "supported", "l": "content-length",
    "m": "contact", "t": "to", "v": "via",
}  # fmt: skip
_MANDATORY = ("via", "from", "to", "call-id", "cseq")
_ONCE = ("from", "to", "call-id", "cseq", "content-length")
"""Headers that a second one would contradict (section 7.3.1)."""
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_CSEQ = re.compile(r"([0-9]{1,10})\s+(\S+)")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?")
_REQUEST = re.compile(r"([A-Z]+) (\S+) SIP/2\.0")
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_Q850 = re.compile(r"\bQ\.850\s*(?:;[^,]*)?;\s*cause\s*=\s*([0-9]{1,3})\b", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LIST_ITEM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<]|["<])+')


@dataclass(frozen=True, slots=True)
class Message:
    """What requests and responses share. Header names are in lower case and never compact.

    Content-Length is not among the headers: it is checked when read and counted when written.
    """

    headers: Headers
    body: bytes

    def get(self, name: str) -> str:
        """Return the first value of a header (`name` in lower case), or "" when it is absent."""
        return next((value for key, value in self.headers if key == name), "")

    def values(self, name: str) -> Iterator[str]:
        """Give the elements of a header that may be a comma-separated list, in order."""
        for key, value in self.headers:
            if key == name:
                yield from (item.strip() for item in _LIST_ITEM.findall(value) if item.strip())

    @property
    def cseq(self) -> tuple[int, str]:
        """The sequence number and its method. `parse` lets no message pass without them."""
        found = _CSEQ.fullmatch(self.get("cseq"))
        return (int(found[1]), found[2]) if found else (0, "")

    @property
    def branch(self) -> str:
        """The transaction that the message belongs to (section 17.1.3), "" when it names none."""
        return _first(_BRANCH, next(self.values("via"), ""))

    @property
    def call_id(self) -> str:
        """The call that the message belongs to."""
        return self.get("call-id")

    @property
    def q850(self) -> int | None:
        """The cause in the Reason header (RFC 3326), None when there is none."""
        cause = _first(_Q850, ",".join(v for k, v in self.headers if k == "reason"))
        return int(cause) if cause else None


@dataclass(frozen=True, slots=True)
class Request(Message):
    """A SIP request."""

    method: str
    uri: str

    def encode(self) -> bytes:
        """Return the datagram."""
        return _write(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response(Message):
    """A SIP response."""

    status: int
    reason: str

    def encode(self) -> bytes:
        """Return the datagram."""
        return _write(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


def parse(datagram: bytes) -> Request | Response | None:
    """Read one datagram; None when it is not a whole SIP message with the mandatory headers.

    Takes lone LF, folded lines, compact and oddly cased names. A body shorter than its
    Content-Length is a cut message (section 18.3); bytes after it are dropped. A second From, To,
    Call-ID, CSeq or Content-Length makes it none.
    """
    datagram = datagram.lstrip(b"\r\n")
    end = _END_OF_HEAD.search(datagram)
    head, body = (datagram[: end.start()], datagram[end.end() :]) if end else (datagram, b"")
    start, *lines = _unfold(head.decode("utf-8", "surrogateescape"))
    headers = _read_headers(lines)
    if end is None or headers is None or not _is_complete(headers):
        return None
    length = dict(headers).get("content-length")
    if length is not None:
        if not re.fullmatch(r"[0-9]{1,5}", length) or len(body) < int(length):
            return None
        body = body[: int(length)]
        headers = tuple(header for header in headers if header[0] != "content-length")
    if found := _STATUS.fullmatch(start):
        return Response(headers, body, int(found[1]), found[2] or "")
    if (found := _REQUEST.fullmatch(start)) and dict(headers)["cseq"].split()[1] == found[1]:
        return Request(headers, body, found[1], found[2])
    return None


def reply(
    request: Request, status: int, reason: str, *, tag: str, more: Headers = (), body: bytes = b""
) -> Response:
    """Answer a request (section 8.2.6); `tag` is put on To when it has none yet."""
    to = request.get("to")
    if not tag_of(to):
        to = f"{to};tag={tag}"
    vias = tuple(("via", value) for value in request.values("via"))
    same = tuple((name, request.get(name)) for name in ("from", "call-id", "cseq"))
    return Response((*vias, ("to", to), *same, *more), body, status, reason)


def tag_of(address: str) -> str:
    """Return the tag of a From or To value, "" when it has none."""
    return _first(_TAG, _QUOTED.sub("", address).rpartition(">")[2])


def uri_of(address: str) -> str:
    """Return the URI in a Contact, Route or To value: inside <>, or all up to the parameters."""
    bare = _QUOTED.sub("", address)
    if "<" in bare:
        return bare.partition("<")[2].partition(">")[0].strip()
    return bare.partition(";")[0].strip()


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _unfold(head: str) -> list[str]:
    lines: list[str] = []
    for line in re.split(r"\r?\n", head):
        if line[:1] in {" ", "\t"} and lines:
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line)
    return lines


def _read_headers(lines: Iterable[str]) -> Headers | None:
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip().lower()
        if not colon or not _TOKEN.fullmatch(name):
            return None
        headers.append((_COMPACT.get(name, name), value.strip()))
    return tuple(headers)


def _is_complete(headers: Headers) -> bool:
    names = [name for name, _ in headers]
    if any(names.count(name) > 1 for name in _ONCE):
        return False
    have = dict(headers)
    return all(have.get(name) for name in _MANDATORY) and bool(_CSEQ.fullmatch(have["cseq"]))


def _write(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start, *(f"{_title(name)}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def _title(name: str) -> str:
    return {"call-id": "Call-ID", "cseq": "CSeq"}.get(name, name.title())
