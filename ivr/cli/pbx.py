"""`ivr pbx`: the local Asterisk."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from ivr.asterisk.pbx.config import Settings as PbxSettings
from ivr.asterisk.pbx.instance import (
    Instance,
    load_instance,
    point_at,
    read_status,
    set_patience,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.officers import list_lines, read_officers
from ivr.asterisk.pbx.ports import Ports
from ivr.asterisk.pbx.prefix import Asterisk, find_asterisk, install_asterisk
from ivr.cli.counting import count
from ivr.cli.place import prepare_place
from ivr.cli.ports import port_options, read_ports
from ivr.config import Settings
from ivr.errors import SetupError
from ivr.sounds import last_words

NOT_RUNNING = 1

FAREWELL = 20.0
"""Seconds that callers get to hear the dialplan's apology before our Asterisk is stopped."""


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
@port_options
@click.pass_obj
def start(settings: Settings, sip_port: int, ami_port: int, rtp: tuple[int, int]) -> None:
    """Start the local Asterisk on loopback with the configuration of asterisk-conf/.

    Example: ivr pbx start
    """
    prepare_place(settings)
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
        f"SIP 127.0.0.1:{state.ports.sip}, {count(state.calls, 'call')}"
    )


@contextmanager
def local_pbx(settings: Settings, ports: Ports) -> Iterator[Instance]:
    """A local Asterisk whose calls come to the engine of these settings while the block runs.

    One that runs already is used as it is and stays. Else it is installed and started here, and
    stopped at the end, when the callers that are left have heard the apology. Raises SetupError.
    """
    asterisk = install_local(settings)
    click.echo(f"Asterisk {asterisk.version}")
    running = load_instance(settings.pbx / "instance")
    if running is not None:
        point_here(settings, running)
        set_patience(running, PbxSettings().patience)  # a farewell may have been cut off
        yield running
        return
    instance = start_local(settings, ports)
    try:
        yield instance
    except Exception:
        _see_off(instance)
        raise
    else:
        _see_off(instance)
    finally:
        stop_instance(instance.directory)


def _see_off(instance: Instance) -> None:
    """Wait until no caller is left, but not longer than FAREWELL."""
    # The engine's event loop gave SIGTERM back to the system, which would not stop Asterisk.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    limit, told = time.monotonic() + FAREWELL, 0
    with suppress(SetupError):  # it was stopped by somebody else
        set_patience(instance, 0)
        while (state := read_status(instance)) and state.calls and time.monotonic() < limit:
            if state.calls != told:
                told = state.calls
                calls = count(told, "call")
                click.echo(f"stopping: waiting for {calls}, Ctrl-C again to stop now")
            time.sleep(0.2)


def start_local(settings: Settings, ports: Ports) -> Instance:
    """Start the local Asterisk so that it reaches the engine of these settings."""
    officers = read_officers(settings.officers)
    chosen = PbxSettings(
        ports=ports,
        engines=engine_addresses(settings),
        sounds=last_words(settings),
        officers={one.name: one.port for one in officers},
        queues=list_lines(officers),
    )
    return start_instance(local_asterisk(settings), settings.pbx / "instance", chosen)


def install_local(settings: Settings) -> Asterisk:
    """Install a private Asterisk where none is; `DEBIAN_MIRROR` overrides the machine's own."""
    return install_asterisk(settings.pbx, mirror=os.environ.get("DEBIAN_MIRROR"))


def local_asterisk(settings: Settings) -> Asterisk:
    """The Asterisk of these settings. Raises SetupError with the way to install it."""
    return find_asterisk(settings.pbx)


def point_here(settings: Settings, instance: Instance) -> None:
    """Have a running Asterisk call the engines of these settings."""
    point_at(instance, *engine_addresses(settings))


def engine_addresses(settings: Settings) -> tuple[str, ...]:
    """Where Asterisk finds the engines of these settings, in the order in which it asks them."""
    host = f"[{settings.agi_host}]" if ":" in settings.agi_host else settings.agi_host
    return tuple(f"agi://{host}:{port}/call" for port in settings.agi_ports)
