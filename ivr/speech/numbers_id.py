"""Indonesian: numbers, dates and times in words.

Rules after the Kamus Besar Bahasa Indonesia and the spelling guide EYD V: 0 is "nol" (never
"kosong"), one thousand is "seribu" wherever it stands, half hours are told in minutes (never
"setengah tiga", which is 02.30). Must not read text or know about sound.
"""

from __future__ import annotations

from datetime import date

from ivr.speech.grammar import Grammar, Token, Tokens, require_cardinal, split_groups

DIGITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
SCALES = ("", "ribu", "juta", "miliar", "triliun", "kuadriliun")
MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
ZONES = {
    "WIB": "Waktu Indonesia Barat",
    "WITA": "Waktu Indonesia Tengah",
    "WIT": "Waktu Indonesia Timur",
}
UNITS = {
    "d": ("hari", "hari"),
    "h": ("jam", "jam"),
    "m": ("menit", "menit"),
    "s": ("detik", "detik"),
}
SIGNS = {"*": "bintang", "#": "pagar", "+": "plus"}


def cardinal(number: int) -> Tokens:
    """Return the words of `number`, 0 to 10^15. Raises SpeechError beyond."""
    groups = split_groups(require_cardinal(number), 3)
    words: list[str] = []
    for scale, group in reversed(list(enumerate(groups))):
        if group == 1 and scale == 1:
            words.append("seribu")
        elif group:
            words += [*_hundreds(group), SCALES[scale]]
    return tuple(word for word in words if word) or (DIGITS[0],)


def _hundreds(group: int) -> list[str]:
    hundreds, rest = divmod(group, 100)
    head = [] if not hundreds else ["seratus"] if hundreds == 1 else [DIGITS[hundreds], "ratus"]
    return head + _tens(rest)


def _tens(rest: int) -> list[str]:
    tens, unit = divmod(rest, 10)
    if rest < 10:
        return [DIGITS[rest]] if rest else []
    if rest < 12:
        return ["sepuluh" if rest == 10 else "sebelas"]
    if tens == 1:
        return [DIGITS[unit], "belas"]
    return [DIGITS[tens], "puluh", *_tens(unit)]


def ordinal(number: int) -> Tokens:
    """Return "pertama", "kedua", "kedua puluh satu": "ke" is written with the first word."""
    first, *rest = cardinal(number)
    return ("pertama",) if number == 1 else (f"ke{first}", *rest)


def calendar(day: date) -> Tokens:
    """Return day, month and the year in full."""
    return (*cardinal(day.day), MONTHS[day.month - 1], *cardinal(day.year))


def clock(hour: int, minute: int) -> Tokens:
    """Return the time of day on 24 hours: "pukul empat belas lewat lima menit"."""
    past: tuple[Token, ...] = ("lewat", *cardinal(minute), "menit") if minute else ()
    return ("pukul", *cardinal(hour), *past)


_NUMBERS = {*DIGITS, *SCALES[1:], "sepuluh", "sebelas", "belas", "puluh", "ratus"}
_NUMBERS |= {"seratus", "seribu"}
_FIRST = _NUMBERS - {"nol", "belas", "puluh", "ratus", *SCALES}  # words that a number begins with
_MARKS = {"pertama", "minus", "koma", "persen", "rupiah", "sen", "berakhiran", "pukul", "lewat"}

GRAMMAR = Grammar(
    language="id",
    cardinal=cardinal,
    ordinal=ordinal,
    calendar=calendar,
    clock=clock,
    digits=DIGITS,
    signs=SIGNS,
    weekdays=WEEKDAYS,
    zones=ZONES,
    units=UNITS,
    minus="minus",
    point="koma",
    percent="persen",
    rupiah="rupiah",
    sen="sen",
    ending="berakhiran",
    vocabulary=frozenset(
        _NUMBERS
        | {f"ke{word}" for word in _FIRST}
        | _MARKS
        | {*MONTHS, *WEEKDAYS, *ZONES.values(), *SIGNS.values()}
        | {word for pair in UNITS.values() for word in pair}
    ),
)
