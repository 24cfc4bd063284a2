from __future__ import annotations

from collections.abc import Callable

from ivr.engine.outcomes import Digits, Played, Unable
from ivr.engine.steps import Hangup, Say
from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Personal, Secret
from tests.talk import HOTLINE, Talk, load_texts, write_flow

Begin = Callable[..., Talk]

PLAIN = """
  hello: {type: say, say: Selamat pagi., next: end}
  end: {type: hangup}
"""


def test_its_words_are_asked_for_and_any_key_may_cut_them(talk: Begin) -> None:
    call = talk(PLAIN)
    assert call.step == Say(
        (Utterance("main.hello.say", "id", "Selamat pagi.", {}),), barge_in=True
    )


def test_what_was_heard_is_told_and_the_call_goes_on(talk: Begin) -> None:
    call = talk(PLAIN)
    assert isinstance(call.hear(Played(700, interrupted=True)), Hangup)
    assert call.told == ["prompt.played", "node.entered"]
    played = call.event("prompt.played")
    assert (played.flow, played.node, played.heard, played.interrupted) == (
        "main",
        "hello",
        700,
        True,
    )


def test_a_notice_cannot_be_cut(talk: Begin) -> None:
    call = talk("""
  notice: {type: say, say: Perhatian., barge_in: false, next: end}
  end: {type: hangup}
""")
    assert isinstance(call.step, Say)
    assert call.step.barge_in is False


def test_a_fixed_language_stays_whatever_the_call_speaks() -> None:
    hotline = HOTLINE.replace("languages: [id]", "languages: [id, en]")
    files = {
        "main.yaml": write_flow(
            "main",
            """
  hello: {type: say, language: en, say: Good morning., next: end}
  end: {type: hangup}
""",
        ),
        "texts/en.yaml": """
hotline:
  on_silence: {"1": No choice yet.}
  on_wrong_key: {"1": There is no such choice.}
  on_give_up: All right.
""",
    }
    call = Talk(load_texts(files, hotline))
    assert isinstance(call.step, Say)
    assert call.run.language == "id"
    assert [(one.language, one.template) for one in call.step.utterances] == [
        ("en", "Good morning.")
    ]


def test_values_are_spoken_by_their_own_kind_unless_the_text_names_one(talk: Begin) -> None:
    call = talk("""
  make: {type: set, values: {code: "007", word: pagi}, compute: {n: 3 + 4}, next: tell}
  tell: {type: say, say: "{code} {code:spell} {n} {n:rupiah}", next: end}
  end: {type: hangup}
""")
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values == {
        "code": Spoken("007", "spell"),
        "n": Spoken("7", "rupiah"),
    }


def test_digits_are_read_as_digits_and_numbers_as_numbers(talk: Begin) -> None:
    call = talk("""
  make: {type: set, values: {code: "007"}, compute: {n: 3 + 4}, next: tell}
  tell: {type: say, say: "{code} {n}", next: end}
  end: {type: hangup}
""")
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values == {
        "code": Spoken("007", "digits"),
        "n": Spoken("7", "number"),
    }


def test_a_personal_value_stays_marked(talk: Begin) -> None:
    call = talk("""
  ask: {type: collect, say: Nomor., digits: "3", into: code, next: tell}
  tell: {type: say, say: "{code}", next: end}
  end: {type: hangup}
""")
    call.type("123")
    assert isinstance(call.step, Say)
    (utterance,) = call.step.utterances
    assert utterance.values == {"code": Spoken(Personal("123"), "digits")}
    assert utterance.personal


def test_a_secret_is_spoken_by_its_last_four(talk: Begin) -> None:
    call = talk("""
  ask: {type: collect, say: NIK., as: nik, sensitive: true, into: nik, next: tell}
  tell: {type: say, say: "{nik}", next: end}
  end: {type: hangup}
""")
    secret = Secret("s", 16, True)
    call.hear(Digits(secret, 16, "length", 0))
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values == {"nik": Spoken(secret, "last4")}


def test_a_sound_that_cannot_be_played_is_passed_with_an_apology(talk: Begin) -> None:
    call = talk("""
  hello: {type: say, say: Selamat pagi., next: tell}
  tell: {type: say, say: Selamat siang., next: end}
  end: {type: hangup}
""")
    call.hear(Unable("SoundMissing"))
    assert call.said == ["engine.fault", "main.tell.say"]
    assert call.event("step.failed").reason == "SoundMissing"
