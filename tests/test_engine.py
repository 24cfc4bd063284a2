"""The engine as a whole: how a call begins, its limits, its timers, faults of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.engine.engine import FAULTS, MOVES, advance, begin
from ivr.engine.outcomes import (
    Ended,
    HungUp,
    Keys,
    Passed,
    Silence,
    Started,
    Unable,
)
from ivr.engine.run import ENGINE_RULES
from ivr.engine.steps import Collect, Hangup, Menu, Say
from ivr.engine.values import Personal
from ivr.flow.nodes import Choose
from tests.talk import HOTLINE, START, Talk, kinds

Begin = Callable[..., Talk]

MENU = """
  main:
    type: menu
    say: Silakan.
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: main}
"""


def test_a_call_begins_at_the_flow_of_its_number(talk: Begin) -> None:
    call = talk(MENU)
    assert call.told == ["call.started", "node.entered"]
    started = call.event("call.started")
    assert (started.dialled, started.caller, started.flow) == ("1", None, "main")
    assert (started.language, started.rules, started.bundle) == (
        "id",
        ENGINE_RULES,
        call.bundle.hash,
    )
    assert call.run.turn == 1


def test_an_unknown_number_reaches_the_first_flow(talk: Begin) -> None:
    call = Talk(talk(MENU).bundle, dialled="999", caller="0812")
    assert call.node == "main.main"
    assert call.event("call.started").caller == Personal("0812")


def test_turns_count_from_one_without_a_gap(talk: Begin) -> None:
    call = talk(MENU)
    assert call.run.turn == 1
    for turn in (2, 4, 6):
        call.press("1")
        assert call.run.turn == turn
        call.listen()
        assert call.run.turn == turn + 1


def test_the_same_arguments_give_the_same_result(talk: Begin) -> None:
    call = talk(MENU)
    first = advance(call.bundle, call.run, Keys("1", 0), START)
    assert advance(call.bundle, call.run, Keys("1", 0), START) == first


def test_the_run_that_went_in_is_not_changed(talk: Begin) -> None:
    call = talk(MENU)
    before = replace(call.run)
    advance(call.bundle, call.run, Silence(0), START)
    assert call.run == before


# Limits


def test_the_turns_of_a_call_are_limited(talk: Begin) -> None:
    call = talk(MENU, hotline=HOTLINE.replace("turns: 50", "turns: 10"))
    while isinstance(call.step, Menu | Say):
        call.press("*") if isinstance(call.step, Menu) else call.listen()
    assert call.run.turn == 11
    assert call.event("limit.reached").limit == "turns"
    assert call.said == ["engine.goodbye"]
    assert call.hear(Ended(5)) is None
    assert call.event("call.ended").outcome == "galat"


def test_the_length_of_a_call_is_limited(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Silence(0), later=timedelta(minutes=15))
    assert isinstance(call.step, Menu)
    call.hear(Silence(0), later=timedelta(milliseconds=1))
    assert call.event("limit.reached").limit == "call"
    assert isinstance(call.step, Hangup)


@pytest.mark.parametrize("outcome", [HungUp(1), Unable("SoundMissing"), Ended(1)])
def test_the_goodbye_of_a_limit_is_the_end_whatever_becomes_of_it(
    talk: Begin, outcome: HungUp | Unable | Ended
) -> None:
    call = talk(MENU)
    call.hear(Keys("1", 0), later=timedelta(hours=1))
    assert call.said == ["engine.goodbye"]
    assert call.hear(outcome) is None
    assert kinds(call.all).count("limit.reached") == 1


def test_what_the_caller_did_before_the_limit_is_told(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Keys("1", 0), later=timedelta(hours=1))
    assert call.told == ["prompt.played", "menu.chosen", "node.entered", "limit.reached"]


def test_a_loop_that_listens_to_nobody_is_stopped(talk: Begin) -> None:
    call = talk("""
  main: {type: choose, cases: [{when: call.year == 1999, next: end}], else: end}
  end: {type: hangup}
""")
    flow = call.bundle.flows["main"]
    node = flow.nodes["main"]
    assert isinstance(node, Choose)
    nodes = {**flow.nodes, "main": node.model_copy(update={"otherwise": "main"})}
    flows = {**call.bundle.flows, "main": flow.model_copy(update={"nodes": nodes})}
    bundle = replace(call.bundle, flows=flows)
    started = Started("1")
    went = advance(bundle, begin(bundle, "call", started, START), started, START)
    assert went.step is None
    assert [event.type for event in went.events[-2:]] == ["limit.reached", "call.ended"]
    assert kinds(went.events).count("node.entered") == MOVES


def test_faults_in_a_row_end_the_call(talk: Begin) -> None:
    call = talk("""
  one: {type: say, say: Satu., next: two}
  two: {type: say, say: Dua., next: three}
  three: {type: say, say: Tiga., next: four}
  four: {type: say, say: Empat., next: end}
  end: {type: hangup}
""")
    for _ in range(FAULTS - 1):
        assert call.hear(Unable("SoundMissing")) is not None
    assert call.hear(Unable("SoundMissing")) is None
    assert call.event("call.ended").outcome == "galat"


def test_faults_apart_do_not_end_the_call(talk: Begin) -> None:
    call = talk(MENU)
    for _ in range(5):
        call.press("1")
        call.hear(Unable("SoundMissing"))
        assert call.said[0] == "engine.fault"
        assert call.run.faults == 1


def test_every_node_counts_its_faults_anew(talk: Begin) -> None:
    call = talk(MENU)
    for _ in range(4):
        call.hear(Silence(0))
        call.press("5")
        assert (call.run.silences, call.run.wrongs) == (1, 1)
        call.press("1")
        call.listen()
        assert (call.run.silences, call.run.wrongs, call.node) == (0, 0, "main.main")


def test_without_words_for_a_fault_the_prompt_is_just_repeated(talk: Begin) -> None:
    call = talk(MENU.replace("    say: Silakan.\n", "    say: Silakan.\n    on_silence: []\n"))
    before = call.said
    call.hear(Silence(0))
    assert call.said == before


# Collect with timers of its own


def test_each_timer_comes_from_the_nearest_level(talk: Begin) -> None:
    call = talk("""
defaults: {first_key: 5s, total: 30s}
nodes:
  ask: {type: collect, say: Kode., digits: "2", first_key: 6500ms, into: code, next: ask2}
  ask2: {type: collect, say: Kode., digits: "2", into: code2, next: end}
  end: {type: hangup}
""")
    assert isinstance(call.step, Collect)
    timing = call.step.timing
    assert (timing.first_key, timing.next_key, timing.total) == (6500, 4000, 30000)


def test_a_notice_that_passes_counts_no_fault(talk: Begin) -> None:
    call = talk("""
  notice:
    type: menu
    say: Direkam.
    options: [{key: 8, name: no, spoken: false, next: main}]
    otherwise: main
  main: {type: menu, say: Satu., options: [{key: 1, name: on, label: lanjut, next: notice}]}
""")
    for _ in range(5):
        call.hear(Passed(10))
        assert (call.run.silences, call.run.wrongs) == (0, 0)
        call.press("1")
    assert call.node == "main.notice"
