"""`ivr simulate`: a call in the terminal, without a telephone."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from ivr.cli.keyboard import Lines, Terminal, interruptible
from ivr.cli.session import Session, save
from ivr.cli.times import Moment
from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.loader import load_directory
from ivr.operations.clock import now
from ivr.scripts.model import Dial
from ivr.scripts.playing import Notebook

if TYPE_CHECKING:
    from ivr.lookups import Outside

DIALLED = re.compile("[+*#0-9]+")
"""What the dialplan takes: asterisk-conf/extensions.conf, `[hotline]`."""


@click.command()
@click.argument("number", required=False)
@click.option(
    "--keys",
    help="What the caller does, as in `ivr dial`, and what officers do: o(answers 5s 60s),"
    " o(busy), o(no_answer), o(full), o(closed), o(unreachable), before a `,` that waits for them."
    " Without: you do.",
)
@click.option("--caller", help="The caller's number; withheld without it.")
@click.option(
    "--at",
    type=Moment(),
    help="When the call begins, on the hotline's clock, as 2026-12-25T10:00. Without: now.",
)
@click.option("--language", help="The language in which the call begins [the hotline's first].")
@click.option("--events", is_flag=True, help="Show every event of the journal as it happens.")
@click.option(
    "--save",
    "script",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what you did as a call script for `ivr test`.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Ask the real web services, functions and webhooks. Without: their examples answer.",
)
@click.option("--turns", is_flag=True, help="Show the journal's turns as JSON lines afterwards.")
@click.pass_obj
def simulate(
    settings: Settings,
    number: str | None,
    keys: str | None,
    caller: str | None,
    at: datetime | None,
    language: str | None,
    events: bool,
    script: Path | None,
    live: bool,
    turns: bool,
) -> None:
    """Have a call to NUMBER [the first one] in the terminal, without a telephone and its time.

    At a terminal every key counts as soon as it is pressed; otherwise a line of input is what the
    caller does next. `:help` lists what else you can do: say nothing, hang up, let a lookup fail,
    change the date. As on the telephone, a number that hotline.yaml does not have is answered as
    its first one.

    Example: ivr simulate 1500 --keys ",1,w4,111,h" --at 2026-03-20T10:00
    """
    bundle = load_directory(settings.flows)
    dialled = number if number is not None else next(iter(bundle.hotline.numbers))
    _look_up(bundle, dialled)
    _check_language(bundle, language)
    _check_script(script, keys)
    dial = Dial(dial=dialled, at=at or _now(bundle), caller=caller, language=language)
    session = Session(bundle, dial, click.echo, events=events)
    outside = _open_outside(settings) if live else None
    if keys is None:
        here = Terminal() if sys.stdin.isatty() else nullcontext(Lines())
        with interruptible(), here as keyboard:
            asyncio.run(session.run(keyboard, outside))
    else:
        asyncio.run(session.run(keys, outside))
    click.echo(session.ending)
    if turns:
        asyncio.run(_show_turns(session.stage.journal))
    if script is not None:
        click.echo(f"-- {asyncio.run(save(session, script))}")


def _open_outside(settings: Settings) -> AbstractAsyncContextManager[Outside]:
    # What speaks to the network is imported only for those who want it: it takes its time.
    from ivr.lookups import open_outside
    from ivr.operations.meters import Meters

    return open_outside(settings, Meters().sources)


async def _show_turns(journal: Notebook) -> None:
    [call] = await journal.calls()
    for turn in await journal.turns(call.call):
        events = list(turn.events)
        click.echo(json.dumps({"n": turn.n, "outcome": turn.outcome, "events": events}))


def _now(bundle: Bundle) -> datetime:
    """The time on the hotline's clock."""
    here = now().astimezone(ZoneInfo(bundle.hotline.timezone))
    return here.replace(tzinfo=None, microsecond=0)


def _check_language(bundle: Bundle, language: str | None) -> None:
    known = bundle.hotline.languages
    if language is not None and language not in known:
        raise UsageError(
            f"the hotline does not speak {language!r}", remedy=f"Choose one of: {', '.join(known)}"
        )


def _check_script(script: Path | None, keys: str | None) -> None:
    """Before the call, so that nothing is done in vain."""
    if script is None:
        return
    if keys is not None:
        raise UsageError(
            "--save writes what you did yourself; --keys leaves nothing to you",
            remedy="Leave out one of the two.",
        )
    if script.suffix != ".yaml":
        raise UsageError("a call script ends in .yaml", place=str(script))
    if script.exists():
        raise UsageError(
            "the file is there already", place=str(script), remedy="Give another name."
        )
    if not script.parent.is_dir():
        raise UsageError(
            "there is no such directory", place=str(script.parent), remedy="Make it first."
        )


def _look_up(bundle: Bundle, number: str) -> None:
    """Tell what a number that is not declared reaches: the dialplan brings every number here.

    Raises UsageError for what no telephone can dial.
    """
    if not DIALLED.fullmatch(number):
        raise UsageError(
            f"{number!r} is no telephone number",
            remedy=f"Dial one of: {', '.join(bundle.hotline.numbers)}",
        )
    if number not in bundle.hotline.numbers:
        first = next(iter(bundle.hotline.numbers))
        click.echo(f"-- hotline.yaml does not have the number {number}: answered as {first}")
