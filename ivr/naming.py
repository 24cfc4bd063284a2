"""New names: calls, references, case numbers. The only place where they are drawn."""

from __future__ import annotations

import secrets
import time

from ivr.flow.identifiers import luhn_digit

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, which ULIDs are written in (github.com/ulid/spec)."""


def new_ulid() -> str:
    """A ULID: 26 letters, sorted by the millisecond of their making, 80 bits of chance."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def draw_case_number() -> str:
    """Eight random digits and their Luhn digit; the first is not zero, so that none gets lost."""
    digits = str(secrets.randbelow(90_000_000) + 10_000_000)
    return digits + luhn_digit(digits)
