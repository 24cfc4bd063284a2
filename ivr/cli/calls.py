"""`ivr calls`: the journal read back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import click

from ivr.cli.checking import Checked, check_recordings, list_all, note_all
from ivr.cli.counting import count
from ivr.cli.faults import FOUND
from ivr.cli.sentences import write_sentence
from ivr.cli.times import write_time
from ivr.cli.transcript import Transcript
from ivr.config import Settings
from ivr.endings import tell_outcome
from ivr.errors import UsageError
from ivr.ports import CallReader, CallSummary, Fact, Turn
from ivr.shelf import Shelf
from ivr.spooling import open_reader


@click.group()
def calls() -> None:
    """Calls in the journal."""


@calls.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_calls(settings: Settings, limit: int, as_json: bool) -> None:
    """List the newest calls.

    Example: ivr calls list
    """
    found = asyncio.run(_list(settings, limit))
    for summary in found:
        click.echo(_as_json(summary) if as_json else _line(summary))
    if not found and not as_json:
        click.echo("no calls yet")


async def _list(settings: Settings, limit: int) -> Sequence[CallSummary]:
    async with open_reader(settings) as reader:
        return await reader.calls(limit=limit)


def _line(summary: CallSummary) -> str:
    length = "in progress"
    if summary.ended is not None:
        length = f"{(summary.ended - summary.started).total_seconds():.0f} s"
    return (
        f"{summary.call}  {write_time(summary.started)}  {summary.dialled:<6}"
        f"{summary.caller or 'withheld':<16}{length:<12}{count(summary.turns, 'turn'):>10}  "
        f"{tell_outcome(summary.outcome or '')}"
    )


def _as_json(summary: CallSummary) -> str:
    return json.dumps(
        {
            "call": summary.call,
            "started": summary.started.isoformat(),
            "ended": None if summary.ended is None else summary.ended.isoformat(),
            "dialled": summary.dialled,
            "caller": summary.caller,
            "turns": summary.turns,
            "outcome": summary.outcome,
        }
    )


@calls.command()
@click.argument("call")
@click.option("--json", "as_json", is_flag=True, help="Every turn and fact as a JSON line.")
@click.pass_obj
def show(settings: Settings, call: str, as_json: bool) -> None:
    """Show what happened in CALL: an id of `ivr calls list`, its beginning, or `last`.

    Example: ivr calls show last
    """
    name, turns, facts = asyncio.run(_show(settings, call))
    if as_json:
        for turn in turns:
            click.echo(json.dumps({"turn": turn.n, "at": turn.at.isoformat(), **_plain(turn)}))
        for fact in facts:
            click.echo(json.dumps({"at": fact.at.isoformat(), "fact": dict(fact.event)}))
        return
    shelf = Shelf(settings.shelf)
    transcript = Transcript(shelf.find(_bundle_of(turns)), settings.recorded)
    click.echo(f"call {name}, {write_time(turns[0].at)}" if turns else f"call {name}")
    for line in transcript.lines(turns, facts):
        click.echo(line)


@calls.command()
@click.argument("call", required=False)
@click.pass_obj
def check(settings: Settings, call: str | None) -> None:
    """Compare the recordings of CALL, or of every call, with what was sealed.

    What is no longer the same is told, and noted in the journal once. Exit code 1: found something.

    Example: ivr calls check
    """
    found = asyncio.run(_check(settings, call))
    for name, event in found.altered:
        click.echo(f"{name}  {write_sentence(event, {})}")
    click.echo(f"{count(found.recordings, 'recording')} compared, {len(found.altered)} altered")
    if found.altered:
        raise click.exceptions.Exit(FOUND)


async def _check(settings: Settings, wanted: str | None) -> Checked:
    async with open_reader(settings) as reader:
        names = [(await _find(reader, wanted)).call] if wanted else await list_all(reader)
        checked = await check_recordings(settings.recorded, reader, names)
    if checked.news:
        await note_all(settings, checked.news)
    return checked


def _plain(turn: Turn) -> dict[str, object]:
    return {"outcome": turn.outcome, "events": list(turn.events), "step": turn.step}


def _bundle_of(turns: Sequence[Turn]) -> str:
    return str(turns[0].events[0].get("bundle", "")) if turns and turns[0].events else ""


async def _show(settings: Settings, wanted: str) -> tuple[str, Sequence[Turn], Sequence[Fact]]:
    async with open_reader(settings) as reader:
        call = (await _find(reader, wanted)).call
        return call, await reader.turns(call), await reader.facts(call)


async def _find(reader: CallReader, wanted: str) -> CallSummary:
    prefix = "" if wanted == "last" else wanted
    readable = prefix.isascii() and prefix.isalnum()
    found = await reader.calls(limit=2, prefix=prefix) if readable or not prefix else ()
    if not found or (wanted != "last" and len(found) > 1):
        kind = "no" if not found else "more than one"
        raise UsageError(
            "there are no calls yet" if wanted == "last" else f"{kind} call begins with {wanted!r}",
            remedy="Take an id from: ivr calls list",
        )
    return found[0]
