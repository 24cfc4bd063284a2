"""Records as bytes of a spool, and a batch of them on its way into the store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ivr.audit.leaf import Header, encode_leaf
from ivr.errors import JournalBroken, JournalError
from ivr.ports import Fact
from ivr.store.plain import Entry, entry_from_plain, entry_to_plain, turn_data
from ivr.store.spool import Spool
from ivr.store.writer import Store

_log = logging.getLogger(__name__)

BATCH = 200
"""Records in a batch."""

_WIDEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
_LOG = "x" * 64


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the store will never take: its call, and what is told about it."""

    call: str | None
    about: Mapping[str, Any]


def to_bytes(entry: Entry) -> bytes:
    """An entry for the spool. Raises JournalError for what could not be stored later."""
    try:
        _check_leaf(entry)
        return json.dumps(entry_to_plain(entry), allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise JournalError(f"the record cannot be a leaf of the log: {error}") from None


def from_bytes(raw: bytes) -> Entry:
    """The entry again."""
    return entry_from_plain(json.loads(raw))


async def bring(
    store: Store, spool: Spool, facts: Sequence[Fact], patience: float
) -> tuple[int, list[Refused]]:
    """Store these facts and the oldest records of the spool, and drop them there.

    Returns how many records left the spool, and those that the store refuses. Raises JournalBroken
    when the store is away, or takes longer than `patience` seconds; all of it may be tried again.
    """
    records = spool.peek(BATCH)
    entries: list[Entry] = [*facts, *map(from_bytes, records)]
    try:
        async with asyncio.timeout(patience):
            stored = await store.catch_up(entries)
    except TimeoutError:
        raise JournalBroken(f"the store took longer than {patience} s for a batch") from None
    late = zip(entries[len(facts) :], records, stored[len(facts) :], strict=True)
    refused = [_set_aside(spool, entry, record) for entry, record, seq in late if seq is None]
    spool.drop(len(records))
    return len(records), refused


def _set_aside(spool: Spool, entry: Entry, record: bytes) -> Refused:
    """Keep it where a person finds it."""
    try:
        path = spool.set_aside(record)
    except OSError as error:
        raise JournalBroken(
            f"a record that the store refuses cannot be kept ({error.strerror})",
            remedy="Make room on the disk of the spool.",
        ) from None
    call, n = (entry.call, None) if isinstance(entry, Fact) else (entry.turn.call, entry.turn.n)
    _log.error("the store refuses a record of call %s; it is kept as %s", call, path)
    return Refused(call, {"turn": n, "file": path.name})


def _check_leaf(entry: Entry) -> None:
    """Try the leaf with the longest head that it can get."""
    kind: Literal["turn", "fact"]
    if isinstance(entry, Fact):
        call, n, kind, data = entry.call, None, "fact", entry.event
        at, source = entry.at, entry.source
    else:
        turn = entry.turn
        call, n, kind, data = turn.call, turn.n, "turn", turn_data(turn)
        at, source = turn.at, _LOG
    encode_leaf(
        Header(_LOG, 2**53 - 1, _WIDEST, at, source, call, n, kind), data, lambda: bytes(16)
    )
