"""Vehicle plates and booking codes: letters and digits, keyed two keys for each (`letters`).

- **plate**: region letters, a number of 1 to 4 digits that does not begin with 0, and 1 to 3
  letters of the series, `B 1234 XYZ`. The region letters are those of the Indonesian police; plates
  of diplomats (CD, CC), of the state (RI) and of the forces are not covered.
- **booking_code**: six capitals and digits as airlines give them; the railways give seven too.

Pure. Written forms are what tables, prompts and other services use.
"""

from __future__ import annotations

import re

from ivr.flow.letters import decode

_REGION_PAIRS = {
    "A": "ABDEG",
    "B": "ABDEGHKLMNP",
    "D": "ABCDEGHKLMNPRSTW",
    "E": "ABD",
    "K": "BHTU",
    "P": "ABGSTY",
}
REGIONS = frozenset("ABDEFGHKLMNPRSTWZ") | {
    first + second for first, seconds in _REGION_PAIRS.items() for second in seconds
}
"""The letters in front of a plate."""

PLATE_LENGTHS = (6, 18)
PLATE_REASONS = ("short", "long", "letter", "form", "region")
"""`letter`: two keys stand for nothing; `form`: not letters, number, letters in that order."""

CODE_LENGTHS = (12, 14)
CODE_REASONS = ("short", "long", "letter")

_PLATE = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,3})([A-Z]{1,3})")
_SEPARATORS = re.compile(r"[\s.\-]+")


def read_plate(keys: str) -> str:
    """The plate as it is written, `B 1234 XYZ`. For keys that `check_plate` accepts."""
    return normalise_plate(decode(keys) or "")


def normalise_plate(written: str) -> str:
    """Capitals, and a space between the parts; what is no plate only loses its spaces."""
    plate = normalise_code(written)
    parts = _PLATE.fullmatch(plate)
    return " ".join(parts.groups()) if parts else plate


def check_plate(keys: str) -> str | None:
    """Why these keys are no plate, one of `PLATE_REASONS`; None when they are."""
    if len(keys) % 2:
        return "short"
    plate = decode(keys)
    return "letter" if plate is None else check_written_plate(plate)


def check_written_plate(written: str) -> str | None:
    """The same for a plate in letters and digits."""
    parts = _PLATE.fullmatch(normalise_code(written))
    if parts is None:
        return "form"
    return None if parts[1] in REGIONS else "region"


def read_code(keys: str) -> str:
    """The booking code as it is written. For keys that `check_code` accepts."""
    return decode(keys) or ""


def normalise_code(written: str) -> str:
    """Capitals without spaces."""
    return _SEPARATORS.sub("", written).upper()


def check_code(keys: str) -> str | None:
    """Why these keys are no booking code, one of `CODE_REASONS`; None when they are."""
    if len(keys) % 2:
        return "short"
    return "letter" if decode(keys) is None else None


def check_written_code(written: str) -> str | None:
    """The same for a code in letters and digits."""
    code = normalise_code(written)
    if not 6 <= len(code) <= 7:
        return "short" if len(code) < 6 else "long"
    return None if re.fullmatch("[0-9A-Z]+", code) else "letter"
