"""How a value of each kind is spoken: canonical text in, tokens out.

A third language is one module with a `Grammar` and one line in `GRAMMARS`. Must not know about
sound. Errors never quote the value, which may be about a person.

Canonical texts: number, percent and rupiah "-1250500.50"; ordinal "11"; dates "2026-03-31"; time
"14:05" or "14:05 WIB"; duration "95 min", "1h 30m", "14d".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from itertools import chain

from ivr.errors import SpeechError
from ivr.speech import groups, numbers_en, numbers_id
from ivr.speech.grammar import PAUSE, Grammar, Token, Tokens

GRAMMARS: Mapping[str, Grammar] = {
    grammar.language: grammar for grammar in (numbers_id.GRAMMAR, numbers_en.GRAMMAR)
}
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

_DECIMAL = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,15}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::[0-5][0-9])?(?: ?([A-Z]+))?")
_SPAN = re.compile(r"([0-9]{1,9}) ?(days?|d|hours?|h|min(?:ute)?s?|m|sec(?:ond)?s?|s) *")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def find_grammar(language: str) -> Grammar:
    """Return the grammar of `language` ("id", "en"). Raises SpeechError when there is none."""
    if language not in GRAMMARS:
        raise SpeechError(
            f"there is no grammar for the language {language!r}",
            remedy=f"Values can be spoken in: {', '.join(sorted(GRAMMARS))}.",
        )
    return GRAMMARS[language]


def vocabulary(language: str) -> frozenset[str]:
    """Return every token that a value other than `text` can need in `language`."""
    return find_grammar(language).vocabulary | LETTERS


def speak(language: str, kind: str, value: str) -> Tokens:
    """Return the tokens of `value`. Raises SpeechError when it has not the form of its kind."""
    grammar = find_grammar(language)
    if kind not in KINDS:
        raise SpeechError(
            f"there is no kind of value {kind!r}", remedy=f"Kinds are: {', '.join(KINDS)}."
        )
    return KINDS[kind](grammar, value.strip())


def _number(grammar: Grammar, value: str) -> Tokens:
    minus, whole, fraction = _split_decimal(value)
    digits = [grammar.digits[int(digit)] for digit in fraction]
    sign = (grammar.minus,) if minus else ()
    return (*sign, *grammar.cardinal(whole), *([grammar.point, *digits] if digits else ()))


def _split_decimal(value: str) -> tuple[bool, int, str]:
    match = _DECIMAL.fullmatch(value)
    if match is None:
        raise groups.refuse("a number", "Write it with a full stop for decimals, like -1250.5.")
    whole, fraction = int(match[2]), match[3] or ""
    return bool(match[1]) and (whole > 0 or bool(fraction.strip("0"))), whole, fraction


def _ordinal(grammar: Grammar, value: str) -> Tokens:
    if not re.fullmatch(r"0*[1-9][0-9]{0,29}", value, re.ASCII):
        raise groups.refuse("an ordinal", "Write a whole number from 1.")
    return grammar.ordinal(int(value))


def _percent(grammar: Grammar, value: str) -> Tokens:
    return (*_number(grammar, value), grammar.percent)


def _rupiah(grammar: Grammar, value: str) -> Tokens:
    minus, whole, fraction = _split_decimal(value)
    if len(fraction.rstrip("0")) > 2:
        raise groups.refuse("an amount of rupiah", "Give at most two decimals: they are sen.")
    sen = int(f"{fraction:0<2}"[:2])
    sign = (grammar.minus,) if minus else ()
    amount = (*grammar.cardinal(whole), grammar.rupiah) if whole or not sen else ()
    return (*sign, *amount, *((*grammar.cardinal(sen), grammar.sen) if sen else ()))


def _read_date(value: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise groups.refuse("a date", "Write a real date as 2026-03-31.")


def _date(grammar: Grammar, value: str) -> Tokens:
    return grammar.calendar(_read_date(value))


def _weekday_date(grammar: Grammar, value: str) -> Tokens:
    day = _read_date(value)
    return (grammar.weekdays[day.weekday()], PAUSE, *grammar.calendar(day))


def _time(grammar: Grammar, value: str) -> Tokens:
    match = _TIME.fullmatch(value)
    if match is None or (match[3] and match[3] not in grammar.zones):
        zones = ", ".join(grammar.zones)
        raise groups.refuse("a time", f"Write 14:05, with one of the zones {zones} or none.")
    zone = (grammar.zones[match[3]],) if match[3] else ()
    return (*grammar.clock(int(match[1]), int(match[2])), *zone)


def _duration(grammar: Grammar, value: str) -> Tokens:
    spans = _SPAN.findall(value)
    if not spans or _SPAN.sub("", value):
        raise groups.refuse("a duration", "Write it like 95 min, 1h 30m or 14d.")
    seconds = sum(int(amount) * _SECONDS[unit[0]] for amount, unit in spans)
    words: list[Token] = []
    for unit, size in _SECONDS.items():
        amount, seconds = divmod(seconds, size)
        if amount or (unit == spans[-1][1][0] and not seconds and not words):
            words += [*grammar.cardinal(amount), grammar.units[unit][amount != 1]]
    return tuple(words)


def _characters(grammar: Grammar, text: str) -> Tokens:
    spoken = {str(number): word for number, word in enumerate(grammar.digits)}
    return tuple((spoken | dict(grammar.signs)).get(character, character) for character in text)


def _in_groups(group: Callable[[str], tuple[str, ...]]) -> Callable[[Grammar, str], Tokens]:
    def say(grammar: Grammar, value: str) -> Tokens:
        parts = [(PAUSE, *_characters(grammar, part)) for part in group(value)]
        return tuple(chain.from_iterable(parts))[1:]

    return say


def _last_four(grammar: Grammar, value: str) -> Tokens:
    return (grammar.ending, *_characters(grammar, groups.take_last_four(value)))


def _text(_: Grammar, value: str) -> Tokens:
    words = " ".join(value.split())
    if not any(character.isalnum() for character in words):
        raise groups.refuse("text", "Give at least one letter or digit.")
    return (words,)


def _code(value: str) -> tuple[str, ...]:
    return tuple("".join(groups.group_letters(value)))


KINDS: Mapping[str, Callable[[Grammar, str], Tokens]] = {
    "number": _number,
    "ordinal": _ordinal,
    "percent": _percent,
    "rupiah": _rupiah,
    "date": _date,
    "weekday_date": _weekday_date,
    "time": _time,
    "duration": _duration,
    "digits": _in_groups(groups.group_digits),
    "phone": _in_groups(groups.group_phone),
    "npwp": _in_groups(groups.group_npwp),
    "nik": _in_groups(groups.group_nik),
    "last4": _last_four,
    "plate": _in_groups(groups.group_plate),
    "spell": _in_groups(groups.group_letters),
    "code": _in_groups(_code),
    "text": _text,
}
