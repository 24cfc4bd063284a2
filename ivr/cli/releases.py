"""`ivr publish`, `diff`, `rollback`: from a directory to what callers hear."""

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
from ivr.cli.refusal import telling_refusal
from ivr.cli.serve import show_progress
from ivr.cli.times import Moment, write_time
from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.differences import list_differences
from ivr.flow.loader import load_directory
from ivr.lookups import find_missing
from ivr.operations.clock import now
from ivr.releases.history import Entry, History, entry_to_plain, read_history
from ivr.releases.publishing import SHORT, Order, Published, find_published, publish, roll_back
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
    type=Moment(),
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
    scripts = None if untested else require_scripts
    with telling_refusal(as_json=as_json):
        since = None if at is None else _read_time(load_directory(flows), at)
        order = Order(flows, find_account(), note, since)
        done = publish(settings, order, now, scripts, show_progress)
    missing = [str(error) for error in find_missing(settings, done.bundle)]
    if as_json:
        click.echo(json.dumps({**_to_plain(done), "missing": missing}))
        return
    for told in (*map(str, done.warnings), *(f"not here yet: {one}" for one in missing)):
        click.echo(told, err=True)
    click.echo(_tell(done, flows))
    _warn_of_scheduled(done.scheduled, done.bundle)


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


def _to_plain(done: Published) -> dict[str, object]:
    entry = None if done.entry is None else entry_to_plain(done.entry)
    return {"published": entry is not None, "bundle": done.bundle.hash, "entry": entry}


def _tell(done: Published, flows: Path) -> str:
    short, entry = done.bundle.hash[:SHORT], done.entry
    if entry is None:
        return f"nothing to publish: {short} is in force already"
    when = f", in force from {_local(done.bundle, entry.since)} on" if entry.planned else ""
    tested = "untested" if entry.scripts is None else f"{count(entry.scripts, 'call')} tried"
    return f"published {flows} as {short}, {tested}{when}"


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
    return write_time(at, ZoneInfo(bundle.hotline.timezone))


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
