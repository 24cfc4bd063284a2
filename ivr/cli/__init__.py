"""The command `ivr`: one module for each group of commands.

Exit codes: 0, 1 (a check found something), 2 (the command could not run). A user's mistake and a
missing part of the machine are told in a sentence, never as a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ivr import __version__
from ivr.cli.calls import calls
from ivr.cli.dial import dial
from ivr.cli.flows import check, simulate
from ivr.cli.pbx import pbx
from ivr.cli.say import say
from ivr.cli.serve import serve
from ivr.config import read_settings
from ivr.errors import FlowError, IvrError

FOUND, UNABLE = 1, 2

PRIVATE = 0o027
"""What is written is nobody's business but this user's and this group's: Asterisk may be in it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ivr")
@click.option("--state", type=click.Path(path_type=Path), help="Where everything is written [var].")
@click.pass_context
def cli(context: click.Context, state: Path | None) -> None:
    """Satu Pintu: call flows for public-service hotlines.

    Settings also come from the environment: IVR_STATE, IVR_FLOWS, IVR_PROMPTS, IVR_AGI_PORT.
    """
    os.umask(PRIVATE)
    settings = read_settings()
    context.obj = settings if state is None else settings.at(state)


for _command in (check, simulate, say, serve, dial, pbx, calls):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, None: of the process; faults become a sentence and an exit code."""
    try:
        cli(arguments, standalone_mode=True)
    except FlowError as error:
        click.echo(str(error), err=True)
        sys.exit(FOUND)
    except IvrError as error:
        click.echo(f"ivr: {error}", err=True)
        sys.exit(UNABLE)
