"""The options for the ports of the local Asterisk, which `pbx start` and `serve` share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ivr.asterisk.pbx.ports import Ports

Command = TypeVar("Command", bound=Callable[..., Any])

PORT = click.IntRange(1, 65535)
SOUND = range(1024, 65536)
"""What a range of ports for sound may hold: no port that needs root."""
FEWEST = 4


class PortRange(click.ParamType[tuple[int, int]]):
    """Two port numbers with a hyphen, the second included; read as (first, last)."""

    name = "range"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the two numbers, in digits of ASCII; fails with a sentence for anything else."""
        found = re.fullmatch("([0-9]{1,5})-([0-9]{1,5})", value)
        first, last = map(int, found.groups()) if found else (0, 0)
        if first not in SOUND or last not in SOUND or last - first + 1 < FEWEST:
            self.fail(
                f"{value!r} is no range of at least {FEWEST} ports from {SOUND.start} to "
                f"{SOUND.stop - 1}. Give two numbers: 10000-10199",
                param,
                ctx,
            )
        return first, last


def port_options(command: Command) -> Command:
    """Add --sip-port, --ami-port and --rtp; `read_ports` makes Ports of their values."""
    for option in (
        click.option(
            "--rtp",
            type=PortRange(),
            default="10000-10199",
            help="UDP ports for sound.",
            show_default=True,
        ),
        click.option(
            "--ami-port", type=PORT, default=5038, help="TCP port of AMI.", show_default=True
        ),
        click.option(
            "--sip-port", type=PORT, default=5080, help="UDP port for calls.", show_default=True
        ),
    ):
        command = option(command)
    return command


def read_ports(sip: int, ami: int, rtp: tuple[int, int]) -> Ports:
    """The ports of a local Asterisk from the values of its options."""
    return Ports(sip, ami, *rtp)
