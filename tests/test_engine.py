"""The engine as a whole: limits, ways between nodes, what survives a crash, the end of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.engine.engine import FAULTS, MOVES, advance, begin
from ivr.engine.outcomes import (
    Digits,
    Ended,
    HungUp,
    Keys,
    Passed,
    Played,
    RecordingSet,
    Resumed,
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


# After a crash


@pytest.mark.parametrize("stage", ["menu", "say", "collect", "confirm"])
def test_a_step_is_repeated_after_one_apology(talk: Begin, stage: str) -> None:
    call = talk("""
  main:
    type: menu
    say: Satu.
    options: [{key: 1, name: on, label: lanjut, next: hello}]
  hello: {type: say, say: Halo., next: ask}
  ask: {type: collect, say: Kode., digits: "2", into: code, confirm: all, next: main}
""")
    if stage != "menu":
        call.press("1")
    if stage in ("collect", "confirm"):
        call.listen()
    if stage == "confirm":
        call.hear(Digits(Personal("12"), 2, "length", 0))
    before = call.said
    call.hear(Resumed())
    assert call.told == ["call.resumed"]
    assert call.event("call.resumed").step == ("menu" if stage == "confirm" else stage)
    assert call.said == ["engine.resumed", *before]
    call.hear(Resumed())
    assert call.said == ["engine.resumed", *before]


def test_the_apology_is_told_as_heard_and_not_said_again(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Resumed())
    call.hear(Silence(9000))
    played = call.event("prompt.played")
    assert [one.prompt for one in played.utterances] == [
        "engine.resumed",
        "main.main.say",
        "main.main.options.on",
    ]
    assert call.said == ["hotline.on_silence.1", "main.main.say", "main.main.options.on"]


def test_counters_and_place_survive_the_crash(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Silence(0))
    call.press("5")
    call.hear(Resumed())
    assert (call.run.silences, call.run.wrongs, call.node) == (1, 1, "main.main")
    call.hear(Silence(0))
    assert isinstance(call.step, Menu)
    call.hear(Silence(0))
    assert call.node == "person.person"


def test_a_call_that_is_over_cannot_be_taken_up(talk: Begin) -> None:
    call = talk("  end: {type: hangup}\n")
    call.hear(Ended())
    with pytest.raises(AssertionError, match="the call is over"):
        call.hear(Resumed())


# Hangups

LISTEN = """
  one: {type: say, say: Satu., next: two}
  two:
    type: menu
    say: Dua.
    options: [{key: 1, name: on, label: lanjut, next: three}]
    on_hangup: told
  three: {type: say, say: Tiga., next: four}
  four: {type: menu, say: Empat., options: [{key: 1, name: on, label: lanjut, next: five}]}
  five: {type: set, recording: "on", next: six}
  six: {type: collect, say: Kode., digits: "2", into: code, confirm: all, next: told}
  told: {type: hangup, say: Terima kasih., outcome: informasi}
"""


@pytest.mark.parametrize(
    ("turns", "outcome"),
    [
        ([], "informasi"),
        ([Played(1)], "informasi"),
        ([Played(1), Keys("1", 1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1), Keys("1", 1)], "putus_ivr"),
        ([Played(1), Keys("1", 1), Played(1), Keys("1", 1), RecordingSet(True)], "putus_ivr"),
    ],
)
def test_a_hangup_goes_on_with_what_needs_no_caller(
    talk: Begin, turns: list[Played | Keys | RecordingSet], outcome: str
) -> None:
    call = talk(LISTEN)
    for one in turns:
        call.hear(one)
    assert call.step is not None
    assert call.hear(HungUp(250)) is None
    assert call.event("call.ended").outcome == outcome
    assert call.event("call.ended").turns == call.run.turn == len(turns) + 2
    assert call.event("caller.hung_up").heard == 250
    assert not call.run.present


def test_nothing_is_said_to_a_caller_who_has_gone(talk: Begin) -> None:
    call = talk(LISTEN)
    call.hear(HungUp(1))
    assert call.step is None
    assert "prompt.played" in call.told
    assert kinds(call.all)[-1] == "call.ended"


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
