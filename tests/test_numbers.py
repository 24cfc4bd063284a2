"""Values in words: vectors, what is refused, and the way back by an independent reader."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ivr.errors import SpeechError
from ivr.speech.grammar import LIMIT, Pause, write
from ivr.speech.kinds import GRAMMARS, KINDS, speak, vocabulary

VECTORS = [
    tuple(line.split("|"))
    for line in (Path(__file__).parent / "data/speech/vectors.txt").read_text().splitlines()
    if not line.startswith("#")
]
LANGUAGES = ("id", "en")


def say(language: str, kind: str, value: str) -> str:
    return write(speak(language, kind, value))


@pytest.mark.parametrize(("kind", "value", "indonesian", "english"), VECTORS)
def test_vectors(kind: str, value: str, indonesian: str, english: str) -> None:
    assert (say("id", kind, value), say("en", kind, value)) == (indonesian, english)


def test_every_kind_has_a_vector() -> None:
    assert {kind for kind, *_ in VECTORS} == set(KINDS)


def test_indonesian_never_says_the_condemned_words() -> None:
    words = {part for token in vocabulary("id") for part in token.split()}
    assert "nol" in words
    assert not words & {"setengah", "kosong", "milyar", "sejuta"}


REFUSED = [
    ("number", ("", "abc", "1e5", "1,5", "1.500.000", "--1", "+1", "٣", "9" * 31)),
    ("number", (str(LIMIT + 1), f"-{LIMIT + 1}")),
    ("ordinal", ("0", "-1", "1.5", str(LIMIT + 1))),
    ("rupiah", ("1.005", "Rp1000")),
    ("date", ("2026-02-29", "31-03-2026", "2026-3-31", "0000-01-01", "")),
    ("weekday_date", ("2026-13-01",)),
    ("time", ("24:00", "14:60", "14", "14:05 CET")),
    ("duration", ("", "95", "min", "1h and 5m", "-5 min")),
    ("digits", ("", "12a", " ", "-")),
    ("phone", ("", "0", "08x", "1" * 16, "+")),
    ("npwp", ("12345678901234", "12345678901234567", "02183241500000A")),
    ("nik", ("320101550895000", "32010155089500011")),
    ("last4", ("123", "")),
    ("plate", ("1234", "ABC 1234 D", "B 12345 A")),
    ("spell", ("", "é", "!")),
    ("code", ("", "K7*")),
    ("text", ("", "  ", "…")),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "values"), REFUSED)
def test_wrong_forms_are_refused_without_quoting_the_value(
    language: str, kind: str, values: tuple[str, ...]
) -> None:
    for value in values:
        with pytest.raises(SpeechError) as caught:
            speak(language, kind, value)
        assert caught.value.remedy
        assert len(value) < 5 or value not in str(caught.value)


def test_unknown_language_and_kind_name_what_there_is() -> None:
    with pytest.raises(SpeechError, match="en, id"):
        speak("jv", "number", "1")
    with pytest.raises(SpeechError, match="rupiah"):
        speak("id", "money", "1")


# The way back: two small readers that share nothing with the speaker but the language.

ID_DIGITS = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"]
ID_WHOLE = {"sepuluh": 10, "sebelas": 11, "seratus": 100}
ID_TIMES = {"puluh": 10, "ratus": 100}
ID_SCALES = {"ribu": 3, "juta": 6, "miliar": 9, "triliun": 12, "kuadriliun": 15}


def read_indonesian(text: str) -> int:
    total = group = digit = 0
    for word in text.split():
        if word in ID_SCALES:
            total += (group + digit) * 10 ** ID_SCALES[word]
            group = digit = 0
        elif word == "seribu":
            total += 1000
        elif word == "belas":
            group, digit = group + digit + 10, 0
        elif word in ID_TIMES:
            group, digit = group + digit * ID_TIMES[word], 0
        elif word in ID_WHOLE:
            group += ID_WHOLE[word]
        else:
            digit = ID_DIGITS.index(word)
    return total + group + digit


EN_SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
]
EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
EN_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15}


def read_english(text: str) -> int:
    total = group = 0
    for word in text.replace("-", " ").split():
        if word in EN_SCALES:
            total, group = total + group * 10 ** EN_SCALES[word], 0
        elif word == "hundred":
            group *= 100
        elif word in EN_TENS:
            group += 20 + 10 * EN_TENS.index(word)
        else:
            group += EN_SMALL.index(word)
    return total + group


READERS: dict[str, Callable[[str], int]] = {"id": read_indonesian, "en": read_english}
CARDINALS = st.one_of(
    st.integers(0, LIMIT),
    st.integers(0, 15).flatmap(lambda power: st.integers(0, 10**power)),
    st.lists(st.sampled_from([0, 1, 10, 11, 100, 101, 111, 999]), min_size=1, max_size=5).map(
        lambda groups: sum(group * 1000**place for place, group in enumerate(groups))
    ),
)


@pytest.mark.parametrize("language", LANGUAGES)
@given(number=CARDINALS)
def test_a_spoken_cardinal_reads_back_as_itself(language: str, number: int) -> None:
    assert READERS[language](say(language, "number", str(number))) == number


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_to_two_thousand_reads_back(language: str) -> None:
    assert [READERS[language](say(language, "number", str(n))) for n in range(2001)] == list(
        range(2001)
    )


def _amounts(places: int) -> SearchStrategy[str]:
    return st.decimals(-LIMIT, LIMIT, places=places).map(lambda amount: f"{amount:f}")


def _digits(low: int, high: int) -> SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high)


_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
VALUES: dict[str, SearchStrategy[str]] = {
    "number": _amounts(3),
    "ordinal": st.integers(1, LIMIT).map(str),
    "percent": _amounts(1),
    "rupiah": _amounts(2),
    "date": st.dates().map(datetime.date.isoformat),
    "weekday_date": st.dates().map(datetime.date.isoformat),
    "time": st.tuples(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["", " WITA"])).map(
        lambda time: f"{time[0]:02}:{time[1]:02}{time[2]}"
    ),
    "duration": st.integers(0, 10**9 - 1).map(lambda seconds: f"{seconds} s"),
    "digits": st.text("0123456789*#", min_size=1, max_size=20),
    "phone": _digits(2, 15),
    "npwp": _digits(15, 16),
    "nik": _digits(16, 16),
    "last4": _digits(4, 22),
    "plate": st.from_regex(r"[A-Z]{1,2} ?[0-9]{1,4} ?[A-Z]{1,3}", fullmatch=True),
    "spell": st.text(_CAPITALS, min_size=1, max_size=9),
    "code": st.text(_CAPITALS + "0123456789", min_size=1, max_size=9),
}
READ_OUT = ("digits", "phone", "npwp", "nik", "code")  # every character is spoken, in order


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_the_vocabulary_is_closed(language: str, kind: str, data: st.DataObject) -> None:
    tokens = speak(language, kind, data.draw(VALUES[kind]))
    words = [token for token in tokens if not isinstance(token, Pause)]
    assert words
    assert set(words) <= vocabulary(language)
    assert not isinstance(tokens[0], Pause)
    assert not isinstance(tokens[-1], Pause)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", READ_OUT)
@given(data=st.data())
def test_nothing_is_left_out_of_what_is_read_out(
    language: str, kind: str, data: st.DataObject
) -> None:
    value = data.draw(VALUES[kind])
    grammar = GRAMMARS[language]
    names = dict(zip(grammar.digits, "0123456789", strict=True))
    names |= {word: sign for sign, word in grammar.signs.items()}
    tokens = speak(language, kind, value)
    assert "".join(names.get(t, t) for t in tokens if not isinstance(t, Pause)) == value
