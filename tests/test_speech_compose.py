"""From utterances to clips, and from templates to the clips that they may need."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Personal
from ivr.errors import SpeechError
from ivr.speech.compose import (
    COMMA_MS,
    GROUP_MS,
    SENTENCE_MS,
    Clip,
    Piece,
    Silence,
    compose,
    list_clips,
    list_vocabulary,
    read_out,
)

COMMA, GROUP, SENTENCE = Silence(COMMA_MS), Silence(GROUP_MS), Silence(SENTENCE_MS)


def said(template: str, language: str = "id", **values: Spoken) -> list[str | Silence]:
    pieces = compose(Utterance("test.say", language, template, values))
    return [piece.text if isinstance(piece, Clip) else piece for piece in pieces]


def test_a_template_without_values_is_one_clip_with_its_intonation() -> None:
    assert said("Selamat datang.  Apakah\n Anda siap?") == ["Selamat datang. Apakah Anda siap?"]


def test_values_stand_between_literal_clips() -> None:
    status, office = Spoken("aktif", "text"), Spoken("Kantor Pratama", "text")
    assert said("NPWP Anda {status}, terdaftar di {office}.", status=status, office=office) == [
        "NPWP Anda",
        "aktif",
        COMMA,
        "terdaftar di",
        "Kantor Pratama",
    ]


def test_a_value_becomes_the_clips_of_its_words() -> None:
    assert said("{n:rupiah}", n=Spoken("1021000", "rupiah")) == [
        *("satu", "juta", "dua", "puluh", "satu", "ribu", "rupiah")
    ]
    assert said("{d}", "en", d=Spoken("2026-03-31", "date")) == [
        *("March", "thirty", "first", GROUP, "two", "thousand", "twenty", "six")
    ]


@pytest.mark.parametrize(
    ("between", "pause"),
    [(" ", None), (", ", COMMA), (". ", SENTENCE), ("? ", SENTENCE), (" – ", COMMA), ("; ", COMMA)],
)
def test_punctuation_between_values_is_a_pause(between: str, pause: Silence | None) -> None:
    one = Spoken("1", "digits")
    middle = [] if pause is None else [pause]
    assert said(f"{{a}}{between}{{b}}", a=one, b=one) == ["satu", *middle, "satu"]


def test_marks_at_the_ends_of_a_piece_are_not_spoken() -> None:
    assert said("({a}) “tekan” {a}: lalu {a}!", a=Spoken("1", "digits")) == [
        *("satu", COMMA, "tekan", "satu", COMMA, "lalu", "satu")
    ]


def test_a_literal_sign_that_is_spoken_stays() -> None:
    assert said("Tekan {a} atau *", a=Spoken("#", "digits")) == ["Tekan", "pagar", "atau *"]


@pytest.mark.parametrize("template", ["", "  ", "…", "({a}"[:1]])
def test_an_utterance_without_words_is_refused(template: str) -> None:
    with pytest.raises(SpeechError, match=r"^test\.say: "):
        said(template)


def test_a_placeholder_without_value_is_named() -> None:
    with pytest.raises(SpeechError, match=r"taxpayer\.status"):
        said("NPWP Anda {taxpayer.status}.")


def test_what_is_personal_never_shows() -> None:
    spoken = Spoken(Personal("Budi Santoso"), "text")
    pieces = compose(Utterance("test.say", "id", "Halo {name}", {"name": spoken}))
    assert pieces == (Clip("id", "Halo"), Clip("id", "Budi Santoso"))
    assert "Budi" not in repr(pieces)
    with pytest.raises(SpeechError) as caught:
        said("{n}", n=Spoken(Personal("Budi Santoso"), "number"))
    assert "Budi" not in str(caught.value)


def test_reading_gives_words_and_clips() -> None:
    reading = read_out("id", "phone", "0215551234")
    assert reading.words == "nol dua satu, lima lima lima, satu dua tiga empat"
    assert reading.pieces[3:5] == (GROUP, Clip("id", "lima"))


def test_all_clips_of_a_template_are_known_before_a_call() -> None:
    clips = list_clips(
        "id",
        "NPWP Anda {status}: {due:date}.",
        {"status": "text", "due": "date"},
        {"status": ["aktif", "tidak  aktif"]},
    )
    literal = {Clip("id", "NPWP Anda"), Clip("id", "aktif"), Clip("id", "tidak aktif")}
    assert clips == literal | list_vocabulary("id")


def test_free_text_without_declared_words_is_refused() -> None:
    with pytest.raises(SpeechError, match="Declare the words"):
        list_clips("id", "{office}", {"office": "text"})
    with pytest.raises(SpeechError, match="kind"):
        list_clips("id", "{office}", {})


@given(
    template=st.text("ab .,:?!()–-“” {}*é1\n", max_size=30),
    number=st.integers(-(10**15), 10**15),
)
def test_pieces_are_in_order_and_all_foreseen(template: str, number: int) -> None:
    template = template.replace("{", "").replace("}", "{n}")
    values = {"n": Spoken(str(number), "number")}
    try:
        pieces = compose(Utterance("test.say", "id", template, values))
    except SpeechError:
        assert not any(character.isalnum() for character in template)
        return
    assert isinstance(pieces[0], Clip)
    assert isinstance(pieces[-1], Clip)
    assert not any(_both_silent(pair) for pair in pairwise(pieces))
    spoken = {piece for piece in pieces if isinstance(piece, Clip)}
    assert spoken <= list_clips("id", template, {"n": "number"})


def _both_silent(pair: tuple[Piece, Piece]) -> bool:
    return all(isinstance(piece, Silence) for piece in pair)
