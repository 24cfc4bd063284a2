"""`ivr pbx`: the local Asterisk."""

from __future__ import annotations

import json
import os
import sys

import click

from ivr.asterisk.pbx.config import Settings as PbxSettings
from ivr.asterisk.pbx.instance import (
    Instance,
    load_instance,
    point_at,
    read_status,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import Ports
from ivr.asterisk.pbx.prefix import Asterisk, find_asterisk, install_asterisk
from ivr.config import Settings
from ivr.sounds import last_words

NOT_RUNNING = 1


@click.group()
def pbx() -> None:
    """The local Asterisk: install, start, stop, look at."""


@pbx.command()
@click.pass_obj
def install(settings: Settings) -> None:
    """Install a private Asterisk unless the system has one that is new enough. Needs no root.

    Example: ivr pbx install
    """
    asterisk = install_local(settings)
    kind = "private" if asterisk.private else "the system's"
    click.echo(f"Asterisk {asterisk.version} ({kind}): {asterisk.program}")


@pbx.command()
@click.option("--sip-port", default=5080, show_default=True, help="UDP port for calls.")
@click.option("--ami-port", default=5038, show_default=True, help="TCP port of AMI.")
@click.option("--rtp", default="10000-10199", show_default=True, help="UDP ports for sound.")
@click.pass_obj
def start(settings: Settings, sip_port: int, ami_port: int, rtp: str) -> None:
    """Start the local Asterisk on loopback with the configuration of asterisk-conf/.

    Example: ivr pbx start
    """
    instance = start_local(settings, read_ports(sip_port, ami_port, rtp))
    click.echo(f"Asterisk takes calls at 127.0.0.1:{instance.ports.sip} (SIP over UDP)")


@pbx.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the local Asterisk. Calls in progress end.

    Example: ivr pbx stop
    """
    stopped = stop_instance(settings.pbx / "instance")
    click.echo("stopped" if stopped else "no local Asterisk is running")


@pbx.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Tell whether the local Asterisk runs; exit code 1 when it does not.

    Example: ivr pbx status
    """
    instance = load_instance(settings.pbx / "instance")
    state = None if instance is None else read_status(instance)
    if state is None:
        click.echo('{"running": false}' if as_json else "no local Asterisk is running")
        sys.exit(NOT_RUNNING)
    facts = {
        "running": True,
        "version": str(state.version),
        "pid": state.pid,
        "uptime": state.uptime,
        "sip_port": state.ports.sip,
        "calls": state.calls,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"Asterisk {state.version}, process {state.pid}, up {state.uptime} s, "
        f"SIP 127.0.0.1:{state.ports.sip}, {state.calls} calls"
    )


def read_ports(sip: int, ami: int, rtp: str) -> Ports:
    """The ports of a local Asterisk; raises click.BadParameter for a range that is none."""
    first, _, last = rtp.partition("-")
    if not (first.isdigit() and last.isdigit()):
        raise click.BadParameter("give two ports: 10000-10199", param_hint="--rtp")
    return Ports(sip, ami, int(first), int(last))


def start_local(settings: Settings, ports: Ports) -> Instance:
    """Start the local Asterisk so that it reaches the engine of these settings."""
    engine = f"agi://{settings.agi_host}:{settings.agi_port}/call"
    chosen = PbxSettings(ports=ports, engines=(engine,), sounds=last_words(settings))
    return start_instance(local_asterisk(settings), settings.pbx / "instance", chosen)


def install_local(settings: Settings) -> Asterisk:
    """Install a private Asterisk where none is; `DEBIAN_MIRROR` overrides the machine's own."""
    return install_asterisk(settings.pbx, mirror=os.environ.get("DEBIAN_MIRROR"))


def local_asterisk(settings: Settings) -> Asterisk:
    """The Asterisk of these settings. Raises SetupError with the way to install it."""
    return find_asterisk(settings.pbx)


def point_here(settings: Settings, instance: Instance) -> None:
    """Have a running Asterisk call the engine of these settings."""
    point_at(instance, f"agi://{settings.agi_host}:{settings.agi_port}/call")
