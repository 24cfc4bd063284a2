"""Session descriptions: what we offer, what the far end wants (RFC 4566, RFC 3264).

Knows G.711 and telephone events on one audio stream, on the loopback only; everything else is
"nothing that we can use". Opens no socket.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ivr.phone.g711 import PCMA, PCMU

_NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
_TYPES = {name: number for number, name in _NAMES.items()}
_RTPMAP = re.compile(r"a=rtpmap:([0-9]{1,3}) ([^/\s]+)/8000(?:/1)?")
_AUDIO = re.compile(r"m=audio ([0-9]{1,5})(?:/1)? RTP/AVP((?: [0-9]{1,3})+)")
_ADDRESS = re.compile(r"c=IN IP4 ([0-9.]{7,15})")
_MIRROR = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Media:
    """Where and how the far end wants sound. `events` is None when it takes no telephone events.

    `direction` is what the far end does (RFC 3264 section 5.1), "sendonly" when it holds the call.
    """

    host: str
    port: int
    payload: int
    events: int | None
    direction: str = "sendrecv"

    @property
    def listens(self) -> bool:
        """Whether we may send."""
        return self.direction in {"sendrecv", "recvonly"}


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of the session: address, port, the payload type of our events, the o= numbers.

    `events` None: we send no telephone events, as handsets did before RFC 4733.
    """

    host: str
    port: int
    events: int | None
    session: int


def is_loopback(host: str) -> bool:
    """Tell whether a literal IPv4 address is of this machine's loopback network."""
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def offer(local: Local) -> bytes:
    """Describe what we can do: PCMU, PCMA and telephone events, 20 ms a packet."""
    types = {PCMU: "PCMU", PCMA: "PCMA"}
    if local.events is not None:
        types[local.events] = "telephone-event"
    return _write(local, 1, types, "sendrecv")


def answer(local: Local, media: Media, version: int) -> bytes:
    """Answer an offer that `parse` accepted, with its own payload numbers; RFC 3264 section 6."""
    types = {media.payload: _NAMES[media.payload]}
    if media.events is not None:
        types[media.events] = "telephone-event"
    return _write(local, version, types, _MIRROR[media.direction])


def parse(body: bytes) -> Media | None:
    """Read an offer or answer; None when it has no G.711 audio at a loopback address.

    The first codec of ours in the far end's order counts (RFC 3264 section 6.1).
    """
    lines = body.decode("utf-8", "replace").splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("m=")), len(lines))
    session, rest = lines[:first], lines[first:]
    second = next((n for n, line in enumerate(rest[1:], 1) if line.startswith("m=")), len(rest))
    stream = rest[:second]
    audio = _AUDIO.match(stream[0]) if stream else None
    host = _find_address(stream) or _find_address(session)
    if audio is None or not 0 < int(audio[1]) < 65536 or not is_loopback(host):
        return None
    names = _name_types([int(number) for number in audio[2].split()], stream)
    payload = next((_TYPES[name] for name in names.values() if name in _TYPES), None)
    if payload is None or names.get(payload) != _NAMES[payload]:
        return None
    events = next((number for number, name in names.items() if name == "TELEPHONE-EVENT"), None)
    return Media(host, int(audio[1]), payload, events, _find_direction(session, stream))


def _name_types(numbers: list[int], stream: list[str]) -> dict[int, str]:
    named = {int(m[1]): m[2].upper() for line in stream if (m := _RTPMAP.match(line))}
    return {n: named.get(n, _NAMES.get(n, "")) for n in numbers}


def _find_address(lines: list[str]) -> str:
    return next((m[1] for line in lines if (m := _ADDRESS.match(line))), "")


def _find_direction(session: list[str], stream: list[str]) -> str:
    said = [line[2:] for line in (*session, *stream) if line[:2] == "a=" and line[2:] in _MIRROR]
    return said[-1] if said else "sendrecv"


def _write(local: Local, version: int, types: dict[int, str], direction: str) -> bytes:
    lines = [
        "v=0",
        f"o=- {local.session} {version} IN IP4 {local.host}",
        "s=-",
        f"c=IN IP4 {local.host}",
        "t=0 0",
        f"m=audio {local.port} RTP/AVP {' '.join(map(str, types))}",
        *(f"a=rtpmap:{number} {name}/8000" for number, name in types.items()),
        *(f"a=fmtp:{n} 0-15" for n, name in types.items() if name == "telephone-event"),
        "a=ptime:20",
        f"a={direction}",
    ]
    return "\r\n".join([*lines, ""]).encode()
