from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from ivr.engine.outcomes import HungUp, Played, Silence, Unable
from ivr.engine.steps import Hangup, Menu
from tests.talk import Talk

Begin = Callable[..., Talk]

CONSENT = """
  ask:
    type: consent
    say: Boleh kami mengirim pengingat?
    purpose: reminder
    into: leave
    granted: see
    refused: see
  see:
    type: choose
    cases:
      - {when: leave, next: yes_please}
    else: no_thanks
  yes_please: {type: hangup, say: Baik., outcome: setuju}
  no_thanks: {type: hangup, say: Tidak., outcome: tolak}
"""
QUESTION = "\n".join(
    (
        "Boleh kami mengirim pengingat?",
        "Jika setuju, tekan {key}.",
        "Jika tidak setuju, tekan {key}.",
    )
)


def test_it_asks_with_both_keys_and_throws_away_what_was_typed_ahead(talk: Begin) -> None:
    call = talk(CONSENT)
    assert isinstance(call.step, Menu)
    assert call.step.flush
    assert call.step.keys == ("1", "2", "*", "7", "0")
    assert call.said == ["main.ask.say", "engine.consent_agree", "engine.consent_refuse"]
    assert [one.values["key"].value for one in call.step.utterances[1:]] == ["1", "2"]
    assert call.run.frame.variables == {"leave": False}


def test_a_fresh_key_gives_leave_and_the_event_is_evidence(talk: Begin) -> None:
    call = talk(CONSENT)
    call.press("1", heard=2100)
    given = call.event("consent.given")
    assert (given.purpose, given.prompt, given.language) == ("reminder", "main.ask.say", "id")
    assert given.text == hashlib.sha256(QUESTION.encode()).hexdigest()
    assert (given.at, given.heard, given.keys) == (call.at.isoformat(), 2100, "1")
    assert call.run.frame.variables == {"leave": True}
    assert call.run.result == "setuju"


def test_a_key_refuses(talk: Begin) -> None:
    call = talk(CONSENT)
    call.press("2")
    refused = call.event("consent.refused")
    assert (refused.how, refused.purpose, refused.prompt) == ("key", "reminder", "main.ask.say")
    assert refused.text == hashlib.sha256(QUESTION.encode()).hexdigest()
    assert call.run.result == "tolak"


def test_silence_is_never_leave(talk: Begin) -> None:
    call = talk(CONSENT)
    for _ in range(2):
        call.hear(Silence(0))
        assert "consent.refused" not in call.told
        assert call.said[:2] == ["hotline.on_silence.1", "main.ask.say"]
    call.hear(Silence(0))
    assert call.event("consent.refused").how == "silence"
    assert call.run.result == "tolak"


def test_wrong_keys_are_never_leave(talk: Begin) -> None:
    call = talk(CONSENT.replace("into: leave", "into: leave\n    tries: 1"))
    call.press("8")
    assert call.event("consent.refused").how == "wrong_key"
    assert call.run.result == "tolak"


def test_its_own_way_out_is_taken_without_leave(talk: Begin) -> None:
    own = "into: leave\n    tries: 1\n    on_give_up: {say: Baik., next: {flow: person}}"
    call = talk(CONSENT.replace("into: leave", own))
    call.hear(Silence(0))
    assert call.event("consent.refused").how == "silence"
    assert call.node == "person.person"


def test_an_attempt_that_leads_away_is_a_refusal(talk: Begin) -> None:
    own = "into: leave\n    on_silence: [{next: {flow: person}}]"
    call = talk(CONSENT.replace("into: leave", own))
    call.hear(Silence(0))
    assert call.event("consent.refused").how == "silence"
    assert call.node == "person.person"


def test_universal_keys_work_and_say_neither_yes_nor_no(talk: Begin) -> None:
    call = talk(CONSENT)
    call.press("*")
    assert call.said[0] == "main.ask.say"
    call.press("0")
    assert call.told == ["prompt.played", "universal.used", "node.entered"]
    assert call.node == "person.person"


def test_leave_does_not_outlive_another_question(talk: Begin) -> None:
    call = talk(
        CONSENT.replace(
            "yes_please: {type: hangup, say: Baik., outcome: setuju}",
            "yes_please: "
            "{type: menu, say: Lagi., options: [{key: 1, name: again, label: lagi, next: ask}]}",
        )
    )
    call.press("1")
    assert call.run.frame.variables == {"leave": True}
    call.press("1")
    assert call.run.frame.variables == {"leave": False}


@pytest.mark.parametrize("outcome", ["gone", None])
def test_a_hangup_is_no_answer(talk: Begin, outcome: str | None) -> None:
    text = CONSENT
    if outcome:
        text = CONSENT.replace("into: leave", "into: leave\n    on_hangup: gone")
        text += "  gone: {type: hangup, outcome: gone}\n"
    call = talk(text)
    call.hear(HungUp(100))
    assert call.step is None
    assert {"consent.given", "consent.refused"}.isdisjoint(call.told)
    assert call.event("call.ended").outcome == (outcome or "putus_ivr")


def test_a_fault_of_ours_is_a_refusal(talk: Begin) -> None:
    call = talk(CONSENT)
    call.hear(Unable("sound_missing"))
    assert call.event("consent.refused").how == "fault"
    assert isinstance(call.step, Hangup)
    assert call.said == ["engine.fault", "main.no_thanks.say"]


def test_the_keys_are_the_nodes_own(talk: Begin) -> None:
    call = talk(CONSENT.replace("into: leave", "into: leave\n    agree: 7\n    refuse: 3"))
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("7", "3", "*", "0")
    call.press("7")
    assert call.event("consent.given").keys == "7"


def test_an_outcome_that_no_consent_has_is_a_fault_of_ours(talk: Begin) -> None:
    with pytest.raises(AssertionError, match="a consent does not end in played"):
        talk(CONSENT).hear(Played(1))
