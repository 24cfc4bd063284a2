"""The loop that joins engine, channel and journal: what it promises beyond recovery."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from ivr.audit.leaf import as_recorded
from ivr.driver import finish_call
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.plain import run_to_plain
from ivr.engine.values import Scalar
from ivr.errors import JournalBroken, JournalConflict
from ivr.flow.bundle import Bundle
from ivr.ports import LiveRow, NewCase, Turn
from ivr.simulator import Act, Press, Quiet, Speak
from tests.service import LINE, Service, Stopping, count_cases
from tests.talk import START, load_texts, write_flow

NPWP = "021832415000000"
BROKEN = JournalBroken("the disk is full")

FLOW = """
  hello: {type: say, say: Selamat pagi., next: ask}
  ask:
    type: collect
    say: Masukkan NPWP.
    as: npwp
    sensitive: true
    into: npwp
    confirm: last4
    next: find
  find:
    type: lookup
    source: people
    with: {npwp: "{npwp}"}
    into: person
    meanwhile: Mohon tunggu.
    found: phone
    not_found: phone
    failed: phone
  phone: {type: collect, say: Nomor telepon., digits: "4", into: phone, next: year}
  year: {type: collect, say: Tahun., digits: "4", public: true, into: year, next: speak}
  speak:
    type: record
    say: Silakan bicara.
    into: message
    case: pengaduan
    on_nothing: end
    next: again
  again:
    type: record
    say: Silakan bicara lagi.
    into: second
    case: aspirasi
    on_nothing: end
    next: end
  end: {type: hangup, say: "Terima kasih, {phone}."}
"""
SOURCES = """
sources:
  people:
    table: people
    key: [npwp]
    kinds: {npwp: npwp}
    fields:
      name: {personal: true, words: {x: Contoh}}
"""

ACTS: list[Act] = [
    Quiet(),
    Press(f"{NPWP}#"),
    Quiet(),
    Press("1"),
    Quiet(),
    Press("4711"),
    Quiet(),
    Press("2025"),
    Quiet(),
    Speak(3000),
    Press("#"),
    Quiet(),
    Speak(2000),
    Press("#"),
]


@pytest.fixture
def bundle() -> Bundle:
    return load_texts(
        {
            "main.yaml": write_flow("main", FLOW),
            "sources.yaml": SOURCES,
            "data/people.yaml": f"- {{npwp: '0{NPWP}', name: x}}\n",
        }
    )


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


# Classes of data


async def test_secret_digits_reach_nobody_but_the_source_and_the_live_row(
    service: Service,
) -> None:
    journal = Stopping(service.journal, BROKEN)
    service.change(journal=journal)
    run = await service.run()
    told = json.dumps([[turn.outcome, turn.events, turn.step] for turn, _, _ in journal.taken])
    assert NPWP not in told
    assert NPWP not in json.dumps(run_to_plain(run))
    assert NPWP not in repr(journal.taken)
    assert service.source.asked == [("people", {"npwp": NPWP}, "id-1-4")]
    kept = [row.secrets.digits for _, row, _ in journal.taken if row is not None]
    assert kept[2:] == [{"id-2": NPWP}] * (len(kept) - 2)


async def test_of_a_secret_the_last_four_are_read_back(service: Service) -> None:
    await service.run()
    confirm = "<< Anda memasukkan nomor 0000. Jika benar, tekan satu. Untuk mengulang, tekan dua."
    assert confirm in service.shown
    assert not any(NPWP in line for line in service.shown if line.startswith("<<"))


async def test_a_secret_is_judged_by_the_driver(bundle: Bundle) -> None:
    acts: list[Act] = [Quiet(), Press("123#"), Quiet(), Press("021832416000000#"), Quiet()]
    service = Service(bundle, [*acts, Press(f"0{NPWP}"), Quiet(), Press("1")])
    await service.run()
    rejected = await service.events("input.rejected")
    assert [(event["reason"], event["length"]) for event in rejected] == [
        ("short", 3),
        ("checksum", 15),
    ]
    (accepted,) = await service.events("input.accepted")
    assert accepted["value"]["$secret"]["valid"] is True


async def test_other_digits_are_personal_unless_the_flow_says_otherwise(service: Service) -> None:
    await service.run()
    accepted = await service.events("input.accepted")
    assert [event["value"] for event in accepted[1:]] == [{"$personal": "4711"}, "2025"]


async def test_what_is_handed_to_the_journal_comes_back_from_it(service: Service) -> None:
    journal = Stopping(service.journal, BROKEN)
    service.change(journal=journal)
    await service.run()
    recorded = [
        as_recorded({"outcome": turn.outcome, "events": list(turn.events), "step": turn.step})
        for turn, _, _ in journal.taken
    ]
    assert recorded == [
        {"outcome": turn.outcome, "events": list(turn.events), "step": turn.step}
        for turn in await service.turns()
    ]


# Lookups


async def test_an_answer_in_time_plays_nothing_meanwhile(service: Service) -> None:
    await service.run()
    assert not any("Mohon tunggu" in line for line in service.shown)


class Slow:
    """Answers once the caller has been told to wait."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        await self.told.wait()
        return NotFound("")


class Waiting(list[str]):
    """What is shown; releases the source when the caller is told to wait."""

    def __init__(self, source: Slow) -> None:
        super().__init__()
        self.source = source

    def append(self, line: str) -> None:
        super().append(line)
        if "Mohon tunggu" in line:
            self.source.told.set()


async def test_a_caller_is_told_to_wait_when_the_answer_takes_longer(service: Service) -> None:
    source = Slow()
    service.shown = Waiting(source)
    service.change(source=source, patience=0.0)
    await service.run()
    assert service.shown.count("   … Mohon tunggu.") == 1
    (answered,) = await service.events("source.answered")
    assert answered["result"] == "not_found"


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
