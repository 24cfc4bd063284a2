"""Publishing while people call: nobody in a call notices, and the next caller hears it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from tests.faults.running import Make, NewCaller, until
from tests.telephony.engine import ROOT, Engine
from tests.telephony.visits import call_up, visit

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]

HOTLINE = """
hotline: release
numbers: {"1500": main}
languages: [id]
person: person
keys: {"0": {next: {flow: person}}}
defaults:
  first_key: 30s
  next_key: 4s
  total: 60s
  tries: 3
  on_give_up: {next: {flow: person}}
"""

PERSON = "flow: person\ntitle: Petugas\nstart: end\nnodes:\n  end: {type: hangup}\n"

MAIN = """flow: main
title: Uji
start: ask
nodes:
  ask:
    type: menu
    options:
      - {key: 1, name: go, label: lanjut, next: tell}
  tell:
    type: say
    say: WORDS
    next: end
  end: {type: hangup, outcome: RESULT}
"""

LONG = "Dua ratus dua puluh dua juta dua ratus dua puluh dua ribu dua ratus dua puluh dua rupiah."


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    place = tmp_path / "flows"
    place.mkdir()
    (place / "hotline.yaml").write_text(HOTLINE)
    (place / "person.yaml").write_text(PERSON)
    write(place, "Satu.", "lama")
    return place


def write(flows: Path, words: str, result: str) -> None:
    text = MAIN.replace("WORDS", words).replace("RESULT", result)
    (flows / "main.yaml").write_text(text)


async def ivr(engine: Engine, *arguments: str) -> str:
    """A command beside the service, as an operator types it."""
    told = {
        "IVR_STATE": str(engine.state),
        "IVR_FLOWS": str(engine.flows),
        "IVR_PROMPTS": str(ROOT / "prompts"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ivr", *arguments),
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def served(engine: Engine, count: int) -> None:
    """Wait until the engines have told so often that they serve other flows."""
    await until(lambda: len(engine._facts("flows.served")) >= count)


async def test_a_call_in_progress_stays_on_its_flows(
    make: Make, pbx: Instance, caller: NewCaller, flows: Path
) -> None:
    engine = make(engines=2)
    before, after, last = caller(), caller(), caller()
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1500", before)
        await engine.reached(before, "ask")
        await served(engine, 2)
        write(flows, LONG, "baru")
        assert "published" in await ivr(engine, "publish", "--note", "baru")
        await served(engine, 4)
        new = await visit(engine, pbx, "1500", "1", after)
        await call.press("1")
        await call.ended(within=20)
        old = await engine.story(before)
        kept = await call_up(phone, pbx, "1500", last)
        await engine.reached(last, "ask")
        await ivr(engine, "rollback")
        await served(engine, 6)
        os.kill(engine.processes()["engine 1"], signal.SIGKILL)
        await kept.wait(3.0)
        await kept.press("1")
        await kept.ended(within=30)
    assert (old.summary.outcome, new.summary.outcome) == ("lama", "baru")
    heard = [story.all("prompt.played")[-1]["heard"] for story in (old, new)]
    assert heard[1] > 2 * heard[0], "the new words are the longer ones"
    story = await engine.story(last)
    assert story.summary.outcome == "baru"
    assert "call.taken_over" in story.noted
    assert len({one.all("call.started")[0]["bundle"] for one in (new, story)}) == 1
    [first, second] = engine._facts("flows.published")
    assert (second["note"], second["bundle"]) == ("baru", new.all("call.started")[0]["bundle"])
    assert first["bundle"] == old.all("call.started")[0]["bundle"]
    assert len(engine._facts("flows.rolled_back")) == 1


async def test_the_test_number_dials_what_nobody_else_hears(
    make: Make, pbx: Instance, caller: NewCaller, flows: Path
) -> None:
    engine = make(IVR_TEST_NUMBER="1599")
    await until(lambda: "the test number has the flows" in engine.log.read_text())
    write(flows, LONG, "coba")
    await until(lambda: engine.log.read_text().count("the test number has the flows") == 2)
    tried = await visit(engine, pbx, "1599", "1", caller())
    usual = await visit(engine, pbx, "1500", "1", caller())
    assert (tried.summary.outcome, usual.summary.outcome) == ("coba", "lama")
    marks = [story.all("call.started")[0]["test"] for story in (tried, usual)]
    assert marks == [True, False]
    (flows / "main.yaml").write_text("flow: main\n")
    await until(lambda: "the test number has the flows none" in engine.log.read_text())
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1599", caller())
        await call.ended(within=30)
    [refused] = await engine.noted("test.refused")
    assert refused["faults"] > 0
    assert (await visit(engine, pbx, "1500", "1", caller())).summary.outcome == "lama"
