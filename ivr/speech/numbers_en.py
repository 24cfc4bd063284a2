"""English: numbers, dates and times in words.

Style of CLDR's `en` spell-out rules: no "and", hyphens below one hundred; years 1100 to 1999 in
pairs; times on 24 hours. Must not read text or know about sound.
"""

from __future__ import annotations

from datetime import date

from ivr.speech.grammar import PAUSE, Grammar, Token, Tokens, require_cardinal, split_groups

SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONES = {
    "WIB": "Western Indonesia Time",
    "WITA": "Central Indonesia Time",
    "WIT": "Eastern Indonesia Time",
}
UNITS = {
    "d": ("day", "days"),
    "h": ("hour", "hours"),
    "m": ("minute", "minutes"),
    "s": ("second", "seconds"),
}
SIGNS = {"*": "star", "#": "hash", "+": "plus"}


def cardinal(number: int) -> Tokens:
    """Return the words of `number`, 0 to 10^15. Raises SpeechError beyond."""
    groups = split_groups(require_cardinal(number), 3)
    words: list[str] = []
    for scale, group in reversed(list(enumerate(groups))):
        if group:
            words += [*_hundreds(group), SCALES[scale]]
    return tuple(word for word in words if word) or (SMALL[0],)


def _hundreds(group: int) -> list[str]:
    hundreds, rest = divmod(group, 100)
    head = [SMALL[hundreds], "hundred"] if hundreds else []
    return head + (_tens(rest) if rest else [])


def _tens(rest: int) -> list[str]:
    tens, unit = divmod(rest, 10)
    if rest < 20:
        return [SMALL[rest]]
    return [f"{TENS[tens]}-", SMALL[unit]] if unit else [TENS[tens]]


def ordinal(number: int) -> Tokens:
    """Return "first", "twenty-first", "one hundredth": the last word changes."""
    *rest, last = cardinal(number)
    return (*rest, _order(str(last)))


def _order(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


def calendar(day: date) -> Tokens:
    """Return month, day and year: "March thirty-first, two thousand twenty-six"."""
    return (MONTHS[day.month - 1], *ordinal(day.day), PAUSE, *_year(day.year))


def _year(year: int) -> Tokens:
    if not 1100 <= year <= 1999:
        return cardinal(year)
    return (*cardinal(year // 100), *_minutes(year % 100))


def _minutes(value: int) -> Tokens:
    """Two digits after a pair: "hundred", "oh five", "thirty"."""
    if value == 0:
        return ("hundred",)
    return ("oh", SMALL[value]) if value < 10 else cardinal(value)


def clock(hour: int, minute: int) -> Tokens:
    """Return the time of day on 24 hours: "eight o'clock", "fourteen oh five", "midnight"."""
    if minute:
        return (*cardinal(hour), *_minutes(minute))
    if hour == 0:
        return ("midnight",)
    full: Token = "o'clock" if hour <= 12 else "hundred"
    return (*cardinal(hour), full)


_NUMBERS = {*SMALL, *TENS[2:], *SCALES[1:], "hundred"}
_MARKS = {"minus", "point", "percent", "rupiah", "sen", "ending in", "oh", "o'clock", "midnight"}

GRAMMAR = Grammar(
    language="en",
    cardinal=cardinal,
    ordinal=ordinal,
    calendar=calendar,
    clock=clock,
    digits=SMALL[:10],
    signs=SIGNS,
    weekdays=WEEKDAYS,
    zones=ZONES,
    units=UNITS,
    minus="minus",
    point="point",
    percent="percent",
    rupiah="rupiah",
    sen="sen",
    ending="ending in",
    vocabulary=frozenset(
        _NUMBERS
        | {f"{ten}-" for ten in TENS[2:]}
        | {_order(word) for word in _NUMBERS - {"zero"}}
        | _MARKS
        | {*MONTHS, *WEEKDAYS, *ZONES.values(), *SIGNS.values()}
        | {word for pair in UNITS.values() for word in pair}
    ),
)
