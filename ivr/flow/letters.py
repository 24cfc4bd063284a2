"""Letters and digits on the keypad of any telephone: two keys for each of them.

A letter is the key that it stands on and its place there (A is 21, S is 74, Z is 94), a digit is 0
and the digit (7 is 07). So every sign has the same length, no sign is another one's beginning, and
nothing depends on how fast somebody presses. Letters stand on keys as ITU-T E.161 says.
"""

from __future__ import annotations

from collections.abc import Mapping

_ON_KEYS = {
    "2": "ABC",
    "3": "DEF",
    "4": "GHI",
    "5": "JKL",
    "6": "MNO",
    "7": "PQRS",
    "8": "TUV",
    "9": "WXYZ",
}

SIGNS: Mapping[str, str] = {
    **{f"0{digit}": digit for digit in "0123456789"},
    **{
        f"{key}{place}": letter
        for key, letters in _ON_KEYS.items()
        for place, letter in enumerate(letters, start=1)
    },
}
"""What two keys stand for."""

_KEYS = {sign: keys for keys, sign in SIGNS.items()}


def decode(keys: str) -> str | None:
    """The letters and digits that were keyed, None when two of the keys stand for nothing.

    A last key without its second one stands for nothing too.
    """
    signs = [SIGNS.get(keys[at : at + 2]) for at in range(0, len(keys), 2)]
    known = [sign for sign in signs if sign is not None]
    return "".join(known) if len(known) == len(signs) else None


def encode(written: str) -> str:
    """The keys for capitals and digits. Raises KeyError for another sign."""
    return "".join(_KEYS[sign] for sign in written)
