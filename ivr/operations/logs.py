"""Log lines: for people on a terminal, JSON for programs. Nothing personal gets through.

What our code logs is public to begin with. This is the net below it: a run of digits that could be
somebody's number is masked, and of an exception only the class and the place are told.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z.:])\+?[0-9*#]{5,}(?![0-9A-Za-z:])")
_MASK: Final = "(number)"


def configure_logs(form: str, process: str) -> None:
    """Send every log line of this process to its standard error. `process` names it.

    `form` is one of `ivr.config.LOG_FORMS`.
    """
    json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(process, json=json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def make_formatter(process: str, *, json: bool) -> logging.Formatter:
    """A formatter for the records of the standard library, with the call that they belong to."""

    def name(logger: Any, method: str, event: EventDict) -> EventDict:
        return {**event, "process": process}

    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=["pid"]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name,
        hide_exception,
        mask_numbers,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=[remove, last])


def hide_exception(logger: Any, method: str, event: EventDict) -> EventDict:
    """Tell an exception by class and place; its text may hold what a caller typed."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        if frames:
            event["where"] = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"
    return event


def mask_numbers(logger: Any, method: str, event: EventDict) -> EventDict:
    """Mask what could be somebody's number. Of asyncio's own words only the first line is kept:
    the others print the exception."""
    said = str(event.get("event", ""))
    if event.get("logger") == "asyncio":
        said = said.partition("\n")[0]
    return {**event, "event": _NUMBER.sub(_MASK, said)}
