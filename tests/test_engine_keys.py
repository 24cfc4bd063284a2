"""Which keys answer a step, and that every key is used once (`ivr.engine.keys`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.engine.keys import KeyQueue, Match, expire, match
from ivr.engine.steps import Collect, Menu, Timing

TIMING = Timing(8000, 4000, 60000)


def menu(*keys: str, pass_on: bool = False, flush: bool = False) -> Menu:
    return Menu((), keys, TIMING, pass_on=pass_on, flush=flush)


def collect(least: int, most: int, *escapes: str) -> Collect:
    return Collect((), least, most, "#", escapes, TIMING)


@pytest.mark.parametrize(
    ("keys", "typed", "answer"),
    [
        (("1", "2"), "", None),
        (("1", "2"), "1", Match("keys", 1, "1")),
        (("1", "2"), "21", Match("keys", 1, "2")),
        (("1", "2"), "5", Match("keys", 1, "5")),
        (("1", "2"), "#1", Match("keys", 1, "#")),
        (("1", "88"), "8", None),
        (("1", "88"), "88", Match("keys", 2, "88")),
        (("1", "88"), "881", Match("keys", 2, "88")),
        (("1", "88"), "81", Match("keys", 2, "81")),
        (("*", "0"), "*0", Match("keys", 1, "*")),
        (("1234",), "123", None),
        (("1234",), "1239", Match("keys", 4, "1239")),
    ],
)
def test_a_menu_takes_the_first_keys_that_mean_something_or_nothing(
    keys: tuple[str, ...], typed: str, answer: Match | None
) -> None:
    assert match(menu(*keys), typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", None),
        ("8", Match("keys", 1, "8")),
        ("1", Match("pass", 0)),
        ("#8", Match("pass", 0)),
        ("7", None),
        ("77", Match("keys", 2, "77")),
        ("71", Match("keys", 2, "71")),
    ],
)
def test_a_notice_leaves_a_key_that_begins_nothing_to_the_next_step(
    typed: str, answer: Match | None
) -> None:
    assert match(menu("8", "77", pass_on=True), typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", None),
        ("123", None),
        ("123#", Match("digits", 4, "123")),
        ("1#", Match("digits", 2, "1")),
        ("#", Match("digits", 1, "")),
        ("1234", None),
        ("12345", Match("digits", 5, "12345", "length")),
        ("12345#", Match("digits", 5, "12345", "length")),
        ("1234567", Match("digits", 5, "12345", "length")),
        ("*", None),
        ("12*", None),
        ("*0", Match("escape", 2, "*0")),
        ("12*0", Match("escape", 4, "*0")),
        ("12*0#", Match("escape", 4, "*0")),
        ("*5", Match("keys", 2, "*5")),
        ("12*#", Match("keys", 4, "*#")),
        ("**", Match("keys", 2, "**")),
        ("12A", Match("keys", 3, "A")),
    ],
)
def test_a_collect_ends_by_its_finish_key_its_length_or_an_escape(
    typed: str, answer: Match | None
) -> None:
    assert match(collect(3, 5, "*0"), typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", None),
        ("12", Match("digits", 2, "12", "silence")),
        ("*", Match("keys", 1, "*")),
        ("12*", Match("keys", 3, "*")),
    ],
)
def test_a_pause_ends_digits_and_never_tells_those_before_a_star(
    typed: str, answer: Match | None
) -> None:
    assert expire(collect(3, 5, "*0"), typed) == answer


def test_the_end_of_all_time_is_told_apart_from_a_pause() -> None:
    assert expire(collect(3, 5), "12", "total") == Match("digits", 2, "12", "total")


@pytest.mark.parametrize(
    ("pass_on", "typed", "answer"),
    [
        (False, "", None),
        (False, "8", Match("keys", 1, "8")),
        (True, "", Match("pass", 0)),
        (True, "8", Match("keys", 1, "8")),
    ],
)
def test_a_pause_in_a_menu_passes_on_or_is_a_wrong_key(
    pass_on: bool, typed: str, answer: Match | None
) -> None:
    assert expire(menu("88", pass_on=pass_on), typed) == answer


def take(queue: KeyQueue, step: Menu | Collect, received: str) -> Match:
    answer = match(step, queue.waiting(received)) or expire(step, queue.waiting(received))
    assert answer is not None
    queue.use(step, answer)
    return answer


def test_keys_are_used_in_order_and_once() -> None:
    queue = KeyQueue()
    assert take(queue, menu("1", "2"), "12").keys == "1"
    assert queue.waiting("12") == "2"
    assert take(queue, menu("1", "2"), "12").keys == "2"
    assert queue.waiting("12") == ""
    assert queue.cursor == 2


def test_a_queue_goes_on_where_another_stood() -> None:
    queue = KeyQueue(2)
    assert queue.waiting("123") == "3"


def test_keys_that_are_passed_stay() -> None:
    queue = KeyQueue()
    take(queue, menu("8", pass_on=True), "1")
    assert queue.waiting("1") == "1"


@pytest.mark.parametrize("received", ["12345#", "12345"])
def test_a_finish_key_after_digits_of_full_length_belongs_to_them(received: str) -> None:
    queue = KeyQueue()
    assert take(queue, collect(3, 5), received).ended == "length"
    assert queue.waiting("12345#1") == "1"


def test_a_finish_key_after_a_pause_belongs_to_the_digits_too() -> None:
    queue = KeyQueue()
    assert take(queue, collect(3, 5), "123").ended == "silence"
    assert queue.waiting("123") == ""
    assert queue.waiting("123#") == ""
    assert queue.waiting("123#1") == "1"


def test_only_one_finish_key_is_swallowed() -> None:
    queue = KeyQueue()
    take(queue, collect(3, 5), "12345")
    assert queue.waiting("12345##") == "#"


def test_no_finish_key_is_swallowed_after_another_key() -> None:
    queue = KeyQueue()
    take(queue, collect(3, 5), "12345")
    assert queue.waiting("123451") == "1"
    take(queue, menu("1"), "123451")
    assert queue.waiting("123451#") == "#"


def test_no_finish_key_is_swallowed_after_one_that_was_typed() -> None:
    queue = KeyQueue()
    take(queue, collect(3, 5), "123#")
    assert queue.waiting("123##") == "#"


def test_a_late_finish_key_is_swallowed_also_after_a_notice_that_was_passed() -> None:
    queue = KeyQueue()
    take(queue, collect(3, 5), "12345")
    take(queue, menu("8", pass_on=True), "12345")
    assert queue.waiting("12345#") == ""


def test_what_was_typed_ahead_can_be_thrown_away() -> None:
    queue = KeyQueue()
    queue.flush("123")
    assert queue.waiting("123") == ""
    assert queue.waiting("1234") == "4"


def test_a_late_finish_key_is_swallowed_also_after_throwing_away() -> None:
    queue = KeyQueue()
    take(queue, collect(3, 5), "12345")
    queue.flush("12345")
    assert queue.waiting("12345#") == ""
    other = KeyQueue()
    take(other, collect(3, 5), "12345")
    other.flush("12345#")
    assert other.waiting("12345##") == "#"


KEYS = st.text("0123456789*#", max_size=40)
STEPS = st.sampled_from(
    [
        menu("1", "2", "*", "0"),
        menu("1", "88", "12"),
        menu("8", "77", pass_on=True),
        collect(3, 5, "*0", "**"),
        collect(1, 1),
        collect(15, 16, "*7"),
    ]
)


@given(keys=KEYS, steps=st.lists(STEPS, min_size=1, max_size=30))
def test_no_key_is_lost_and_none_is_used_twice(keys: str, steps: list[Menu | Collect]) -> None:
    """Answers and swallowed finish keys, laid end to end, are the keys that were typed."""
    queue, used = KeyQueue(), ""
    for step in steps:
        before = queue.cursor
        waiting = queue.waiting(keys)
        used += keys[before : queue.cursor]
        assert keys[before : queue.cursor] in ("", "#")
        answer = match(step, waiting) or expire(step, waiting)
        if answer is not None:
            queue.use(step, answer)
            used += waiting[: answer.used]
            assert waiting[: answer.used].endswith(answer.keys) or answer.ended == "finish"
    assert used == keys[: queue.cursor]


@given(keys=KEYS, step=STEPS)
def test_an_answer_does_not_change_when_more_is_typed(keys: str, step: Menu | Collect) -> None:
    answers = [match(step, keys[:count]) for count in range(len(keys) + 1)]
    first = next((answer for answer in answers if answer), None)
    begun = answers.index(first) if first else len(answers)
    assert answers[begun:] == [first] * (len(answers) - begun)


@given(keys=KEYS, cut=st.integers(0, 40), steps=st.lists(STEPS, min_size=1, max_size=10))
def test_another_engine_goes_on_with_the_same_keys(
    keys: str, cut: int, steps: list[Menu | Collect]
) -> None:
    alone, first = KeyQueue(), KeyQueue()
    second: KeyQueue | None = None
    for number, step in enumerate(steps):
        if number == cut:
            second = KeyQueue(first.cursor, swallow=first.swallow)
        queue = second or first
        for one in (alone, queue):
            answer = match(step, one.waiting(keys)) or expire(step, one.waiting(keys))
            if answer is not None:
                one.use(step, answer)
        assert (alone.cursor, alone.swallow) == (queue.cursor, queue.swallow)
