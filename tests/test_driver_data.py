"""What the driver does with classes of data and with lookups."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from ivr.audit.leaf import as_recorded
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.plain import run_to_plain
from ivr.engine.values import Scalar
from ivr.errors import JournalBroken, ProtocolError
from ivr.flow.bundle import Bundle
from ivr.simulator import Act, Press, Quiet
from tests.message_call import ACTS, NPWP, load
from tests.service import Service, Stopping

BROKEN = JournalBroken("the disk is full")


@pytest.fixture
def bundle() -> Bundle:
    return load()


@pytest.fixture
def service(bundle: Bundle) -> Service:
    return Service(bundle, ACTS)


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
    confirm = (
        "<< Anda memasukkan nomor berakhiran nol nol nol nol. Jika benar, tekan satu."
        " Untuk mengulang, tekan dua."
    )
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


async def test_a_source_that_never_answers_has_failed(service: Service) -> None:
    service.change(source=Slow(), patience=0.0, source_limit=0.01)
    await service.run()
    (answered,) = await service.events("source.answered")
    assert (answered["result"], answered["reason"]) == ("failed", "timeout")


class Broken:
    """A source that breaks its port's promise: it raises."""

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        raise ProtocolError("the source fell over")


async def test_an_error_in_a_source_comes_out_as_it_is(service: Service) -> None:
    service.change(source=Broken())
    with pytest.raises(ProtocolError, match="fell over"):
        await service.run()
    assert service.channels[0].done is False
