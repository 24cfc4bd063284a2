"""Where a string of digits or letters is paused when it is read out.

Pure text: values come in as written by a lookup or a caller ("0812-3456-7890", "B 1234 XYZ") and
leave as groups of characters. Groups that the value itself shows are kept where the kind has no
customary ones. Errors never quote the value, which may be about a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.errors import SpeechError

Groups = tuple[str, ...]

_SEPARATORS = re.compile(r"[\s.\-/()]+")
_SHORT_AREA_CODES = ("021", "022", "024", "031", "061")  # Jakarta, Bandung, Semarang, Surabaya …
_PLATE = re.compile(r"([A-Z]{1,2})(\d{1,4})([A-Z]{1,3})")


def group_digits(value: str) -> Groups:
    """Return the groups written in `value`, else 3-3-3 and so on; telephone signs are allowed."""
    if not re.fullmatch(r"[\d*#\s.\-/()]*[\d*#][\d*#\s.\-/()]*", value, re.ASCII):
        raise refuse("a string of digits", "Use the digits 0 to 9, * and # only.")
    parts = [part for part in _SEPARATORS.split(value) if part]
    return tuple(parts) if len(parts) > 1 else _cut(parts[0], _widths(len(parts[0])))


def group_phone(value: str) -> Groups:
    """Return the groups of a telephone number: mobile 4-4-rest, landline area-3-rest."""
    number = _SEPARATORS.sub("", value)
    if not re.fullmatch(r"\+?[0-9]{2,15}", number):
        raise refuse("a telephone number", "Use 2 to 15 digits, with + in front or not.")
    number = f"0{number[3:]}" if number.startswith("+62") else number
    if number.startswith("+"):
        return ("+", *_cut(number[1:], _widths(len(number) - 1)))
    if number.startswith(("08", "1500")) and len(number) > 4:
        return _cut(number, _mobile_widths(len(number)))
    if number.startswith("0") and len(number) >= 7:
        area = 3 if number.startswith(_SHORT_AREA_CODES) else 4
        rest = len(number) - area
        halves = [rest // 2, rest - rest // 2] if rest > 4 else [rest]
        return _cut(number, [area, *halves])
    return _cut(number, _widths(len(number)))


def group_npwp(value: str) -> Groups:
    """Return the groups of a tax number: 15 digits as 2-3-3-1-3-3, 16 digits in fours."""
    digits = _SEPARATORS.sub("", value)
    if not re.fullmatch(r"[0-9]{15,16}", digits):
        raise refuse("an NPWP", "An NPWP has 15 or 16 digits.")
    return _cut(digits, [2, 3, 3, 1, 3, 3] if len(digits) == 15 else [4, 4, 4, 4])


def group_nik(value: str) -> Groups:
    """Return the four groups of four digits of a NIK."""
    digits = _SEPARATORS.sub("", value)
    if not re.fullmatch(r"[0-9]{16}", digits):
        raise refuse("a NIK", "A NIK has 16 digits.")
    return _cut(digits, [4, 4, 4, 4])


def take_last_four(value: str) -> str:
    """Return the last four letters or digits."""
    characters = _SEPARATORS.sub("", value).upper()
    if not re.fullmatch(r"[0-9A-Z]{4,}", characters):
        raise refuse("a number with four last digits", "Give at least four digits or letters.")
    return characters[-4:]


def group_plate(value: str) -> Groups:
    """Return region letters, number and series of a vehicle plate."""
    plate = _PLATE.fullmatch(_SEPARATORS.sub("", value).upper())
    if plate is None:
        raise refuse("a vehicle plate", "Write it like B 1234 XYZ.")
    return plate.groups()


def group_letters(value: str) -> Groups:
    """Return the words of `value` in capitals, to be spelt letter by letter."""
    words = tuple(word for word in _SEPARATORS.split(value.upper()) if word)
    if not words or not all(re.fullmatch(r"[0-9A-Z]+", word) for word in words):
        raise refuse("a text to spell", "Use the letters A to Z and digits only.")
    return words


def refuse(what: str, remedy: str) -> SpeechError:
    """Return the error for a value of the wrong form, without the value."""
    return SpeechError(f"this value cannot be spoken as {what}", remedy=remedy)


def _widths(length: int) -> list[int]:
    """Groups of three and a last one of 2 to 4; groups of four where only they come out even."""
    if length % 4 == 0 and length % 3:
        return [4] * (length // 4)
    threes, rest = divmod(length, 3)
    if rest == 1 and threes:
        return [*[3] * (threes - 1), 4]
    return [*[3] * threes, *([rest] if rest else [])]


def _mobile_widths(length: int) -> list[int]:
    middle = 3 if length in (10, 11) else 4
    return [4, *([middle, length - 4 - middle] if length > 8 else [length - 4])]


def _cut(text: str, widths: Sequence[int]) -> Groups:
    ends = [sum(widths[: index + 1]) for index in range(len(widths))]
    return tuple(text[end - width : end] for end, width in zip(ends, widths, strict=True))
