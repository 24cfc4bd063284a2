"""`ivr calls check`: what was recorded, compared with what was sealed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ivr.audit.leaf import write_id
from ivr.config import Settings
from ivr.errors import JournalBroken
from ivr.operations.clock import now
from ivr.ports import CallReader, Fact, Journal
from ivr.recordings.comparing import ALTERED, compare, is_kept, tell_change
from ivr.spooling import spool_store
from ivr.store.client import SocketJournal

SOURCE = "check"
"""Names this command in the facts."""

MOST = 1_000_000
"""Calls that are looked at, the newest first."""


@dataclass(slots=True)
class Checked:
    """How many recordings were compared, those that are altered (with their call), and what the
    journal does not know yet."""

    recordings: int = 0
    altered: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    news: list[Fact] = field(default_factory=list)


async def list_all(reader: CallReader) -> Sequence[str]:
    """Every call, the newest first."""
    return [summary.call for summary in await reader.calls(limit=MOST)]


async def check_recordings(directory: Path, reader: CallReader, calls: Sequence[str]) -> Checked:
    """Compare every recording of these calls."""
    checked = Checked()
    for call in calls:
        facts = [fact.event for fact in await reader.facts(call)]
        spoken = [event for turn in await reader.turns(call) for event in turn.events]
        for event in filter(is_kept, (*spoken, *facts)):
            await _check(checked, directory, call, event, facts)
    return checked


async def _check(
    checked: Checked,
    directory: Path,
    call: str,
    event: Mapping[str, Any],
    facts: Sequence[Mapping[str, Any]],
) -> None:
    checked.recordings += 1
    name = str(event["recording"])
    found = await asyncio.to_thread(compare, directory, event)
    files = [asdict(difference) for difference in found]
    if files:
        checked.altered.append((call, {"type": ALTERED, "recording": name, "files": files}))
    if news := tell_change(name, found, facts):
        at = now()
        checked.news.append(Fact(call, at, SOURCE, news, write_id(at, os.urandom(10))))


async def note_all(settings: Settings, facts: Sequence[Fact]) -> None:
    """Through the door of the service; when it does not run, as the writer of the store.

    Raises JournalError, JournalLocked.
    """
    with suppress(JournalBroken):
        async with SocketJournal(settings.socket) as journal:
            await _note(journal, facts)
            return
    async with spool_store(settings) as store:
        await _note(store, facts)


async def _note(journal: Journal, facts: Sequence[Fact]) -> None:
    for fact in facts:
        await journal.note(fact)
