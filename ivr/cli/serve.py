"""`ivr serve`: the engine, and on request the local Asterisk beside it."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import click
import uvloop

from ivr.app import now, serve_hotline
from ivr.asterisk.fastagi import FastAgiServer
from ivr.cli.pbx import local_pbx
from ivr.cli.place import prepare_place
from ivr.cli.ports import port_options, read_ports
from ivr.config import Settings
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.flow.loader import check_directory
from ivr.sounds import prepare_sounds

_log = logging.getLogger(__name__)


@click.command()
@click.option("--with-pbx", is_flag=True, help="Install and start the local Asterisk too.")
@port_options
@click.pass_obj
def serve(
    settings: Settings, with_pbx: bool, sip_port: int, ami_port: int, rtp: tuple[int, int]
) -> None:
    """Answer calls until Ctrl-C.

    Checks the flows, renders the prompts that are missing, and waits for Asterisk's FastAGI calls.
    The ports are those of the local Asterisk.

    Example: ivr serve --with-pbx
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    prepare_place(settings)
    ports = read_ports(sip_port, ami_port, rtp)
    bundle = load_and_warn(settings.flows, now().date())
    library = prepare_sounds(settings, bundle, _show_progress)
    with ExitStack() as stack:
        instance = stack.enter_context(local_pbx(settings, ports)) if with_pbx else None

        def ready(server: FastAgiServer) -> None:
            click.echo(f"the engine listens on {settings.agi_host}:{server.port} (FastAGI)")
            if instance is not None:
                numbers = " or ".join(bundle.hotline.numbers)
                click.echo(f"dial {numbers} at 127.0.0.1:{instance.ports.sip} (SIP over UDP):")
                click.echo("    .venv/bin/ivr dial 1500 --keys ',1,1,1,1,h'")
                click.echo("Ctrl-C stops what was started here")

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_hotline(settings, bundle, library, ready))


def load_and_warn(flows: Path, today: date) -> Bundle:
    """The bundle of the directory; its warnings, such as a year without holidays, are logged.

    Raises FaultyFlows with every fault, UsageError when there is no such directory.
    """
    bundle, faults = check_directory(flows, today=today)
    if bundle is None:
        raise FaultyFlows(faults)
    for fault in faults:
        _log.warning("%s", fault)
    return bundle


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rprompts {done}/{of}", nl=done == of, err=True)
    elif done == of:
        click.echo(f"prompts {done}/{of}", err=True)
