"""The command `ivr`: one module for each group of commands.

Exit codes: 0, 1 (a check found something), 2 (the command could not run), 130 (stopped by Ctrl-C
or SIGTERM). A user's mistake and a missing part of the machine are told in a sentence, never as a
traceback.
"""

from __future__ import annotations

import importlib
import io
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from ivr import __version__
from ivr.cli.faults import UNABLE, explain
from ivr.config import read_settings

COMMANDS: Mapping[str, str] = {
    "check": "check",
    "explain": "explaining",
    "texts": "texts",
    "diagram": "diagram",
    "schema": "schema",
    "simulate": "simulate",
    "test": "test",
    "say": "say",
    "publish": "releases",
    "bundles": "bundles",
    "diff": "releases",
    "rollback": "releases",
    "migrate": "migrate",
    "serve": "serve",
    "dial": "dial",
    "officer": "officer",
    "pbx": "pbx",
    "doctor": "doctor",
    "calls": "calls",
    "backup": "backup",
    "restore": "backup",
}
"""The module of each command, below this package. Only that of the wanted one is imported."""


class LazyGroup(click.Group):
    """Commands that are imported when they are wanted: the others would take their time, too."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ivr.cli.{COMMANDS[cmd_name]}")
        commands = [one for one in vars(module).values() if isinstance(one, click.Command)]
        return next(command for command in commands if command.name == cmd_name)


PRIVATE = 0o027
"""What is written is nobody's business but this user's and this group's: Asterisk may be in it."""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ivr")
@click.option("--state", help="Where everything is written [var].")
@click.pass_context
def cli(context: click.Context, state: str | None) -> None:
    """Satu Pintu: call flows for public-service hotlines.

    Settings come from the environment, as IVR_STATE and IVR_FLOWS; README.md lists them all.
    """
    os.umask(PRIVATE)
    # A core dump would hold what callers keyed. Asterisk inherits this, too.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = read_settings()
    context.obj = settings.at(Path(state)) if state else settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, None: of the process; faults become a sentence and an exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # SIGTERM ends a command as Ctrl-C does, so that what it started does not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(_finish_output(_run(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: Sequence[str]) -> int:
    """Run a command without `cli.main()`, whose exit code 1 for a closed pipe means FOUND here."""
    try:
        with cli.make_context("ivr", list(arguments)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return explain(error)
    return 0


def _finish_output(code: int) -> int:
    """Write what is left; what cannot be written is dropped, or Python tries again at the exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or UNABLE
    return code
