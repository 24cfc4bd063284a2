"""`ivr check` and `ivr simulate`: flows without a telephone."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ivr.cli.acts import to_acts
from ivr.cli.counting import count
from ivr.cli.sentences import write_sentence
from ivr.cli.terminal import TerminalCaller
from ivr.cli.times import Moment
from ivr.config import Settings
from ivr.driver import Desk, run_call
from ivr.engine.outcomes import Started
from ivr.engine.values import Personal
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault
from ivr.flow.loader import check_directory, load_directory
from ivr.lookups import Outside, answer_from_examples, open_outside
from ivr.naming import draw_case_number, new_ulid
from ivr.operations.clock import now
from ivr.operations.meters import Meters
from ivr.simulator import Caller, ScriptedCaller, Simulator
from ivr.simulator.messages import KeptMessages
from ivr.store.memory import MemoryJournal

DIALLED = re.compile("[+*#0-9]+")
"""What the dialplan takes: asterisk-conf/extensions.conf, `[hotline]`."""


@click.command(short_help="Show every fault of the flows.")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
@click.pass_obj
def check(settings: Settings, directory: Path | None, as_json: bool, language: str) -> None:
    """Show every fault of the flows in DIRECTORY [IVR_FLOWS], with its place.

    Exit code 1 when there is a fault, 0 when there are at most warnings.

    Example: ivr check flows
    """
    bundle, faults = check_directory(directory or settings.flows, today=now().date())
    if as_json:
        click.echo(
            json.dumps(
                {"ok": bundle is not None, "faults": [fault.to_plain(language) for fault in faults]}
            )
        )
    else:
        for fault in faults:
            click.echo(fault.tell(language))
        click.echo(_verdict(bundle, faults))
    sys.exit(0 if bundle is not None else 1)


def _verdict(bundle: Bundle | None, faults: list[Fault]) -> str:
    warnings = sum(fault.severity == "warning" for fault in faults)
    warned = count(warnings, "warning")
    if bundle is None:
        return f"{count(len(faults) - warnings, 'fault')}, {warned}"
    nodes = sum(len(flow.nodes) for flow in bundle.flows.values())
    return f"no faults, {warned}: {count(len(bundle.flows), 'flow')}, {count(nodes, 'node')}"


@click.command()
@click.argument("number", default="1500")
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
@click.option(
    "--live",
    is_flag=True,
    help="Ask the real web services, functions and webhooks. Without: their examples answer.",
)
@click.option("--turns", is_flag=True, help="Show the journal's turns as JSON lines afterwards.")
@click.pass_obj
def simulate(
    settings: Settings,
    number: str,
    keys: str | None,
    caller: str | None,
    at: datetime | None,
    live: bool,
    turns: bool,
) -> None:
    """Have a call to NUMBER in the terminal, without a telephone and without its time.

    As on the telephone, a number that hotline.yaml does not have is answered as its first one.

    Example: ivr simulate 1500 --keys ",1,w4,111,h" --at 2026-03-20T10:00
    """
    bundle = load_directory(settings.flows)
    _look_up(bundle, number)
    player: Caller = TerminalCaller() if keys is None else ScriptedCaller(to_acts(keys))
    journal = MemoryJournal()
    clock = now if at is None else _begin_clock(bundle, at)
    outside = open_outside(settings, Meters().sources) if live else None
    call = asyncio.run(_simulate(bundle, journal, player, number, caller, clock, outside))
    taken = asyncio.run(journal.turns(call))
    for event in (one for turn in taken for one in turn.events if one["type"] == "call.ended"):
        click.echo(f"-- {write_sentence(event, {})}")
    if turns:
        for turn in taken:
            events = list(turn.events)
            click.echo(json.dumps({"n": turn.n, "outcome": turn.outcome, "events": events}))


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


def _begin_clock(bundle: Bundle, at: datetime) -> Callable[[], datetime]:
    """A clock that shows `at`, on the hotline's, when it is made, and goes on from there."""
    begun = now()
    start = at.replace(tzinfo=ZoneInfo(bundle.hotline.timezone)).astimezone(begun.tzinfo)
    return lambda: start + (now() - begun)


async def _simulate(
    bundle: Bundle,
    journal: MemoryJournal,
    caller: Caller,
    dialled: str,
    number: str | None,
    clock: Callable[[], datetime],
    outside: AbstractAsyncContextManager[Outside] | None,
) -> str:
    desk = Desk(
        journal=journal,
        source=answer_from_examples(bundle),
        bundle=bundle,
        shelf=lambda hash_: bundle,
        now=clock,
        new_id=new_ulid,
        draw_case=draw_case_number,
        name="simulator",
        notifier=KeptMessages(bundle, click.echo),
    )
    async with AsyncExitStack() as stack:
        if outside is not None:
            real = await stack.enter_async_context(outside)
            desk = replace(desk, source=real.source(bundle), notifier=real.notifier(bundle))
        return await _lead(desk, caller, dialled, number)


async def _lead(desk: Desk, caller: Caller, dialled: str, number: str | None) -> str:
    started = Started(dialled, None if number is None else Personal(number))
    run = await run_call(desk, Simulator(caller, show=click.echo), "simulated", started)
    return run.call
