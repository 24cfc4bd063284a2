"""A search for texts that must not be written, however they hide."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path


def disguises(text: str) -> Iterator[bytes]:
    """The text as it might hide: as it is, in hex, escaped, and in Base64 at each alignment."""
    raw = text.encode()
    yield from (raw, text.encode("utf-16-le"), raw.hex().encode(), ascii(text)[1:-1].encode())
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        middle = coded[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
        yield from (middle, middle.replace(b"+", b"-").replace(b"/", b"_"))


def find_leaks(data: bytes, words: Iterable[str]) -> list[str]:
    """Those of the words that stand in the data in any disguise."""
    return [word for word in words if any(form in data for form in disguises(word))]


def find_spread(data: bytes, words: Iterable[str]) -> list[str]:
    """Those whose characters stand in the data one by one with up to three others in between."""
    gap = rb"[^0-9]{1,3}"
    return [word for word in words if re.search(gap.join(map(re.escape, _bytes(word))), data)]


def _bytes(word: str) -> list[bytes]:
    return [letter.encode() for letter in word]


def list_files(*places: Path) -> list[Path]:
    """Every file below, once; a link to a directory is not followed."""
    found = {path.resolve() for place in places for path in place.rglob("*") if path.is_file()}
    return sorted(found)
