"""How text becomes AGI bytes and back. Must not know any command."""

from __future__ import annotations

from typing import Final

_FORBIDDEN: Final = frozenset("\r\n\0")


def decode(raw: bytes) -> str:
    """Return UTF-8 text, or Latin-1 where the bytes are no UTF-8: a caller's name has no charset.

    Never fails.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def quote(argument: str) -> bytes:
    """Return the argument in quotes, as parse_args() in res/res_agi.c takes them apart.

    Raises ValueError for CR, LF and NUL: a line feed would start a second command. The value is
    never part of the message.
    """
    if not _FORBIDDEN.isdisjoint(argument):
        raise ValueError("an AGI argument holds a line break or NUL")
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    try:
        return b'"' + escaped.encode("utf-8") + b'"'
    except UnicodeEncodeError:
        raise ValueError("an AGI argument is not text") from None
