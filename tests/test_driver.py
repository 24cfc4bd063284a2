"""The loop that joins engine, channel and journal: what it promises beyond recovery."""

from __future__ import annotations

import pytest

from ivr.driver import finish_call
from ivr.engine.plain import run_to_plain
from ivr.errors import JournalBroken, JournalConflict
from ivr.flow.bundle import Bundle
from ivr.ports import LiveRow, NewCase, Turn
from ivr.simulator import Press, Quiet
from tests.message_call import ACTS, load
from tests.service import LINE, Service, Stopping, count_cases
from tests.talk import START, load_texts, write_flow

BROKEN = JournalBroken("the disk is full")


@pytest.fixture
def bundle() -> Bundle:
    return load()


@pytest.fixture
def service(bundle: Bundle) -> Service:
    return Service(bundle, ACTS)


async def test_a_call_is_led_to_its_end(service: Service) -> None:
    run = await service.run()
    assert (run.result, run.step) == ("tiket", None)
    assert service.caller.acts == []
    assert service.channels[0].done is True
    (call,) = await service.journal.calls()
    assert (call.call, call.turns, call.outcome) == ("id-1", run.turn, "tiket")


# Write-ahead


@pytest.mark.parametrize(
    ("turn", "heard"),
    [(1, []), (2, ["<< Selamat pagi."]), (3, ["<< Selamat pagi.", "<< Masukkan NPWP."])],
)
async def test_a_step_is_not_performed_before_its_turn_is_durable(
    service: Service, turn: int, heard: list[str]
) -> None:
    service.change(journal=Stopping(service.journal, BROKEN, turn))
    with pytest.raises(JournalBroken):
        await service.run()
    assert [line for line in service.shown if line.startswith("<<")] == heard
    assert service.channels[0].done is False


async def test_a_journal_that_cannot_be_read_leaves_the_call_to_the_next_engine(
    service: Service,
) -> None:
    class Unreadable(Stopping):
        async def live(self, line: str) -> LiveRow | None:
            raise BROKEN

    service.change(journal=Unreadable(service.journal, BROKEN))
    with pytest.raises(JournalBroken):
        await service.run()
    assert service.channels[0].done is False
    assert service.shown == []


async def test_the_live_row_belongs_to_the_step_that_follows(service: Service) -> None:
    journal = Stopping(service.journal, BROKEN)
    service.change(journal=journal)
    await service.run()
    for turn, live, _ in journal.taken[:-1]:
        assert live is not None
        assert (live.call, live.line, live.run.turn, live.at) == (turn.call, LINE, turn.n, turn.at)
        assert run_to_plain(live.run)["step"] == turn.step
    assert journal.taken[-1][1] is None


# Cases


async def test_each_message_of_a_call_has_its_own_number(service: Service) -> None:
    journal = Stopping(service.journal, BROKEN)
    service.change(journal=journal)
    await service.run()
    cases = [case for _, _, case in journal.taken if case is not None]
    assert cases == [
        NewCase("pengaduan", "100000009", "id-1-7"),
        NewCase("aspirasi", "100000017", "id-1-9"),
    ]
    opened = await service.events("case.opened")
    assert [event["number"]["$personal"] for event in opened] == ["100000009", "100000017"]


async def take(service: Service, number: str) -> None:
    """Another call has this case number."""
    turn = Turn("other", 1, START, {"type": "played"}, [], None)
    await service.journal.append(turn, None, NewCase("pesan", number, "r"))


async def test_a_number_that_is_taken_is_drawn_again(service: Service) -> None:
    await take(service, "100000009")
    await service.run()
    turns = await service.journal.turns("id-1")
    numbers = [
        event["number"]["$personal"]
        for turn in turns
        for event in turn.events
        if event["type"] == "case.opened"
    ]
    assert numbers == ["100000017", "100000025"]
    assert [turn.n for turn in turns] == list(range(1, len(turns) + 1))


async def test_numbers_are_not_drawn_for_ever(service: Service) -> None:
    await take(service, "100000009")
    service.change(draw_case=lambda: "100000009")
    with pytest.raises(JournalConflict):
        await service.run()
    assert service.channels[0].done is False
    service.change(draw_case=count_cases())
    await service.run()
    assert await service.journal.case("id-1", 8) == "100000017"


# A caller who is gone


async def test_a_call_that_was_left_is_led_to_its_end(service: Service) -> None:
    await service.die(3, stored=True)
    service.line.gone = True
    run = await finish_call(service.desk, service.channel(), LINE)
    assert run is not None
    assert (run.call, run.present, run.result) == ("id-1", False, "")
    (call,) = await service.journal.calls()
    assert (call.outcome, call.turns) == ("putus_ivr", 5)
    assert list(await service.journal.lines()) == []


async def test_of_a_call_that_has_ended_nothing_is_left(service: Service) -> None:
    await service.run()
    before = len(await service.turns())
    assert await finish_call(service.desk, service.channel(), LINE) is None
    assert service.channels[-1].done is True
    assert len(await service.turns()) == before


# A bundle that is gone


async def test_a_call_whose_bundle_is_gone_is_closed_and_a_new_one_begins(
    bundle: Bundle,
) -> None:
    service = Service(bundle, [Quiet(), Press("9")])
    await service.die(3, stored=True)
    service.change(shelf=lambda wanted: None)
    run = await service.run()
    old, new = sorted(await service.journal.calls(), key=lambda call: call.call)
    assert (old.turns, old.outcome, old.ended is not None) == (4, "galat", True)
    assert (new.call, new.turns) == (run.call, run.turn)
    facts = [fact.event for fact in await service.journal.facts(old.call)]
    assert facts == [{"type": "call.abandoned", "reason": "bundle"}]


OTHER = """
  main: {type: menu, options: [{key: 1, name: on, label: lanjut, next: end}]}
  end: {type: hangup}
"""


async def test_a_call_keeps_the_bundle_that_it_began_with(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    await service.die(2, stored=True)
    other = load_texts({"main.yaml": write_flow("main", OTHER)})
    service.change(bundle=other)
    run = await service.run()
    assert (run.bundle, run.result) == (bundle.hash, "tiket")
