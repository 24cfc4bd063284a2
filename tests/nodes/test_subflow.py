from __future__ import annotations

from collections.abc import Callable

from ivr.engine.outcomes import Digits, HungUp, Silence
from ivr.engine.run import Frame
from ivr.engine.steps import Hangup, Menu, Say
from ivr.engine.values import Personal
from tests.talk import Talk

Begin = Callable[..., Talk]

MAIN = """
  ask: {type: collect, say: Kode., digits: "2", into: code, next: run}
  run:
    type: subflow
    flow: more
    with: {what: "{code}", where: sini}
    into: more
    next: see
  see: {type: choose, cases: [{if: {more.choice: again}, next: told}], else: end}
  told: {type: say, say: Lagi., next: end}
  end: {type: hangup}
"""

MORE = """
inputs: [what, where]
results: [choice]
nodes:
  ask:
    type: menu
    into: choice
    options:
      - {key: 1, name: again, label: lagi}
      - {key: 2, name: stop, label: selesai}
    next: return
"""


def enter(talk: Begin) -> Talk:
    call = talk(MAIN, more=MORE)
    call.hear(Digits(Personal("42"), 2, "length", 0))
    return call


def test_the_other_flow_has_its_own_names(talk: Begin) -> None:
    call = enter(talk)
    assert call.node == "more.ask"
    assert call.run.frames == (
        Frame("main", "run", {"code": Personal("42")}),
        Frame("more", "ask", {"what": Personal("42"), "where": "sini"}, into="more"),
    )


def test_it_comes_back_with_its_results(talk: Begin) -> None:
    call = enter(talk)
    call.press("1")
    assert call.run.frames[0].variables == {"code": Personal("42"), "more": {"choice": "again"}}
    assert call.said == ["main.told.say"]
    assert isinstance(call.step, Say)


def test_another_result_takes_another_way(talk: Begin) -> None:
    call = enter(talk)
    call.press("2")
    assert isinstance(call.step, Hangup)


def test_a_jump_out_of_it_does_not_come_back_by_itself(talk: Begin) -> None:
    call = enter(talk)
    call.press("0")
    assert call.node == "person.person"


def test_a_result_without_a_value_is_none(talk: Begin) -> None:
    call = talk(
        """
  run: {type: subflow, flow: more, into: more, next: end}
  end: {type: hangup}
""",
        more="""
results: [choice]
nodes:
  ask:
    type: menu
    options: [{key: 1, name: on, label: lanjut, next: return}]
    on_give_up: {next: set}
  set: {type: set, values: {choice: x}, next: return}
""",
    )
    call.press("1")
    assert call.run.frame.variables == {"more": {"choice": None}}


def test_a_subflow_without_into_gives_nothing(talk: Begin) -> None:
    call = talk(
        "  run: {type: subflow, flow: more, next: end}\n  end: {type: hangup}\n",
        more="  hello: {type: say, say: Halo., next: return}\n",
    )
    call.listen()
    assert call.run.frame.variables == {}
    assert isinstance(call.step, Hangup)


def test_giving_up_inside_leads_to_a_person(talk: Begin) -> None:
    call = enter(talk)
    for _ in range(3):
        assert isinstance(call.step, Menu)
        call.hear(Silence(0))
    assert call.node == "person.person"


def test_after_a_hangup_what_follows_the_subflow_is_still_decided(talk: Begin) -> None:
    call = talk(
        """
  run: {type: subflow, flow: more, next: end}
  end: {type: hangup, outcome: informasi}
""",
        more="""
  hello:
    type: menu
    say: Halo.
    options: [{key: 1, name: on, label: lanjut, next: return}]
    on_hangup: return
""",
    )
    call.hear(HungUp(5))
    assert call.step is None
    assert call.event("call.ended").outcome == "informasi"
