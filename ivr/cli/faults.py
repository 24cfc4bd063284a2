"""Faults told to a person: a sentence and an exit code, for commands and processes alike."""

from __future__ import annotations

from contextlib import suppress

import click

from ivr.errors import FlowError, IvrError, SetupError, UsageError

FOUND, UNABLE, STOPPED = 1, 2, 130


def explain(error: BaseException) -> int:
    """Tell a fault in a sentence and return its exit code; one of the program is raised again."""
    match error:
        case ExceptionGroup():
            return explain(error.exceptions[0])
        case KeyboardInterrupt() | click.Abort():
            return _tell("stopped", STOPPED)
        case click.ClickException():
            error.show()
            return error.exit_code
        case FlowError():
            return _tell(str(error), FOUND)
        case IvrError():
            return _tell(f"ivr: {error}", UNABLE)
        case BrokenPipeError():
            return UNABLE
        case OSError():
            return _tell(f"ivr: {_locate(error)}", UNABLE)
        case UnicodeError():
            remedy = "Write arguments and settings in UTF-8."
            return _tell(f"ivr: {UsageError('a text cannot be read', remedy=remedy)}", UNABLE)
        case _:
            raise error


def _locate(error: OSError) -> SetupError:
    """The last resort for what the machine refuses: which file, and why."""
    misplaced = isinstance(error, FileExistsError | NotADirectoryError)
    return SetupError(
        "a directory is needed here" if misplaced else error.strerror or str(error),
        place=str(error.filename or "input or output"),
        remedy="Correct its owner, its kind or the space on its disk, or name another place "
        "(--state, IVR_…).",
    )


def _tell(sentence: str, code: int) -> int:
    with suppress(OSError):
        click.echo(sentence, err=True)
    return code
