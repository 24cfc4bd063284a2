"""An engine follows its supervisor, and calls in progress do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from ivr.editions import Editions
from ivr.errors import JournalBroken
from ivr.flow.bundle import Bundle
from ivr.following import Follower
from ivr.ports import Fact, Source
from ivr.releases.serving import Serving, write_serving
from ivr.services.tables import Tables
from ivr.speech.casting import load_casting
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from ivr.store.memory import MemoryJournal
from ivr.takeover import Takeover, name_fact
from tests.release_office import Office
from tests.service import Service

CASTING = load_casting(Path(__file__).parent.parent / "prompts", Tones())


class Noted(MemoryJournal):
    """Remembers its facts, and takes none while it is away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.facts_noted: dict[str, Fact] = {}

    async def note(self, fact: Fact) -> int:
        if self.away:
            raise JournalBroken("its disk is gone")
        self.facts_noted[fact.id or f"{len(self.facts_noted)}"] = fact
        return await super().note(fact)

    def told(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts_noted.values() if fact.event["type"] == kind]


class Engine:
    """An engine's editions, following the supervisor of an office."""

    def __init__(self, office: Office, journal: Noted, name: str = "engine-1") -> None:
        self.office = office
        self.journal = journal
        follower = Follower(
            office.settings,
            "siti",
            office.now,
            watch=False,
            render=office.render,
            prepare=office.render,
        )
        self.follower = follower
        self.editions = Editions(
            office.settings, follower.begin(), self.open(), stock=lambda settings: self.open()
        )
        self.takeover = Takeover(office.settings, self.editions, journal, name, again=0.1)

    def open(self) -> PromptLibrary:
        return PromptLibrary(self.office.settings.sounds, CASTING)

    @property
    def serves(self) -> str:
        return self.editions.current.bundle.texts["id"]["main.main.say"]

    @property
    def tries(self) -> str:
        draft = self.editions.draft
        return "" if draft is None else draft.bundle.texts["id"]["main.main.say"]


@asynccontextmanager
async def running(*engines: Engine) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(engine.takeover.run()) for engine in engines]
    tasks.append(asyncio.create_task(engines[0].follower.run()))
    yield
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(one) for one in ended} == {asyncio.CancelledError}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_every_engine_takes_a_publication_over(office: Office) -> None:
    office.publish("A")
    journal = Noted()
    engines = [Engine(office, journal), Engine(office, journal, "engine-2")]
    before = engines[0].editions.current
    async with running(*engines):
        office.publish("B")
        await office.until(lambda: [engine.serves for engine in engines] == ["B", "B"])
        await office.until(lambda: len(journal.told("flows.served")) == 4)
        assert before.bundle.texts["id"]["main.main.say"] == "A"
        office.roll_back()
        await office.until(lambda: [engine.serves for engine in engines] == ["A", "A"])
        await office.until(lambda: len(journal.told("flows.served")) == 6)
    told = [fact.event["reason"] for fact in journal.told("flows.served")]
    assert told == ["published"] * 4 + ["rolled_back"] * 2
    assert {fact.source for fact in journal.told("flows.served")} == {"engine-1", "engine-2"}


async def test_a_publication_is_told_once_whoever_tells_it(office: Office) -> None:
    office.publish("A")
    office.publish("B")
    office.roll_back()
    journal = Noted()
    engines = [Engine(office, journal), Engine(office, journal, "engine-2")]
    async with running(*engines):
        await office.until(lambda: len(journal.told("flows.served")) == 2)
    told = [fact.event for fact in journal.told("flows.published")]
    assert [(event["n"], event["by"], event["note"]) for event in told] == [
        (1, "siti", "note A"),
        (2, "siti", "note B"),
    ]
    [back] = journal.told("flows.rolled_back")
    assert (back.event["n"], back.event["by"], back.at) == (3, "budi", office.history.entries[2].at)


def test_the_fact_of_a_publication_has_the_same_id_however_its_time_is_held(
    office: Office,
) -> None:
    office.publish("A")
    [entry] = office.history.entries
    moved = replace(entry, at=entry.at.astimezone(timezone(timedelta(hours=7))))
    assert name_fact(moved) == name_fact(entry)
    assert name_fact(replace(entry, bundle="0" * 64)) != name_fact(entry)


async def test_what_a_journal_does_not_take_is_told_later(office: Office) -> None:
    journal = Noted()
    engine = Engine(office, journal)
    journal.away = True
    async with running(engine):
        office.publish("B")
        await office.until(lambda: engine.serves == "B")
        journal.away = False
        await office.until(lambda: len(journal.told("flows.served")) == 2)
    assert len(journal.told("flows.published")) == 2


async def test_what_cannot_be_read_is_not_taken_over(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(office, Noted())
    async with running(engine):
        write_serving(office.settings.serving, Serving("0" * 64, "published"))
        await office.until(lambda: "the others cannot be used" in caplog.text)
        assert engine.serves == "first"
        office.publish("B")
        await office.until(lambda: engine.serves == "B")


async def test_what_could_not_be_read_for_a_moment_is_taken_over_later(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(office, Noted())
    second = office.publish("B").bundle.hash
    bundle = office.settings.shelf / second / "bundle.json"
    bundle.rename(bundle.with_name("away"))
    write_serving(office.settings.serving, Serving(second, "published"))
    following = asyncio.create_task(engine.takeover.run())
    await office.until(lambda: "the others cannot be used" in caplog.text)
    bundle.with_name("away").rename(bundle)
    await office.until(lambda: engine.serves == "B")
    following.cancel()


async def test_the_draft_comes_and_goes(tmp_path: Path) -> None:
    office = Office(tmp_path, test_number="1599")
    engine = Engine(office, Noted())
    async with running(engine):
        await office.until(lambda: engine.tries == "first")
        office.change("B")
        await office.until(lambda: engine.tries == "B")
        office.main.write_text("flow: main\n")
        await office.until(lambda: engine.editions.faults > 0)
        assert (engine.tries, engine.serves) == ("", "first")


TWO = """
  main: {type: say, say: Satu %s., next: second}
  second: {type: say, say: Dua %s., next: end}
  end: {type: hangup}
"""


async def test_a_call_stays_on_its_flows_when_its_engine_dies(office: Office) -> None:
    """The next engine serves others for new calls, and other tables too."""

    def write(word: str) -> None:
        office.main.write_text(
            office.flow("x").partition("nodes:")[0] + "nodes:" + TWO % (word, word)
        )

    write("A")
    first = office.publish().bundle
    service = Service(first, [])
    await service.die(3, stored=False)
    write("B")
    second = office.publish().bundle
    editions = Editions(office.settings, second, PromptLibrary(office.settings.sounds, CASTING))
    asked: list[Bundle] = []

    def reach(bundle: Bundle) -> tuple[Source, None]:
        asked.append(bundle)
        return Tables(bundle), None

    service.change(bundle=second, shelf=editions.find, older=reach)
    await service.run()
    assert [one.hash for one in asked] == [first.hash]
    [started] = await service.events("call.started")
    assert (started["bundle"], started["test"]) == (first.hash, False)
    assert "B" not in " ".join(service.shown)
    assert "Dua A." in " ".join(service.shown)
