"""`ivr bundles`: what was published, as a table on the hotline's clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from ivr.cli.times import ZONE, write_time
from ivr.config import Settings
from ivr.errors import SetupError
from ivr.operations.clock import now
from ivr.releases.history import Entry, History, entry_to_plain, read_history
from ivr.releases.publishing import SHORT
from ivr.shelf import Shelf

_HEAD = ("bundle", "from", "state", "act", "scripts", "by", "note")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
def bundles(settings: Settings, as_json: bool) -> None:
    """List what was published: in force, to come, and what was in force before. Newest first.

    Times are on the hotline's clock. `untested` was published without call scripts.

    Example: ivr bundles
    """
    history, at = read_history(settings.history), now()
    holding, coming = history.in_force(at), history.scheduled(at)
    rows = [(_state(entry, holding, coming, history), entry) for entry in history.entries]
    if as_json:
        plain = [{"state": state, **entry_to_plain(entry)} for state, entry in rows]
        click.echo(json.dumps({"bundles": plain}))
        return
    if not rows:
        click.echo("nothing was published yet; `ivr publish` does it, or the first `ivr serve`")
        return
    zone = _find_zone(settings, holding or history.entries[-1])
    _show([_HEAD, *(_write_row(state, entry, zone) for state, entry in reversed(rows))])


def _show(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _write_row(state: str, entry: Entry, zone: ZoneInfo) -> tuple[str, ...]:
    since = write_time(entry.since, zone)
    return (entry.bundle[:SHORT], since, state, entry.act, _tested(entry), entry.by, entry.note)


def _tested(entry: Entry) -> str:
    if entry.act != "publish":
        return ""
    return f"{entry.scripts} tried" if entry.scripts else "untested"


def _find_zone(settings: Settings, entry: Entry) -> ZoneInfo:
    """The hotline's; a bundle that cannot be read is no reason not to list the others."""
    try:
        return ZoneInfo(Shelf(settings.shelf).load(entry.bundle).hotline.timezone)
    except SetupError:
        return ZONE


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
