"""Publishing, rolling back, taking back: everything that adds to the history.

The order is what makes a crash harmless: prompts, then the bundle, then the entry that names it.
Until the entry is there nothing has changed; once it is there, everything that it needs is too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.acceptance import list_unpublishable
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault, FaultyFlows
from ivr.flow.loader import check_files, read_directory
from ivr.releases.history import Entry, History, append, read_history
from ivr.shelf import Shelf
from ivr.sounds import render_prompts

Progress = Callable[[int, int], None]


class Render(Protocol):
    """Makes the prompts of a bundle that are missing, see `ivr.sounds.render_prompts`."""

    def __call__(
        self, settings: Settings, bundle: Bundle, progress: Progress | None, *, deep: bool
    ) -> object:
        """Raises SpeechError, SetupError."""


Scripts = Callable[[Path, Bundle], int]
"""Runs a directory's call scripts and returns how many passed. Raises FlowError when one failed."""

SHORT = 12
"""Characters of a hash that people see and type."""


@dataclass(frozen=True)
class Order:
    """What to publish: `since` is UTC, None: now. `by` is the account of whoever does it."""

    directory: Path
    by: str
    note: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Published:
    """An entry with its bundle, what the checker warns of, and what is yet to come after it.

    `entry` is None when this bundle is in force already.
    """

    entry: Entry | None
    bundle: Bundle
    warnings: Sequence[Fault]
    scheduled: Sequence[Entry]


def publish(
    settings: Settings,
    order: Order,
    now: Callable[[], datetime],
    scripts: Scripts | None = None,
    progress: Progress | None = None,
    render: Render = render_prompts,
) -> Published:
    """Check a directory, run its call scripts, render its prompts, keep it, and put it in force.

    `scripts` None: they are not run, and the entry says so; stale translations are let pass, too.
    Raises FaultyFlows with every fault,
    FlowError for a script that failed, SpeechError, SetupError, UsageError when somebody else
    published meanwhile, OSError when it cannot be written.
    """
    history = read_history(settings.history)
    files, unread = read_directory(order.directory)
    bundle, faults = check_files(order.directory, files, unread, today=now().date())
    if bundle is None or (scripts is not None and list_unpublishable(faults)):
        raise FaultyFlows(faults)
    passed = None if scripts is None else scripts(order.directory, bundle)
    render(settings, bundle, progress, deep=True)
    shelf = Shelf(settings.shelf)
    shelf.put(bundle, files)
    at = now()
    if _holds(history, bundle, order, at):
        return Published(None, bundle, faults, history.scheduled(at))
    entry = Entry(
        n=0,
        act="publish",
        bundle=bundle.hash,
        at=at,
        since=order.since or _after(history, at),
        by=order.by,
        note=order.note,
        planned=order.since is not None,
        scripts=passed,
    )
    entry = append(settings.history, history, entry)
    return Published(entry, bundle, faults, history.scheduled(at))


def roll_back(
    settings: Settings,
    to: str | None,
    by: str,
    note: str,
    now: Callable[[], datetime],
    render: Render = render_prompts,
) -> Entry:
    """Put an older bundle in force again, None: the one before; or take back one yet to come.

    `to` is a hash or its beginning. Raises UsageError when there is no such bundle, SetupError when
    it is damaged.
    """
    history, at = read_history(settings.history), now()
    coming = [one for one in history.scheduled(at) if to and one.bundle.startswith(to)]
    if coming:
        act = Entry(0, "withdraw", coming[0].bundle, at, at, by, note, of=coming[0].n)
        return append(settings.history, history, act)
    hash_ = _previous(history, at) if to is None else find_published(history, to)
    bundle = Shelf(settings.shelf).load(hash_)
    render(settings, bundle, None, deep=True)
    since = _after(history, at)
    return append(settings.history, history, Entry(0, "rollback", hash_, at, since, by, note))


def find_published(history: History, prefix: str) -> str:
    """The hash of the published bundle that begins so. Raises UsageError: none, or several."""
    found = {one.bundle for one in history.entries if one.bundle.startswith(prefix)}
    if len(found) == 1:
        return found.pop()
    raise UsageError(
        f"{len(found) or 'no'} published bundle{'s begin' if found else ' begins'} with {prefix!r}",
        remedy="`ivr bundles` lists them all.",
    )


def _previous(history: History, at: datetime) -> str:
    standing = history.stack(at)
    others = [one.bundle for one in standing if one.bundle != standing[-1].bundle]
    if not others:
        raise UsageError(
            "there is no bundle to go back to",
            remedy="Name one of those that `ivr bundles` lists, or publish other flows.",
        )
    return others[-1]


def _holds(history: History, bundle: Bundle, order: Order, at: datetime) -> bool:
    """Whether nothing would change: it is in force, and is to be in force now."""
    holding = history.in_force(at)
    return order.since is None and holding is not None and holding.bundle == bundle.hash


def _after(history: History, at: datetime) -> datetime:
    """Never before what is in force, should the machine's clock have gone back."""
    holding = history.in_force(at)
    return max(at, holding.since) if holding else at
