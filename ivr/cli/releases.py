"""`ivr publish`, `bundles`, `diff`, `rollback`: from a directory to what callers hear."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ivr.cli.account import find_account
from ivr.cli.counting import count
from ivr.cli.failures import require_scripts
from ivr.cli.serve import show_progress
from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.differences import list_differences
from ivr.flow.loader import load_directory
from ivr.operations.clock import now
from ivr.releases.history import Entry, History, entry_to_plain, read_history
from ivr.releases.publishing import SHORT, Order, find_published, publish, roll_back
from ivr.shelf import Shelf

NOTE = click.option("--note", default="", help="Why, for those who read the history later.")
LONGEST_NOTE = 500
NOTHING_TO_TELL = {
    "en": ("no differences", "another order, no more"),
    "id": ("tidak ada perbedaan", "hanya urutannya yang berbeda"),
}


@click.command("publish", short_help="Put the flows in force.")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="From when on, on the hotline's clock. Without: now.",
)
@NOTE
@click.option("--untested", is_flag=True, help="Play no call scripts; the history says so.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
def publish_command(
    settings: Settings,
    directory: Path | None,
    at: datetime | None,
    note: str,
    untested: bool,
    as_json: bool,
) -> None:
    """Put the flows of DIRECTORY [IVR_FLOWS] in force, whole or not at all.

    They are checked first, their call scripts played and their prompts rendered; a stale
    translation keeps them back, too. A service that runs takes them over within a second; calls in
    progress stay on the flows that they began with.

    Example: ivr publish --note "New deadlines" --at 2026-12-31T22:00
    """
    flows = directory or settings.flows
    _check_note(note)
    since = None if at is None else _read_time(load_directory(flows), at)
    order = Order(flows, find_account(), note, since)
    scripts = None if untested else require_scripts
    done = publish(settings, order, now, scripts, show_progress)
    if as_json:
        entry = None if done.entry is None else entry_to_plain(done.entry)
        click.echo(json.dumps({"bundle": done.bundle.hash, "entry": entry}))
        return
    for fault in done.warnings:
        click.echo(str(fault), err=True)
    if done.entry is None:
        click.echo(f"nothing to publish: {done.bundle.hash[:SHORT]} is in force already")
    else:
        when = f", in force from {_local(done.bundle, done.entry.since)} on" if since else ""
        tested = "untested" if untested else f"{count(done.entry.scripts or 0, 'call')} tried"
        click.echo(f"published {flows} as {done.bundle.hash[:SHORT]}, {tested}{when}")
    _warn_of_scheduled(done.scheduled, done.bundle)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
def bundles(settings: Settings, as_json: bool) -> None:
    """List what was published: in force, to come, and what was in force before. Newest first.

    Example: ivr bundles
    """
    history, at = read_history(settings.history), now()
    holding, coming = history.in_force(at), history.scheduled(at)
    rows = [(_state(entry, holding, coming, history), entry) for entry in history.entries]
    if as_json:
        plain = [{"state": state, **entry_to_plain(entry)} for state, entry in rows]
        click.echo(json.dumps({"bundles": plain}))
        return
    for state, entry in reversed(rows):
        note = f"  {entry.note}" if entry.note else ""
        since = entry.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        click.echo(
            f"{entry.bundle[:SHORT]}  {since}  {state:9}  {entry.act:8}  by {entry.by}{note}"
        )
    if not rows:
        click.echo("nothing was published yet; `ivr publish` does it, or the first `ivr serve`")


@click.command()
@click.argument("before", required=False)
@click.argument("after", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
@click.pass_obj
def diff(
    settings: Settings, before: str | None, after: str | None, as_json: bool, language: str
) -> None:
    """Say in words what differs between BEFORE [what is in force] and AFTER [IVR_FLOWS].

    Both may be a directory, or a published hash or its beginning. Exit code 1 when something
    differs.

    Example: ivr diff
    """
    history = read_history(settings.history)
    old = _find_in_force(settings, history) if before is None else _find(settings, history, before)
    new = load_directory(settings.flows) if after is None else _find(settings, history, after)
    told = list_differences(old, new, language)
    if as_json:
        click.echo(json.dumps({"before": old.hash, "after": new.hash, "differences": told}))
    else:
        for sentence in told:
            click.echo(sentence)
        if not told:
            same, reordered = NOTHING_TO_TELL[language]
            click.echo(same if old.hash == new.hash else reordered)
    sys.exit(1 if told else 0)


@click.command()
@click.argument("bundle", metavar="[HASH]", required=False)
@NOTE
@click.pass_obj
def rollback(settings: Settings, bundle: str | None, note: str) -> None:
    """Put the bundle from before in force again, or the one that begins with HASH.

    With the HASH of one that is yet to come, that one is taken back. Said twice it goes back twice.

    Example: ivr rollback --note "Option 3 led nowhere"
    """
    _check_note(note)
    entry = roll_back(settings, bundle, find_account(), note, now)
    if entry.act == "withdraw":
        click.echo(f"{entry.bundle[:SHORT]} will not come into force")
        return
    click.echo(f"{entry.bundle[:SHORT]} is in force again")
    at = now()
    _warn_of_scheduled(
        read_history(settings.history).scheduled(at), Shelf(settings.shelf).load(entry.bundle)
    )


def _find_in_force(settings: Settings, history: History) -> Bundle:
    holding = history.in_force(now())
    if holding is None:
        raise UsageError(
            "nothing was published yet",
            remedy="`ivr publish` does it, or the first `ivr serve`.",
        )
    return Shelf(settings.shelf).load(holding.bundle)


def _find(settings: Settings, history: History, named: str) -> Bundle:
    if Path(named).is_dir():
        return load_directory(Path(named))
    return Shelf(settings.shelf).load(find_published(history, named))


def _check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"the note is longer than {LONGEST_NOTE} characters", place="--note")
    if not note.isprintable():
        raise UsageError("the note has more than one line, or control characters", place="--note")


def _read_time(bundle: Bundle, at: datetime) -> datetime:
    begun = now()
    since = at.replace(tzinfo=ZoneInfo(bundle.hotline.timezone)).astimezone(begun.tzinfo)
    if since <= begun:
        raise UsageError(
            f"{at.isoformat(' ')} is over on the hotline's clock",
            place="--at",
            remedy="Name a time to come, or leave --at out to publish now.",
        )
    return since


def _local(bundle: Bundle, at: datetime) -> str:
    zone = ZoneInfo(bundle.hotline.timezone)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _state(entry: Entry, holding: Entry | None, coming: Sequence[Entry], history: History) -> str:
    if holding is not None and entry.n == holding.n:
        return "in force"
    if any(entry.n == one.n for one in coming):
        return "to come"
    if entry.act == "withdraw":
        return ""
    return "withdrawn" if _is_withdrawn(entry, history) else "older"


def _is_withdrawn(entry: Entry, history: History) -> bool:
    return any(one.act == "withdraw" and one.of == entry.n for one in history.entries)


def _warn_of_scheduled(coming: Sequence[Entry], bundle: Bundle) -> None:
    """What comes later was made without this one and takes its place."""
    for entry in coming:
        click.echo(
            f"to come: {entry.bundle[:SHORT]} takes its place at {_local(bundle, entry.since)}"
            f" (`ivr rollback {entry.bundle[:SHORT]}` takes it back)",
            err=True,
        )
    if coming:
        click.echo(f"{count(len(coming), 'publication')} to come", err=True)
