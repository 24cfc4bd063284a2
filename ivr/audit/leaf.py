"""Records as leaves of the audit log: canonical bytes that hold nothing about a person.

A leaf is JSON by RFC 8785 and is hashed as RFC 6962 section 2.1 says. Values of class personal
become salted digests by the construction of RFC 9901 section 4.2; what a digest stands for is
returned beside the leaf as a *disclosure*, for the vault to encrypt. Pure: salts, ids and times are
parameters. This module must not encrypt, store or log.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import rfc8785

from ivr.engine.values import PERSONAL_KEY, SECRET_KEY

DIGEST_KEY = "$digest"
ERASED = "(erased)"
"""What a personal value reads as when the key of its call was destroyed."""

MAX_LEAF = 65_535
"""Bytes of a leaf: an entry of a C2SP tlog-tiles bundle has a length of sixteen bits."""

VERSION = 1
_MAX_INT = 2**53 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTTERANCE = frozenset({"prompt", "language", "template", "values", "pace"})
_UTTERANCE_IN_LEAF = _UTTERANCE - {"template"}
_USUAL_UTTERANCE = _UTTERANCE_IN_LEAF - {"pace"}
"""Of an utterance, what is spoken at the usual pace says nothing of it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a leaf that are not its data.

    `seq` is the leaf's index in the log's tree, from 0. `at` is UTC. `call` is None for a fact
    about no call, `n` is the turn's number and None for a fact.
    """

    log: str
    seq: int
    id: str
    at: datetime
    source: str
    call: str | None
    n: int | None
    kind: Literal["turn", "fact"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as JSON-ready data and as the bytes that count, with what its digests stand for."""

    content: Mapping[str, Any]
    raw: bytes
    disclosures: tuple[str, ...]


def encode_leaf(header: Header, data: Mapping[str, Any], salt: Callable[[], bytes]) -> Leaf:
    """The leaf of a record. `salt` gives 16 fresh random bytes for each personal value.

    Raises ValueError, naming the place and never the value, when the data cannot stand in a leaf:
    a float, an integer beyond 2^53, a reserved key, or more than `MAX_LEAF` bytes.
    """
    writer = _Writer(salt)
    record = {
        "v": VERSION,
        "log": header.log,
        "seq": header.seq,
        "id": header.id,
        "at": write_time(header.at),
        "src": header.source,
        "call": header.call,
        "n": header.n,
        "kind": header.kind,
        "data": data,
    }
    try:
        content = writer.write(record, None)
    except RecursionError:
        raise ValueError("a record that is nested without end cannot stand in a leaf") from None
    raw = _canonicalise(content, plain_names=writer.plain_names)
    if len(raw) > MAX_LEAF:
        raise ValueError(f"a record of {len(raw)} bytes is longer than the {MAX_LEAF} of a leaf")
    return Leaf(content, raw, tuple(writer.disclosures))


def hash_leaf(raw: bytes) -> bytes:
    """The leaf's hash in the Merkle tree: SHA-256 of a zero byte and the leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + raw).digest()


def read_leaf(raw: bytes) -> dict[str, Any]:
    """The leaf as data. Raises ValueError when it is not JSON or of a version not known here."""
    content = json.loads(raw)
    if not isinstance(content, dict) or content.get("v") != VERSION:
        raise ValueError("this is not a leaf of version 1")
    return content


def open_disclosures(disclosures: Iterable[str]) -> dict[str, str | int]:
    """Each digest with the value that it stands for; a false disclosure has a digest of its own."""
    return {digest_of(text): json.loads(_from_base64(text))[2] for text in disclosures}


def digest_of(disclosure: str) -> str:
    """The digest that stands in the leaf for this disclosure (RFC 9901, 4.2.3)."""
    return _to_base64(hashlib.sha256(disclosure.encode("ascii")).digest())


def restore(data: Any, opened: Mapping[str, str | int]) -> Any:
    """The data of a leaf with `$personal` marks instead of digests, `(erased)` where none fits.

    What a leaf does not keep comes back empty: an utterance's template, a secret's reference.
    """
    if isinstance(data, list):
        return [restore(entry, opened) for entry in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {DIGEST_KEY}:
        return {PERSONAL_KEY: opened.get(data[DIGEST_KEY], ERASED)}
    if data.keys() == {SECRET_KEY}:
        return {SECRET_KEY: {"ref": "", **data[SECRET_KEY]}}
    restored = {name: restore(value, opened) for name, value in data.items()}
    if restored.keys() in (_USUAL_UTTERANCE, _UTTERANCE_IN_LEAF):
        restored = {**restored, "template": "", "pace": restored.get("pace", "normal")}
    return restored


def as_recorded(data: Mapping[str, Any]) -> Any:
    """The data as they come back from a leaf whose disclosures are all there.

    Two records are the same to the log when this is equal. Raises ValueError as `encode_leaf` does.
    """
    writer = _Writer(bytes)
    return restore(writer.write(data, None), open_disclosures(writer.disclosures))


def write_time(at: datetime) -> str:
    """UTC with microseconds, `2026-11-24T02:36:36.371042Z`. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot stand in a leaf")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(text: str) -> datetime:
    """The time again, in UTC. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def write_id(at: datetime, random: bytes) -> str:
    """A record's id: a UUID of version 7 (RFC 9562, 5.7) from its time and ten random bytes."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    raw = bytearray(milliseconds.to_bytes(6, "big") + random)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return str(UUID(bytes=bytes(raw)))


def _canonicalise(content: Mapping[str, Any], *, plain_names: bool) -> bytes:
    """RFC 8785. With names of ASCII, and neither floats nor large integers, the encoder of the
    standard library gives the same bytes in a sixth of the time; other names sort differently.
    """
    if not plain_names:
        return rfc8785.dumps(content)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


class _Path(NamedTuple):
    """Where the walk is: a name or index below another place, the root is None."""

    above: _Path | None
    step: str | int


def _show(path: _Path | None) -> str:
    """The place as a JSON Pointer (RFC 6901); the root is a lone slash here."""
    steps = []
    while path is not None:
        steps.append(str(path.step).replace("~", "~0").replace("/", "~1"))
        path = path.above
    return "/" + "/".join(reversed(steps))


class _Writer:
    """One walk over a record's data that leaves out what a leaf must not hold."""

    def __init__(self, salt: Callable[[], bytes]) -> None:
        self._salt = salt
        self.disclosures: list[str] = []
        self.plain_names = True

    def write(self, data: Any, path: _Path | None) -> Any:
        if isinstance(data, str):
            return data if data.isascii() else _normalise(data, path)
        if data is None or isinstance(data, bool):
            return data
        if isinstance(data, int) and abs(data) <= _MAX_INT:
            return data
        if isinstance(data, (dict, Mapping)):  # dict first: the check of Mapping is slow
            return self._write_mapping(data, path)
        if isinstance(data, list | tuple):
            return [self.write(entry, _Path(path, i)) for i, entry in enumerate(data)]
        raise ValueError(f"{_show(path)}: {_describe(data)} cannot stand in a leaf")

    def _write_mapping(self, data: Mapping[str, Any], path: _Path | None) -> dict[str, Any]:
        if PERSONAL_KEY in data:
            return self._write_personal(data, path)
        if SECRET_KEY in data:
            return {SECRET_KEY: self._write_secret(data, path)}
        names: Collection[str] = data.keys()
        if names == _UTTERANCE:
            names = _USUAL_UTTERANCE if data["pace"] == "normal" else _UTTERANCE_IN_LEAF
        written: dict[str, Any] = {}
        for name in names:
            if not isinstance(name, str) or name.startswith("$"):
                raise ValueError(f"{_show(path)}: a name that is reserved cannot stand in a leaf")
            value = self.write(data[name], _Path(path, name))
            if not name.isascii():
                self.plain_names = False
                name = _normalise(name, path)
            written[name] = value
        if len(written) != len(names):
            raise ValueError(f"{_show(path)}: two names are one name in normal form")
        return written

    def _write_personal(self, data: Mapping[str, Any], path: _Path | None) -> dict[str, Any]:
        value = data[PERSONAL_KEY]
        if len(data) != 1 or isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"{_show(path)}: this is not a personal value")
        salt = _to_base64(self._salt())
        try:
            text = json.dumps([salt, _show(path), value], ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError(f"{_show(path)}: a personal value is not Unicode text") from None
        disclosure = _to_base64(text)
        self.disclosures.append(disclosure)
        return {DIGEST_KEY: digest_of(disclosure)}

    def _write_secret(self, data: Mapping[str, Any], path: _Path | None) -> dict[str, Any]:
        secret = data[SECRET_KEY]
        if len(data) == 1 and isinstance(secret, Mapping):
            kept = {name: secret.get(name) for name in ("length", "valid", "reason")}
            match kept:
                case {"length": int(), "valid": bool(), "reason": str() | None}:
                    return {name: self.write(value, path) for name, value in kept.items()}
        raise ValueError(f"{_show(path)}: this is not a secret's reference")


def _normalise(text: str, path: _Path | None) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{_show(path)}: a text is not Unicode text") from None
    return unicodedata.normalize("NFC", text)


def _describe(data: object) -> str:
    return "an integer beyond 2^53" if isinstance(data, int) else f"a {type(data).__name__}"


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
