"""Neither store nor spool: an apology, or the call goes on; nothing is acknowledged falsely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ivr.errors import JournalBroken
from ivr.flow.bundle import Bundle
from ivr.operations.meters import Meters
from ivr.operations.observing import ObservedJournal
from ivr.operations.turns import PROMPTS, TurnWatch
from ivr.simulator import Press
from ivr.unrecorded import lead_call
from tests.service import LINE, Service, Stopping
from tests.talk import HOTLINE

FLOW = """
nodes:
  main:
    type: menu
    options:
      - {key: 1, name: one, label: satu, next: told}
  told:
    type: say
    say: Ini satu.
    next: message
  message:
    type: hangup
    say: Terima kasih.
"""
GO_ON = (
    HOTLINE
    + """
when_store_is_away: {"1": go_on}
"""
)
APOLOGY = "layanan kami sedang terganggu"

Load = Callable[..., Bundle]


class Owed(list[tuple[str, str | None, dict[str, Any]]]):
    def __call__(self, kind: str, call: str | None = None, **more: Any) -> None:
        self.append((kind, call, more))


async def _lead(service: Service, turn: int) -> tuple[bool, Owed]:
    owed = Owed()
    desk = service.desk
    service.change(journal=Stopping(desk.journal, JournalBroken("the disk is full"), turn))
    run = await lead_call(service.desk, service.channel(), LINE, service.started, owed)
    return run is not None, owed


@pytest.mark.parametrize("turn", [1, 2, 3])
async def test_the_caller_hears_an_apology_and_the_call_ends(load: Load, turn: int) -> None:
    service = Service(load(FLOW), [Press("1")])
    told, owed = await _lead(service, turn)
    assert not told
    assert any(APOLOGY in line for line in service.shown)
    assert service.channels[-1].done is True
    assert owed == []
    live = await service.journal.live(LINE)
    assert (live is None) == (turn == 1)
    assert live is None or live.run.turn == turn - 1


@pytest.mark.parametrize("turn", [1, 2, 3])
async def test_an_emergency_line_goes_on_and_the_log_tells_of_the_gap(
    load: Load, turn: int
) -> None:
    service = Service(load(FLOW, hotline=GO_ON), [Press("1")])
    told, owed = await _lead(service, turn)
    assert told
    assert not any(APOLOGY in line for line in service.shown)
    assert any("Terima kasih" in line for line in service.shown)
    ((kind, call, more),) = owed
    assert (kind, more) == ("journal.gap", {"turn": turn})
    assert call is not None
    stored = await service.journal.turns(call)
    assert [one.n for one in stored] == list(range(1, turn))
    facts = [dict(fact.event) for fact in await service.journal.facts(call)]
    assert facts == [{"type": "journal.gap_ended", "turns": 5 - turn}]


async def test_with_a_journal_it_is_an_ordinary_call(load: Load) -> None:
    service = Service(load(FLOW, hotline=GO_ON), [Press("1")])
    told, owed = await _lead(service, 99)
    assert told
    assert owed == []
    assert await service.events("call.ended")


async def test_a_call_that_goes_on_is_never_taken_for_one_that_stands_still(load: Load) -> None:
    service = Service(load(FLOW, hotline=GO_ON), [Press("1")])
    time = 0.0
    watch = TurnWatch(lambda: time)
    broken = Stopping(service.journal, JournalBroken("the disk is full"), 3)
    service.change(journal=ObservedJournal(broken, Meters(CollectorRegistry()), watch))
    leading = asyncio.create_task(
        lead_call(service.desk, service.channel(), LINE, service.started, Owed())
    )
    assert await leading is not None
    time = 2 * PROMPTS
    assert list(watch.end_stuck()) == []
