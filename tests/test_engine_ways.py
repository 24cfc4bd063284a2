"""Ways between nodes: universal keys, back, visits, returns, and what is said on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import (
    Ended,
    HungUp,
    RecordingSet,
    Silence,
)
from ivr.engine.steps import Menu
from tests.talk import Talk

Begin = Callable[..., Talk]

MENU = """
  main:
    type: menu
    say: Silakan.
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: main}
"""


# Universal keys


def test_repeat_plays_the_menu_again_without_a_fault(talk: Begin) -> None:
    call = talk(MENU)
    first = call.step
    call.hear(Silence(0))
    assert call.press("*") == first
    assert (call.run.silences, call.run.wrongs) == (1, 0)
    used = call.event("universal.used")
    assert (used.keys, used.action) == ("*", "repeat")


def test_a_key_to_a_person_works_everywhere(talk: Begin) -> None:
    call = talk(MENU)
    call.press("0")
    assert call.node == "person.person"
    assert call.event("universal.used").action == "flow person"


def test_off_takes_a_key_away_in_a_flow_and_a_node_gives_it_back(talk: Begin) -> None:
    call = talk("""
keys: {"*": "off", "7": "off"}
nodes:
  main:
    type: menu
    keys: {"7": back, "5": {next: hello}}
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: main}
""")
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("1", "7", "0", "5")
    call.press("*")
    assert call.event("input.wrong").keys == "*"
    call.press("5")
    assert call.node == "main.hello"


# The way back

WALK = """
  one: {type: menu, say: Satu., options: [{key: 1, name: on, label: lanjut, next: say}]}
  say: {type: say, say: Antara., next: two}
  two:
    type: menu
    say: Dua.
    options:
      - {key: 1, name: on, label: lanjut, next: {flow: other, with: {x: "{call.year}"}}}
      - {key: 2, name: sub, label: tanya, next: run}
  run: {type: subflow, flow: more, next: again}
  again: {type: subflow, flow: last, next: two}
"""
OTHER = """
inputs: [x]
nodes:
  three: {type: menu, say: Tiga., options: [{key: 1, name: on, label: lanjut, next: four}]}
  four: {type: menu, say: "{x:spell}.", options: [{key: 1, name: on, label: lagi, next: three}]}
"""
MORE = "  ask: {type: menu, say: Ada?, options: [{key: 1, name: on, label: ada, next: return}]}\n"
LAST = "  end: {type: menu, say: Habis?, options: [{key: 1, name: on, label: ya, next: return}]}\n"


def walk(talk: Begin) -> Talk:
    call = talk(WALK, other=OTHER, more=MORE, last=LAST)
    call.press("1")
    call.listen()
    return call


def test_back_leads_to_the_node_that_listened_before(talk: Begin) -> None:
    call = walk(talk)
    assert call.node == "main.two"
    call.press("7")
    assert call.node == "main.one"
    call.press("7")
    assert call.node == "main.one"


def test_back_leads_over_a_jump_with_the_names_of_before(talk: Begin) -> None:
    call = walk(talk)
    call.press("1")
    call.press("1")
    assert call.node == "other.four"
    call.press("7")
    assert call.node == "other.three"
    assert call.run.frame.variables == {"x": 2026}
    call.press("7")
    assert call.node == "main.two"
    assert call.run.frame.variables == {}
    call.press("1")
    assert call.run.frame.variables == {"x": 2026}


def test_back_leads_out_of_a_subflow(talk: Begin) -> None:
    call = walk(talk)
    call.press("2")
    assert (call.node, len(call.run.frames)) == ("more.ask", 2)
    call.press("7")
    assert (call.node, len(call.run.frames)) == ("main.two", 1)


def test_back_never_enters_a_subflow_that_has_ended(talk: Begin) -> None:
    call = walk(talk)
    call.press("2")
    call.press("1")
    assert call.node == "last.end"
    call.press("7")
    assert (call.node, len(call.run.frames)) == ("main.two", 1)


def test_back_after_a_subflow_leads_past_it(talk: Begin) -> None:
    call = walk(talk)
    for key in ("2", "1", "1"):
        call.press(key)
    assert call.node == "main.two"
    call.press("7")
    assert call.node == "main.one"


def test_back_may_be_chosen_like_any_way(talk: Begin) -> None:
    call = talk("""
  one: {type: menu, say: Satu., options: [{key: 1, name: on, label: lanjut, next: two}]}
  two: {type: menu, say: Dua., options: [{key: 1, name: on, label: kembali, next: back}]}
""")
    call.press("1")
    call.press("1")
    assert call.node == "main.one"


VISITS = """
  one: {type: menu, say: Satu., options: [{key: 1, name: on, label: lanjut, next: two}]}
  two:
    type: menu
    say: Dua.
    visits: {at_most: 2, else: three}
    options: [{key: 1, name: on, label: lanjut, next: one}]
  three: {type: menu, say: Tiga., options: [{key: 1, name: on, label: lanjut, next: one}]}
"""


def test_visits_are_bounded(talk: Begin) -> None:
    call = talk(VISITS)
    for _ in range(2):
        call.press("1")
        assert call.node == "main.two"
        call.press("1")
    call.press("1")
    assert call.node == "main.three"
    exhausted = call.event("tries.exhausted")
    assert (exhausted.node, exhausted.reason) == ("two", "visits")


def test_back_does_not_lead_to_a_node_that_was_not_entered_any_more(talk: Begin) -> None:
    call = talk(VISITS)
    for key in "11111":
        call.press(key)
    assert call.node == "main.three"
    call.press("7")
    assert call.node == "main.one"


def test_a_flow_that_nobody_called_ends_the_call_with_a_goodbye(talk: Begin) -> None:
    call = talk(
        """
  one: {type: menu, say: Satu., options: [
    {key: 1, name: on, label: lanjut, next: {flow: other}},
    {key: 2, name: sub, label: tanya, next: run}]}
  run: {type: subflow, flow: other, next: one}
""",
        other="  hello: {type: say, say: Halo., next: return}\n",
    )
    call.press("2")
    call.listen()
    assert call.node == "main.one"
    call.press("1")
    call.listen()
    assert call.said == ["engine.goodbye"]
    assert call.hear(Ended()) is None


@pytest.mark.parametrize("when", ["in the prompt", "in the goodbye"])
def test_a_hangup_in_such_a_flow_is_the_end(talk: Begin, when: str) -> None:
    call = talk(
        """
  one: {type: menu, say: Satu., options: [
    {key: 1, name: on, label: lanjut, next: {flow: other}},
    {key: 2, name: sub, label: tanya, next: run}]}
  run: {type: subflow, flow: other, next: one}
""",
        other="  hello: {type: say, say: Halo., next: return}\n",
    )
    call.press("1")
    if when == "in the goodbye":
        call.listen()
    assert call.hear(HungUp(3)) is None
    assert call.told == ["prompt.played", "caller.hung_up", "call.ended"]


# What is said before the next prompt


def test_what_a_fault_says_waits_for_the_next_prompt(talk: Begin) -> None:
    call = talk("""
  main:
    type: menu
    say: Satu.
    options: [{key: 1, name: on, label: lanjut, next: end}]
    on_give_up: {say: Baiklah., next: switch}
  switch: {type: set, recording: "on", next: hello}
  hello: {type: say, say: Halo., next: end}
  end: {type: hangup, say: Selesai.}
""")
    for _ in range(3):
        call.hear(Silence(0))
    assert call.said == []
    assert [one.prompt for one in call.run.preface] == ["main.main.on_give_up"]
    call.hear(RecordingSet(True, "r"))
    assert call.said == ["main.main.on_give_up", "main.hello.say"]
    call.listen()
    assert call.said == ["main.end.say"]
