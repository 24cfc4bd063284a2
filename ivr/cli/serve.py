"""`ivr serve`: the engine, and on request the local Asterisk beside it."""

from __future__ import annotations

import asyncio
import logging
import sys

import click
import uvloop

from ivr.app import serve_hotline
from ivr.asterisk.fastagi import FastAgiServer
from ivr.asterisk.pbx.instance import load_instance, stop_instance
from ivr.cli.pbx import install_local, point_here, read_ports, start_local
from ivr.config import Settings
from ivr.flow.loader import load_directory
from ivr.sounds import prepare_sounds


@click.command()
@click.option("--with-pbx", is_flag=True, help="Install and start the local Asterisk too.")
@click.option("--sip-port", default=5080, show_default=True, help="Of the local Asterisk.")
@click.option("--ami-port", default=5038, show_default=True, help="Of the local Asterisk.")
@click.option("--rtp", default="10000-10199", show_default=True, help="Of the local Asterisk.")
@click.pass_obj
def serve(settings: Settings, with_pbx: bool, sip_port: int, ami_port: int, rtp: str) -> None:
    """Answer calls until Ctrl-C.

    Checks the flows, renders the prompts that are missing, and waits for Asterisk's FastAGI calls.

    Example: ivr serve --with-pbx
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ports = read_ports(sip_port, ami_port, rtp)
    bundle = load_directory(settings.flows)
    library = prepare_sounds(settings, bundle, _show_progress)
    started = False
    if with_pbx:
        asterisk = install_local(settings)
        click.echo(f"Asterisk {asterisk.version}")
        running = load_instance(settings.pbx / "instance")
        started = running is None
        instance = running or start_local(settings, ports)
        point_here(settings, instance)
        ports = instance.ports

    def ready(server: FastAgiServer) -> None:
        click.echo(f"the engine listens on {settings.agi_host}:{server.port} (FastAGI)")
        if with_pbx:
            numbers = " or ".join(bundle.hotline.numbers)
            click.echo(f"dial {numbers} at 127.0.0.1:{ports.sip} (SIP over UDP); for example:")
            click.echo("    .venv/bin/ivr dial 1500 --keys ',1,1,1,1,h'")
            click.echo("Ctrl-C stops everything")

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_hotline(settings, bundle, library, ready))
    finally:
        if started:
            stop_instance(settings.pbx / "instance")


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rprompts {done}/{of}", nl=done == of, err=True)
    elif done == of:
        click.echo(f"prompts {done}/{of}", err=True)
