"""What is sealed at the end of a call, whatever becomes of a part of it."""

from __future__ import annotations

from pathlib import Path

from ivr.asterisk.gone import GoneChannel
from ivr.errors import JournalBroken
from ivr.ports import Fact
from ivr.recordings.sealing import LEGS, leg_path
from ivr.recordings.segments import begin, list_unsealed, note_doubt
from ivr.sealer import Sealer
from ivr.store.memory import MemoryJournal
from tests.test_sealing import write_wav

LINE = "pintu-1.2"


class RefusingJournal(MemoryJournal):
    """A journal that does not take what is told of one recording."""

    def __init__(self, refused: str) -> None:
        super().__init__()
        self._refused = refused

    async def note(self, fact: Fact) -> int:
        """See `ivr.ports.Journal`."""
        if fact.event["recording"] == self._refused:
            raise JournalBroken("the store is away", remedy="Wait.")
        return await super().note(fact)


async def seal(directory: Path, journal: MemoryJournal) -> list[tuple[str, str]]:
    """The recordings that were told, and what was told."""
    channel = GoneChannel(directory)
    await Sealer(directory, journal, "engine").seal_call(channel, LINE)
    return [(fact.event["recording"], fact.event["type"]) for fact in await journal.facts("A")]


def record(directory: Path, name: str) -> None:
    for leg in LEGS:
        write_wav(leg_path(directory, name, leg), 1.0)


async def test_one_that_the_journal_does_not_take_holds_up_no_other(tmp_path: Path) -> None:
    for at, name in enumerate(("A-3", "A-5", "A-7")):
        begin(tmp_path, name, LINE, 100.0 + at)
        record(tmp_path, name)
    told = await seal(tmp_path, RefusingJournal("A-3"))
    assert told == [("A-5", "recording.sealed"), ("A-7", "recording.sealed")]
    assert [segment.name for segment in list_unsealed(tmp_path)] == ["A-3"]
    assert await seal(tmp_path, MemoryJournal()) == [("A-3", "recording.sealed")]


async def test_one_that_never_began_is_not_missed(tmp_path: Path) -> None:
    begin(tmp_path, "A-3", LINE, 100.0)
    note_doubt(tmp_path, "A-3", 100.1)
    assert await seal(tmp_path, MemoryJournal()) == []
    assert list_unsealed(tmp_path) == {}


async def test_one_that_began_without_a_word_of_it_is_sealed(tmp_path: Path) -> None:
    begin(tmp_path, "A-3", LINE, 100.0)
    note_doubt(tmp_path, "A-3", 100.1)
    record(tmp_path, "A-3")
    assert await seal(tmp_path, MemoryJournal()) == [("A-3", "recording.sealed")]
