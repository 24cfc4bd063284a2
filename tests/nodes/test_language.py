from __future__ import annotations

from ivr.engine.outcomes import Resumed, Silence
from ivr.engine.steps import Menu
from ivr.engine.utterance import Utterance
from tests.talk import HOTLINE, PERSON, Talk, load_texts, write_flow

TWO = HOTLINE.replace("languages: [id]", "languages: [id, en]")
FLOW = """
  pick: {type: language, to: en, next: run}
  run: {type: subflow, flow: more, next: main}
  main: {type: menu, options: [{key: 1, name: on, label: lanjut, next: end}]}
  end: {type: hangup, say: Selesai.}
"""
MORE = """
  ask: {type: menu, say: Bagaimana?, options: [{key: 1, name: on, label: lanjut, next: return}]}
"""
ENGLISH = """
main:
  main: {options: {on: going on}}
  end: {say: The end.}
more:
  ask: {say: How?, options: {on: going on}}
hotline:
  on_silence: {"1": No choice yet.}
  on_wrong_key: {"1": There is no such choice.}
  on_give_up: All right.
"""


def reach() -> Talk:
    files = {
        "main.yaml": write_flow("main", FLOW),
        "more.yaml": write_flow("more", MORE),
        "person.yaml": PERSON,
        "texts/en.yaml": ENGLISH,
    }
    return Talk(load_texts(files, TWO))


def texts(call: Talk) -> list[tuple[str, str]]:
    assert call.step is not None
    utterances: tuple[Utterance, ...] = getattr(call.step, "utterances", ())
    return [(one.language, one.template) for one in utterances]


def test_the_call_goes_on_in_the_other_language_also_in_subflows() -> None:
    call = reach()
    chosen = call.event("language.chosen")
    assert (chosen.flow, chosen.node, chosen.language) == ("main", "pick", "en")
    assert texts(call) == [("en", "How?"), ("en", "For going on, press one.")]


def test_the_language_stays_after_the_subflow_for_faults_and_to_the_end() -> None:
    call = reach()
    call.hear(Silence(0))
    assert texts(call)[0] == ("en", "No choice yet.")
    call.press("1")
    assert texts(call) == [("en", "For going on, press one.")]
    call.press("1")
    assert texts(call) == [("en", "The end.")]


def test_the_apology_after_a_crash_is_in_the_language_of_the_call() -> None:
    call = reach()
    call.hear(Resumed())
    assert isinstance(call.step, Menu)
    assert texts(call)[0] == ("en", "Sorry, the connection was disturbed. Let us go on.")
