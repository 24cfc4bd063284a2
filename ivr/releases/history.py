"""The history of publications: one small file for each, never changed, each naming the one before.

Which bundle is in force follows from it and from the time alone. A publication appears whole or not
at all, and only one of two publishers gets a number: the file is made by link(2), which refuses a
name that is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ivr.errors import SetupError, UsageError
from ivr.shelf import write_lasting
from ivr.store.disk import sync_directory


@dataclass(frozen=True, slots=True)
class Entry:
    """A publication, or what undoes one. `n` counts from 1. Times are UTC.

    `at` is when it was decided, `since` from when it holds; only one that is `planned` waits for
    that time, so that a clock that goes back hides nothing. `by` is the account of whoever did it.
    `of` is the number of the publication that a `withdraw` takes back before its time, else 0.
    `scripts` says how many call scripts passed, None when they were not run. `before` is the
    SHA-256 of the file before, empty for the first.
    """

    n: int
    act: Literal["publish", "rollback", "withdraw"]
    bundle: str
    at: datetime
    since: datetime
    by: str
    note: str = ""
    planned: bool = False
    of: int = 0
    scripts: int | None = None
    before: str = ""


_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_NAME = re.compile(r"[0-9]{6,}\.json")


@dataclass(frozen=True)
class History:
    """All publications in order; `last` is the SHA-256 of the last one's file."""

    entries: Sequence[Entry] = ()
    last: str = ""

    def stack(self, at: datetime) -> list[Entry]:
        """What a rollback goes back through: those in force one after the other, the present last.

        A rollback takes away what it undoes, so that a second one goes further back.
        """
        standing: list[Entry] = []
        for entry in self._effective(at):
            if entry.act == "rollback":
                there = [n for n, one in enumerate(standing) if one.bundle == entry.bundle]
                standing = standing[: there[-1]] if there else standing
            standing.append(entry)
        return standing

    def in_force(self, at: datetime) -> Entry | None:
        """The publication that holds at this time, None before the first."""
        standing = self.stack(at)
        return standing[-1] if standing else None

    def scheduled(self, at: datetime) -> list[Entry]:
        """The publications that are yet to come, the next one first."""
        return [one for one in self._standing() if one.planned and one.since > at]

    def _effective(self, at: datetime) -> Iterator[Entry]:
        return (one for one in self._standing() if not one.planned or one.since <= at)

    def _standing(self) -> list[Entry]:
        """Those that were not withdrawn, in the order in which they come into force."""
        gone = {one.of for one in self.entries if one.act == "withdraw"}
        kept = (one for one in self.entries if one.act != "withdraw" and one.n not in gone)
        return sorted(kept, key=lambda one: (one.since, one.n))


def read_history(directory: Path) -> History:
    """All publications. Raises SetupError when one is missing, changed or cannot be read."""
    entries: list[Entry] = []
    last = ""
    for number in range(1, _count(directory) + 1):
        path = _path(directory, number)
        try:
            raw = path.read_bytes()
            entry = _ENTRY.validate_json(raw)
        except (OSError, ValidationError):
            raise _damaged(path, "is missing or cannot be read") from None
        if entry.n != number or entry.before != last:
            raise _damaged(path, "does not follow the one before: one of them was changed")
        entries.append(entry)
        last = hashlib.sha256(raw).hexdigest()
    return History(entries, last)


def append(directory: Path, history: History, entry: Entry) -> Entry:
    """Add an entry to a history that was read before; returns it with number and predecessor.

    It is on the disk when this returns. Raises UsageError when somebody else added one meanwhile,
    OSError.
    """
    entry = replace(entry, n=len(history.entries) + 1, before=history.last)
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / f".{secrets.token_hex(8)}"
    try:
        write_lasting(draft, _ENTRY.dump_json(entry, indent=1) + b"\n")
        os.link(draft, _path(directory, entry.n))
    except FileExistsError:
        raise UsageError(
            "somebody else published meanwhile",
            place=str(directory),
            remedy="See what changed (ivr bundles, ivr diff), then say it again.",
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(directory)
    return entry


def entry_to_plain(entry: Entry) -> dict[str, object]:
    """The entry as JSON-ready data."""
    return _ENTRY.dump_python(entry, mode="json")  # type: ignore[no-any-return]


def _count(directory: Path) -> int:
    """The highest number, 0 when nothing was ever published."""
    names = (path.name for path in directory.glob("[0-9]*.json"))
    return max((int(name[:-5]) for name in names if _NAME.fullmatch(name)), default=0)


def _path(directory: Path, number: int) -> Path:
    return directory / f"{number:06}.json"


def _damaged(path: Path, fault: str) -> SetupError:
    return SetupError(
        f"this entry of the history of publications {fault}",
        place=str(path),
        remedy="Put the directory back from a backup. A service that runs goes on as it is.",
    )
