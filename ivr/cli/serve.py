"""`ivr serve`: the engines under a supervisor, and on request the local Asterisk beside them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import click

from ivr.asterisk.pbx.instance import Instance
from ivr.cli.account import find_account
from ivr.cli.pbx import local_pbx
from ivr.cli.place import prepare_place
from ivr.cli.ports import port_options, read_ports
from ivr.config import Settings
from ivr.flow.bundle import Bundle
from ivr.following import Follower
from ivr.lookups import require_outside
from ivr.operations.clock import now
from ivr.operations.logs import configure_logs
from ivr.service import SlowSounds, run_service
from ivr.sounds import lacks_slow_sounds
from ivr.store.lock import Lock
from ivr.supervision.program import ProgramFailed


@click.command()
@click.option("--with-pbx", is_flag=True, help="Install and start the local Asterisk too.")
@click.option("--engines", type=click.IntRange(1, 8), help="How many engines [IVR_ENGINES, 1].")
@click.option("--watch", is_flag=True, help="Serve IVR_FLOWS itself, as it is without a fault.")
@port_options
@click.pass_obj
def serve(
    settings: Settings,
    with_pbx: bool,
    engines: int | None,
    watch: bool,
    sip_port: int,
    ami_port: int,
    rtp: tuple[int, int],
) -> None:
    """Answer calls until Ctrl-C.

    Serves what was published (`ivr publish`), from now on within a second of it; the first start
    publishes IVR_FLOWS by itself. Calls in progress stay on the flows that they began with. With
    --watch the directory is served as soon as it is saved without a fault. An engine that dies or
    stands still is started again; its calls go on. The ports are those of the local Asterisk.

    Example: ivr serve --with-pbx
    """
    settings = replace(settings, engines=engines or settings.engines)
    configure_logs(settings.log, "supervisor")
    prepare_place(settings)
    ports = read_ports(sip_port, ami_port, rtp)
    with ExitStack() as stack:
        stack.enter_context(_alone(settings))
        slow = stack.enter_context(SlowSounds(settings))

        def render_slow(taken: Bundle) -> None:
            if lacks_slow_sounds(settings, taken):
                slow.start()

        follower = Follower(settings, find_account(), now, watch=watch, taken=render_slow)
        bundle = follower.begin(show_progress)
        require_outside(settings, bundle)
        instance = stack.enter_context(local_pbx(settings, ports)) if with_pbx else None

        def up() -> None:
            _tell(settings, bundle, instance)
            render_slow(bundle)

        try:
            hurried = asyncio.run(run_service(settings, follower.run, up))
        except ProgramFailed as failed:
            click.echo(f"ivr: {failed}", err=True)
            raise click.exceptions.Exit(failed.code) from None
        if hurried:
            raise KeyboardInterrupt


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let nobody else serve from this state. Raises JournalLocked, which names who does."""
    lock = Lock(settings.alone, "serves calls from this state already")
    lock.take()
    try:
        yield
    finally:
        lock.drop()


def _tell(settings: Settings, bundle: Bundle, instance: Instance | None) -> None:
    for port in settings.agi_ports:
        click.echo(f"the engine listens on {settings.agi_host}:{port} (FastAGI)")
    if settings.status_port:
        click.echo(f"how it is: http://127.0.0.1:{settings.status_port}/readyz, /metrics")
    if instance is not None:
        numbers = " or ".join(bundle.hotline.numbers)
        click.echo(f"dial {numbers} at 127.0.0.1:{instance.ports.sip} (SIP over UDP):")
        click.echo("    .venv/bin/ivr dial 1500 --keys ',1,w4,111,h'")
        click.echo("officers take calls at their telephones: .venv/bin/ivr officer")
        click.echo("Ctrl-C stops what was started here")


def show_progress(done: int, of: int) -> None:
    """How many prompts of how many were rendered."""
    if sys.stderr.isatty():
        click.echo(f"\rprompts {done}/{of}", nl=done == of, err=True)
    elif done == of:  # standard error may be a file of JSON lines
        click.echo(f"prompts {done}/{of}")
