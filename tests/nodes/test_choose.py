from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import Digits
from ivr.engine.values import Secret
from tests.talk import Talk

Begin = Callable[..., Talk]

TAIL = """
  yes: {type: say, say: Ya., next: end}
  no: {type: say, say: Bukan., next: end}
  end: {type: hangup}
"""


def choose(values: str, case: str) -> str:
    return f"""
  make: {{type: set, {values}, next: pick}}
  pick:
    type: choose
    cases:
      - {{{case}, next: yes}}
    else: no
{TAIL}"""


@pytest.mark.parametrize(
    ("case", "taken"),
    [
        ("if: {n: '7'}", 1),
        ("if: {n: '8'}", 0),
        ("if: {word: pagi}", 1),
        ("if: {word: Pagi}", 0),
        ("if: {word: pagi, n: '8'}", 0),
        ("if: {flag: 'true'}", 1),
        ("if: {flag: 'false'}", 0),
        ("if: {call.weekday: monday}", 1),
        ("if: {call.language: id}", 1),
        ("if: {call.dialled: '1'}", 1),
        ("when: n > 6 && word == 'pagi'", 1),
        ("when: n > 7", 0),
        ("when: call.hour == 10 && call.minute == 4", 1),
        ("when: call.date == '2026-03-02'", 1),
        ("when: n / 0 == 1", 0),
    ],
)
def test_a_case_holds_or_not(talk: Begin, case: str, taken: int) -> None:
    call = talk(choose('values: {word: pagi}, compute: {n: 3 + 4, flag: "1 < 2"}', case))
    event = call.event("case.taken")
    assert (event.flow, event.node, event.case) == ("main", "pick", taken)
    assert call.said == ["main.yes.say" if taken else "main.no.say"]


def test_the_first_case_that_holds_is_taken(talk: Begin) -> None:
    call = talk(f"""
  pick:
    type: choose
    cases:
      - {{when: 1 > 2, next: no}}
      - {{when: 2 > 1, next: yes}}
      - {{when: 3 > 1, next: no}}
    else: no
{TAIL}""")
    assert call.event("case.taken").case == 2


def test_a_name_without_a_value_meets_no_condition(talk: Begin) -> None:
    unset = """
  start:
    type: choose
    cases:
      - {if: {code: ''}, next: yes}
      - {when: "code == '1'", next: yes}
      - {when: "code != '1'", next: yes}
    else: ask
  ask: {type: collect, say: Kode., digits: "1", into: code, next: no}
"""
    call = talk(unset + TAIL)
    assert call.event("case.taken").case == 0
    assert call.said == ["main.ask.say"]


def test_of_a_secret_a_condition_sees_what_is_told_of_it(talk: Begin) -> None:
    call = talk(
        """
  ask: {type: collect, say: NIK., as: nik, sensitive: true, into: nik, next: pick}
  pick:
    type: choose
    cases:
      - {when: nik.valid && nik.length == 16, next: yes}
    else: no
"""
        + TAIL
    )
    call.hear(Digits(Secret("s", 16, True), 16, "length", 0))
    assert call.said == ["main.yes.say"]


def test_the_hotlines_clock_counts_not_utc(talk: Begin) -> None:
    call = talk(choose("values: {word: a}", "when: call.hour == 3"))
    assert call.event("case.taken").case == 0


def test_a_personal_value_can_be_compared(talk: Begin) -> None:
    call = talk(
        """
  ask: {type: collect, say: Kode., digits: "2", public: true, into: code, next: pick}
  pick: {type: choose, cases: [{if: {code: "42"}, next: yes}], else: no}
"""
        + TAIL
    )
    call.hear(Digits("42", 2, "length", 0))
    assert call.event("case.taken").case == 1
