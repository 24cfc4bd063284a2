"""Golden calls: every shipped call script, line by line. `pytest --update` rewrites them.

A file of tests/calls shows how the calls of the script file of that name go: `<<` is heard, `>>`
comes from the caller, `--` is done, `·` is an event of the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ivr.engine.values import PERSONAL_KEY, SECRET_KEY
from ivr.flow.bundle import Bundle
from ivr.flow.loader import load_directory
from ivr.ports import LiveRow, NewCase, Turn
from ivr.scripts.loader import load_scripts
from ivr.scripts.playing import Notebook, begin_in, play
from ivr.scripts.reading import Script
from ivr.scripts.running import run_scripts
from ivr.scripts.verdict import judge
from tests.service import execute_again

GOLDEN = Path(__file__).parent / "calls"
SHIPPED = Path(__file__).parent.parent / "flows"

UNTOLD = ("prompt.played", "call.started")
"""Events that say nothing new: what is heard stands there already."""


@cache
def shipped() -> Bundle:
    return load_directory(SHIPPED)


class Telling(Notebook):
    """A journal that tells of each event where the call stands, and keeps what it was handed."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.taken: list[tuple[Turn, LiveRow | None, NewCase | None]] = []
        self._lines = lines

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        self.taken.append((turn, live, case))
        self._lines += [_tell(event) for event in turn.events if event["type"] not in UNTOLD]
        return await super().append(turn, live, case)


def _tell(event: Mapping[str, Any]) -> str:
    place = f" {event['flow']}.{event['node']}" if "flow" in event else ""
    rest = {name: one for name, one in event.items() if name not in ("type", "flow", "node")}
    return f"· {event['type']}{place}{''.join(_fields(rest))}"


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(fields.items()):
        if name not in ("snapshot", "sha256") and value is not None:
            yield f" {name}={_plain(value)}"


def _plain(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if SECRET_KEY in value:
        secret = value[SECRET_KEY]
        return f"({secret['length']} secret digits)"
    if PERSONAL_KEY in value:
        return f"[{value[PERSONAL_KEY]}]"
    return "{" + "".join(_fields(value)).strip() + "}"


@cache
def scripts() -> list[Script]:
    found, faults = load_scripts(SHIPPED, shipped())
    assert faults == []
    return found


async def _play(script: Script) -> list[str]:
    lines = [f"== {script.title}"]
    journal = Telling(lines)
    played = await play(script, shipped(), journal, lines)
    assert judge(played) is None
    execute_again(_bundle(script), journal.taken)
    seconds = played.milliseconds / 1000
    return [*lines, f"-- {played.outcome}, {played.run.turn} turns, {seconds:.0f} s", ""]


def _bundle(script: Script) -> Bundle:
    return begin_in(shipped(), script.dial.language)


async def _play_all(scripts: list[Script]) -> list[str]:
    return [line for script in scripts for line in await _play(script)]


FILES = sorted(path.stem for path in (SHIPPED / "calls").glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_calls_go_as_they_are_written(name: str, request: pytest.FixtureRequest) -> None:
    chosen = [script for script in scripts() if Path(script.file).stem == name]
    lines = asyncio.run(_play_all(chosen))
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update"):
        path.write_text("\n".join(lines), "utf-8")
        return
    assert lines == path.read_text("utf-8").split("\n")


def test_there_is_no_golden_call_without_its_script() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == FILES


def test_the_scripts_take_every_written_exit() -> None:
    """Of each node, and each inherited one for every kind of node."""
    report = run_scripts(scripts(), shipped())
    assert [result.failure for result in report.failed] == []
    assert [(one.place, one.name) for one in report.coverage.missing] == []
