"""Identifier kinds: how many digits, which of them can be right, how they are written.

Pure. Structure never proves that a number exists, only that it was not mistyped. Rules:

- **NIK**, 16 digits `PP KK CC DDMMYY SSSS`: province, regency, district, birth date (women's day
  plus 40), serial; it has no check digit. The 38 provinces of 2022 are known; regency and district
  only must not be zero, since codes change when areas split and the number does not. Two digits
  leave the century open: a date is right when it is right in the 1900s or in the 2000s.
- **NPWP**, 15 digits `TT.NNN.NNN.C-OOO.BBB`: the ninth is a Luhn digit over the first eight. With
  16 digits, a leading 0 stands before an old number, anything else is a NIK. The tax office
  publishes no rule for the check digit, so a flow must not end at `checksum`: after its tries the
  caller reaches a person like any other.
- **bpjs**, whoever is insured by BPJS Kesehatan: the 13 digits on the card, or a NIK of 16. What
  the card's digits mean is told differently everywhere, so that only their number is checked. 14
  and 15 digits are a NIK that is not complete.
- **case**, our own: eight digits and a Luhn digit. It is what a caller knows as the ticket.
- **phone**: `ivr.flow.phones`. **plate** and **booking_code**: `ivr.flow.plates`; they are keyed
  two keys a letter and stand in variables as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from ivr.flow import phones, plates

KindName: TypeAlias = Literal["nik", "npwp", "bpjs", "case", "phone", "plate", "booking_code"]
"""The identifier kinds, as designers write them under `as`. `KINDS` has a row for each."""

PROVINCES = frozenset(
    tens + unit
    for tens, units in {10: 9, 20: 1, 30: 6, 50: 3, 60: 5, 70: 6, 80: 2, 90: 6}.items()
    for unit in range(1, units + 1)
)
"""The first two digits of a NIK, as the Ministry of Home Affairs numbers the provinces."""


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of an identifier kind. `reasons` are all that `check` can return.

    `lengths` and `check` are about the keys that were pressed. `read` makes of them what is
    written, `written` checks that form, None when it is the same as the keys; `normal` is the one
    way of writing it. `speak` is the speech kind that reads it out.
    """

    lengths: tuple[int, int]
    reasons: tuple[str, ...]
    check: Callable[[str], str | None]
    groups: Mapping[int, tuple[int, ...]]
    speak: str = "digits"
    read: Callable[[str], str] = _as_it_is
    written: Callable[[str], str | None] | None = None
    normal: Callable[[str], str] = _as_it_is


def luhn_digit(digits: str) -> str:
    """The Luhn check digit that belongs behind `digits` (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - index % 2)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def _check_nik(digits: str) -> str | None:
    if int(digits[:2]) not in PROVINCES:
        return "province"
    if digits[2:4] == "00":
        return "regency"
    if digits[4:6] == "00":
        return "district"
    if not _is_birth_date(int(digits[6:8]), int(digits[8:10]), int(digits[10:12])):
        return "date"
    return "serial" if digits[12:] == "0000" else None


def _is_birth_date(day: int, month: int, year: int) -> bool:
    day = day - 40 if day > 40 else day
    return any(_is_date(century + year, month, day) for century in (1900, 2000))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _check_npwp(digits: str) -> str | None:
    if len(digits) == 16 and digits[0] != "0":
        return _check_nik(digits)
    old = digits[-15:]
    return None if luhn_digit(old[:8]) == old[8] else "checksum"


def _check_bpjs(digits: str) -> str | None:
    if len(digits) == 13:
        return None
    return _check_nik(digits) if len(digits) == 16 else "short"


def _check_case(digits: str) -> str | None:
    return None if luhn_digit(digits[:-1]) == digits[-1] else "checksum"


def _normalise_npwp(digits: str) -> str:
    return f"0{digits}" if len(digits) == 15 else digits


_NIK_REASONS = ("short", "long", "province", "regency", "district", "date", "serial")

KINDS: Mapping[str, Kind] = {
    "nik": Kind((16, 16), _NIK_REASONS, _check_nik, {16: (4, 4, 4, 4)}, "nik"),
    "npwp": Kind(
        (15, 16),
        (*_NIK_REASONS, "checksum"),
        _check_npwp,
        {15: (2, 3, 3, 1, 3, 3), 16: (4, 4, 4, 4)},
        "npwp",
        normal=_normalise_npwp,
    ),
    "bpjs": Kind((13, 16), _NIK_REASONS, _check_bpjs, {13: (4, 4, 5), 16: (4, 4, 4, 4)}),
    "case": Kind((9, 9), ("short", "long", "checksum"), _check_case, {9: (3, 3, 3)}),
    "phone": Kind(
        phones.LENGTHS,
        phones.REASONS,
        phones.check_phone,
        {},
        "phone",
        phones.normalise_phone,
        phones.check_phone,
        phones.normalise_phone,
    ),
    "plate": Kind(
        plates.PLATE_LENGTHS,
        plates.PLATE_REASONS,
        plates.check_plate,
        {},
        "plate",
        plates.read_plate,
        plates.check_written_plate,
        plates.normalise_plate,
    ),
    "booking_code": Kind(
        plates.CODE_LENGTHS,
        plates.CODE_REASONS,
        plates.check_code,
        {},
        "code",
        plates.read_code,
        plates.check_written_code,
        plates.normalise_code,
    ),
}


def lengths(kind: str) -> tuple[int, int]:
    """The least and the most digits of a kind. Raises KeyError for an unknown kind."""
    return KINDS[kind].lengths


def reasons(kind: str | None) -> tuple[str, ...]:
    """Why digits can be refused; with None, for digits of which only the number is known."""
    return KINDS[kind].reasons if kind is not None else ("short", "long")


def check(kind: str, digits: str) -> str | None:
    """Why `digits` cannot be right, one of `reasons(kind)`; None when they can.

    Anything that is not an ASCII digit counts as missing. Raises KeyError for an unknown kind.
    """
    least, most = KINDS[kind].lengths
    if len(digits) < least or not (digits.isascii() and digits.isdigit()):
        return "short"
    return "long" if len(digits) > most else KINDS[kind].check(digits)


def judge(digits: str, least: int, most: int, kind: str | None) -> str | None:
    """Why digits that may have `least` to `most` places cannot be right, None when they can.

    `kind` None: the length is all that is known of them.
    """
    if not least <= len(digits) <= most:
        return "short" if len(digits) < least else "long"
    return None if kind is None else check(kind, digits)


def check_written(kind: str, text: str) -> str | None:
    """The same for the written form, as tables have it: `B 1234 XYZ`, `+62 812-3456-7890`."""
    own = KINDS[kind].written
    return check(kind, text) if own is None else own(text)


def read(kind: str | None, keys: str) -> str:
    """What accepted keys stand for: a telephone number with its 0, a plate in letters."""
    return keys if kind is None else KINDS[kind].read(keys)


def normalise(kind: str, written: str) -> str:
    """The one way of writing an identifier: an NPWP of 15 digits gets its leading 0."""
    return KINDS[kind].normal(written)


def group(kind: str, digits: str) -> tuple[str, ...]:
    """The digits in their customary groups; in one piece when their number is not customary."""
    widths = KINDS[kind].groups.get(len(digits), (len(digits),))
    ends = [sum(widths[: index + 1]) for index in range(len(widths))]
    return tuple(digits[end - width : end] for end, width in zip(ends, widths, strict=True))
