from __future__ import annotations

import pytest

from ivr.engine.outcomes import Digits, Failed, Found, HungUp, NotFound, Played
from ivr.engine.steps import Lookup, Say
from ivr.engine.utterance import Spoken
from ivr.engine.values import Personal, Secret
from tests.talk import Talk, load_texts, write_flow

SOURCES = """
sources:
  people:
    table: people
    key: [nik, year, note]
    fields:
      status:
        personal: true
        words: {active: aktif, gone: tidak aktif}
      fee: {type: number, speak: rupiah}
      since: {type: date}
"""
TABLE = """
- nik: "3171010101900001"
  year: "2026"
  note: tahun 2026
  status: active
  fee: 5000
  since: 2020-01-31
"""

FLOW = """
  ask: {type: collect, say: NIK., as: nik, sensitive: true, into: nik, next: find}
  find:
    type: lookup
    source: people
    with: {nik: "{nik}", year: "{call.year}", note: "tahun {call.year}"}
    into: person
    meanwhile: Mohon tunggu.
    found: tell
    not_found: unknown
    failed: sorry
  tell: {type: say, say: "Status {person.status}, {person.fee}, {person.since}.", next: end}
  unknown: {type: say, say: Tidak ada., next: end}
  sorry: {type: say, say: Maaf., next: end}
  end: {type: hangup, outcome: informasi}
"""

FOUND = Found({"status": Personal("active"), "fee": 5000, "since": "2020-01-31"}, "ff" * 32)


def reach() -> Talk:
    files = {
        "main.yaml": write_flow("main", FLOW),
        "sources.yaml": SOURCES,
        "data/people.yaml": TABLE,
    }
    call = Talk(load_texts(files))
    call.hear(Digits(Secret("s1", 16, True), 16, "length", 0))
    return call


def test_it_asks_with_values_and_says_what_to_play_meanwhile() -> None:
    call = reach()
    assert isinstance(call.step, Lookup)
    assert call.step.source == "people"
    assert call.step.arguments == {
        "nik": Secret("s1", 16, True),
        "year": 2026,
        "note": "tahun 2026",
    }
    assert call.said == ["main.find.meanwhile"]


def test_an_answer_fills_its_name_and_is_spoken_in_words() -> None:
    call = reach()
    call.hear(FOUND)
    answered = call.event("source.answered")
    assert (answered.source, answered.result, answered.snapshot) == ("people", "found", "ff" * 32)
    assert answered.fields == FOUND.fields
    assert call.run.frame.variables["person"] == FOUND.fields
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values == {
        "person.status": Spoken(Personal("aktif"), "text"),
        "person.fee": Spoken("5000", "rupiah"),
        "person.since": Spoken("2020-01-31", "date"),
    }


def test_a_value_without_a_word_is_said_as_it_is() -> None:
    call = reach()
    call.hear(Found({**FOUND.fields, "status": Personal("paused")}, ""))
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values["person.status"] == Spoken(Personal("paused"), "text")


def test_a_missing_value_is_not_said_as_none() -> None:
    call = reach()
    call.hear(Found({**FOUND.fields, "status": None}, ""))
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values["person.status"] == Spoken("", "text")


@pytest.mark.parametrize(
    ("outcome", "result", "said", "reason"),
    [
        (NotFound("aa" * 32), "not_found", "main.unknown.say", None),
        (Failed("timeout"), "failed", "main.sorry.say", "timeout"),
    ],
)
def test_each_result_has_its_own_way(
    outcome: NotFound | Failed, result: str, said: str, reason: str | None
) -> None:
    call = reach()
    call.hear(outcome)
    answered = call.event("source.answered")
    assert (answered.result, answered.reason) == (result, reason)
    assert call.said == [said]
    assert "person" not in call.run.frame.variables


GONE = """
  ask:
    type: menu
    say: Silakan.
    options: [{key: 1, name: on, label: lanjut, next: wait}]
    on_hangup: find
  wait: {type: say, say: Sebentar., next: find}
  find:
    type: lookup
    source: people
    with: {nik: "3171010101900001", year: "2026", note: baru}
    into: person
    found: end
    not_found: end
    failed: end
  end: {type: hangup, outcome: informasi}
"""


def talk_gone() -> Talk:
    files = {
        "main.yaml": write_flow("main", GONE),
        "sources.yaml": SOURCES,
        "data/people.yaml": TABLE,
    }
    return Talk(load_texts(files))


def test_a_lookup_is_made_after_a_hangup_where_the_flow_says_so() -> None:
    call = talk_gone()
    call.hear(HungUp(1))
    assert call.step == Lookup(
        "people", {"nik": "3171010101900001", "year": "2026", "note": "baru"}
    )
    call.hear(FOUND)
    assert call.step is None
    assert call.event("call.ended").outcome == "informasi"


def test_nothing_is_looked_up_for_a_caller_who_left_before() -> None:
    call = talk_gone()
    call.press("1")
    call.hear(HungUp(1))
    assert call.step is None
    assert call.event("call.ended").outcome == "putus_ivr"


def test_an_outcome_that_no_lookup_has_is_a_fault_of_ours() -> None:
    with pytest.raises(AssertionError, match="a lookup does not end in played"):
        reach().hear(Played(1))
