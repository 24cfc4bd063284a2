"""What a call script has its sources answer: within their time, and only what they could."""

from __future__ import annotations

import pytest

from ivr.engine.outcomes import Failed, Found
from ivr.flow.bundle import Bundle
from ivr.scripts.checks import check_scripts
from ivr.scripts.model import Dial
from ivr.scripts.playing import Stage
from ivr.scripts.reading import read_scripts
from ivr.scripts.world import EVERY, SLOW_ANSWER, Answer, SetLookups
from tests.talk import HOTLINE, load_texts, write_flow

MAIN = """
nodes:
  ask:
    type: lookup
    source: trains
    with: {}
    into: train
    found: bye
    not_found: bye
    failed: bye
  bye:
    type: hangup
    say: Sampai jumpa.
"""
SOURCES = """
sources:
  trains:
    type: python
    entry: trains
    timeout: 3s
    fields:
      price: {type: number}
      name: {optional: true}
    examples: [{found: {price: 5}}]
"""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    files = {"main.yaml": write_flow("main", MAIN), "sources.yaml": SOURCES}
    return load_texts(files, HOTLINE)


async def ask(bundle: Bundle, answer: Answer, name: str = "trains") -> tuple[object, int]:
    """What the source answers, and after how many milliseconds."""
    stage = Stage(bundle, Dial(dial="1"))
    stage.answer(SetLookups(lookups={name: (answer,)}))
    return await stage.answers.fetch("trains", {}, ""), stage.line.clock


FIVE = {"price": "5"}


@pytest.mark.parametrize("name", ["trains", EVERY])
async def test_slow_is_as_late_as_an_answer_may_come(bundle: Bundle, name: str) -> None:
    answer, clock = await ask(bundle, SLOW_ANSWER, name)
    assert isinstance(answer, Found)
    assert clock == 2_999


async def test_no_answer_comes_when_the_time_of_its_source_is_over(bundle: Bundle) -> None:
    late = Answer(found=FIVE, after=3_000)
    assert (await ask(bundle, late))[0] == Failed("timeout")
    assert isinstance((await ask(bundle, Answer(found=FIVE, after=2_000)))[0], Found)


async def test_an_answer_that_the_source_could_not_give_has_failed(bundle: Bundle) -> None:
    long = Answer(found={**FIVE, "name": "x" * 501})
    assert (await ask(bundle, long))[0] == Failed("wrong_type")


@pytest.mark.parametrize("price", ["--5", "\u0665", "1" * 16])
def test_what_is_no_number_for_the_source_is_none_for_a_script(bundle: Bundle, price: str) -> None:
    answer = f"{{trains: {{found: {{price: '{price}'}}}}}}"
    text = f"calls:\n  A:\n    - dial: 1\n    - lookups: {answer}\n    - hear: x\n"
    read, faults = read_scripts("f", text.encode())
    assert [fault.code for fault in (*faults, *check_scripts(read, bundle))] == ["cell-number"]
