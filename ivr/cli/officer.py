"""`ivr officer`: the telephone of an officer of the local Asterisk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import click

from ivr.asterisk.pbx.instance import Instance, load_instance, run_command
from ivr.asterisk.pbx.officers import Officer, find_officer, read_officers
from ivr.config import Settings
from ivr.errors import SetupError
from ivr.phone.desk import DeskPhone
from ivr.phone.officer import Manner, take_calls
from ivr.supervision.signals import Signals, receive_signals

REACHED = 5.0
"""Seconds until Asterisk has found a telephone on the same machine."""


@click.command(short_help="The telephone of an officer: takes calls.")
@click.argument("name", required=False)
@click.option("--rings", default=2.0, show_default=True, help="Seconds until it is picked up.")
@click.option("--talks", default=20.0, show_default=True, help="Seconds until it is hung up.")
@click.option("--calls", type=click.IntRange(1), help="How many calls [until Ctrl-C].")
@click.option("--voice", type=click.Path(path_type=Path), help="A sound file to say.")
@click.option("--record", type=click.Path(path_type=Path), help="Keep the last call as WAV.")
@click.pass_obj
def officer(
    settings: Settings,
    name: str | None,
    rings: float,
    talks: float,
    calls: int | None,
    voice: Path | None,
    record: Path | None,
) -> None:
    """Take the calls that are handed to the officer NAME [the first of IVR_OFFICERS].

    Shows what the officer is told of each call. A made-up voice talks unless you give one. To talk
    yourself, let a SIP telephone listen at the officer's port instead.

    Example: ivr officer
    """
    who = find_officer(read_officers(settings.officers), name)
    manner = Manner(rings, talks, calls, voice, record)
    asyncio.run(_sit(who, manner, load_instance(settings.pbx / "instance")))


async def _sit(who: Officer, manner: Manner, instance: Instance | None) -> None:
    """At the telephone, until all calls are taken or a signal comes."""
    with receive_signals() as signals:
        async with DeskPhone(port=who.port) as desk:
            click.echo(f"{who.name} listens at 127.0.0.1:{who.port}")
            if instance is None:
                click.echo("no local Asterisk runs yet; it finds this telephone; Ctrl-C ends it")
            else:
                await asyncio.to_thread(_sign_on, instance, who)
            await _until(signals, take_calls(desk, manner, click.echo))
    if instance is not None:
        await asyncio.to_thread(_sign_off, instance, who)
    click.echo(f"{who.name} is off duty")


async def _until(signals: Signals, work: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work)
        stopped = group.create_task(signals.get())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopped.cancel()


def _sign_on(instance: Instance, who: Officer) -> None:
    """Have Asterisk look at once whether the telephone is there; by itself it looks now and then.

    Raises SetupError when this Asterisk does not have the officer, or does not reach the telephone.
    """
    if "Unable to find object" in run_command(instance, f"pjsip show endpoint {who.name}"):
        raise SetupError(
            f"the Asterisk that runs has no officer {who.name!r}",
            place=str(instance.directory),
            remedy="It reads IVR_OFFICERS when it starts: ivr pbx stop, then start it again.",
        )
    run_command(instance, f"pjsip qualify {who.name}")
    limit = time.monotonic() + REACHED
    while " Avail " not in run_command(instance, f"pjsip show aor {who.name}"):
        if time.monotonic() > limit:
            raise SetupError(
                f"Asterisk does not reach the telephone of {who.name!r}",
                place=f"127.0.0.1:{who.port}",
                remedy="Was IVR_OFFICERS changed since it started? ivr pbx stop, then start it.",
            )
        time.sleep(0.05)
    click.echo(f"on duty, waiting for calls to {', '.join(who.lines)}; Ctrl-C ends it")


def _sign_off(instance: Instance, who: Officer) -> None:
    with suppress(SetupError):  # Asterisk is gone
        run_command(instance, f"pjsip qualify {who.name}")
