"""Golden calls: whole calls over the shipped flows, line by line. `pytest --update` rewrites them.

A file of tests/calls says what the caller does (`keys`, a script of `ivr dial`), when, and how the
call goes: `<<` is heard, `>>` comes from the caller, `--` is done, `·` is an event of the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.cli.acts import to_acts
from ivr.engine.values import PERSONAL_KEY, SECRET_KEY
from ivr.errors import JournalBroken
from ivr.flow.bundle import Bundle
from ivr.flow.loader import load_directory
from ivr.ports import LiveRow, NewCase, Turn
from tests.service import Service, Stopping, execute_again

CALLS = sorted((Path(__file__).parent / "calls").glob("*.yaml"))
SHIPPED = Path(__file__).parent.parent / "flows"

HEAD = ("title", "dialled", "at", "tables", "keys")
"""`tables: False` takes the data away, as when every source fails."""

UNTOLD = ("prompt.played", "call.started")
"""Events that say nothing new: what is heard stands there already."""


@cache
def shipped() -> Bundle:
    return load_directory(SHIPPED)


class Telling(Stopping):
    """A journal that tells of each event where the call stands."""

    def __init__(self, service: Service) -> None:
        super().__init__(service.journal, JournalBroken("never"))
        self._shown = service.shown

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        seq = await super().append(turn, live, case)
        self._shown += [_tell(event) for event in turn.events if event["type"] not in UNTOLD]
        return seq


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


async def _play(call: Mapping[str, Any]) -> list[str]:
    acts = to_acts(call["keys"])
    at = datetime.fromisoformat(call["at"])
    bundle = shipped() if call["tables"] else replace(shipped(), tables={})
    service = Service(bundle, acts, dialled=call["dialled"], at=at)
    journal = Telling(service)
    service.change(journal=journal)
    run = await service.run()
    assert (service.caller.acts, service.line.act) == ([], None), "the caller did not come to this"
    execute_again(bundle, journal.taken)
    seconds = service.line.clock / 1000
    return [*service.shown, f"-- {run.result or 'putus_ivr'}, {run.turn} turns, {seconds:.0f} s"]


def _write(path: Path, call: Mapping[str, Any], lines: list[str]) -> None:
    head = "".join(f"{name}: {call[name]!r}\n" for name in HEAD)
    body = "".join(f"  {line}\n" for line in lines)
    path.write_text(f"{head}goes: |\n{body}", "utf-8")


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_a_call_goes_as_it_is_written(path: Path, request: pytest.FixtureRequest) -> None:
    call = yaml.safe_load(path.read_text("utf-8"))
    lines = asyncio.run(_play(call))
    if request.config.getoption("--update"):
        _write(path, call, lines)
        return
    assert lines == call["goes"].splitlines()


def test_the_calls_come_to_every_node_that_speaks() -> None:
    """What no golden call hears, nobody has ever read as a caller would hear it."""
    heard = "\n".join(path.read_text("utf-8") for path in CALLS)
    silent = [
        f"{flow.flow}.{name}"
        for flow in shipped().flows.values()
        for name in flow.nodes
        if f"· node.entered {flow.flow}.{name} " not in heard
    ]
    assert silent == []
