"""Indonesian telephone numbers: which can be right, and the one way of writing them.

Rules (the numbering plan as the National Fundamental Technical Plan has it, in broad lines):

- A mobile number is 08 and 8 to 11 more digits. 080 is no mobile number but a service (0800, 0809).
- A fixed number is an area code and a subscriber's number that begins with 2 to 9. The large cities
  have an area code of two digits after the 0 (021, 022, 024, 031, 061) and 7 or 8 digits behind it;
  elsewhere the code has three digits, and 5 to 8 digits stand behind it.
- +62, or 62 on a keypad, stands for the 0. Many then press the 0 all the same: it is left out.
- Which operator or town a number belongs to is not asked: blocks are given out anew, and a true
  number must not be refused because a table is old.

Written as people do, with the 0 in front: 081234567890, 0215551234. Pure.
"""

from __future__ import annotations

import re

SHORT_AREAS = ("021", "022", "024", "031", "061")
"""Jakarta, Bandung, Semarang, Surabaya, Medan: area codes of two digits after the 0."""

LENGTHS = (9, 15)
"""Least and most keys: a short fixed number; 62, a needless 0, and the longest mobile number."""

REASONS = ("short", "long", "prefix", "subscriber")

_SEPARATORS = re.compile(r"[\s.\-/()]+")


def normalise_phone(written: str) -> str:
    """The number with its 0 in front. What is no Indonesian number stays as it is."""
    digits = _SEPARATORS.sub("", written).removeprefix("+")
    return f"0{digits[2:].removeprefix('0')}" if digits.startswith("62") else digits


def check_phone(written: str) -> str | None:
    """Why this cannot be a telephone number, one of `REASONS`; None when it can."""
    number = normalise_phone(written)
    if not re.fullmatch("[0-9]+", number):
        return "short"
    if number.startswith("08"):
        return "prefix" if number[2:3] == "0" else _check_length(number, 10, 13)
    if not re.fullmatch("0[2-79].*", number):
        return "prefix"
    area = 3 if number.startswith(SHORT_AREAS) else 4
    least, most = (10, 11) if area == 3 else (9, 12)
    if number[area : area + 1] in ("0", "1"):
        return "subscriber"
    return _check_length(number, least, most)


def _check_length(number: str, least: int, most: int) -> str | None:
    if len(number) < least:
        return "short"
    return "long" if len(number) > most else None
