"""`ivr publish` that publishes nothing: everything that keeps the flows back, and that they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ivr.cli.counting import count
from ivr.cli.faults import FOUND
from ivr.errors import FlowError
from ivr.flow.acceptance import STALE
from ivr.flow.faults import Fault, FaultyFlows


@contextmanager
def telling_refusal(*, as_json: bool) -> Iterator[None]:
    """Tell a FlowError of the block, in a last line that nothing was published; exit code 1."""
    try:
        yield
    except FlowError as error:
        faults = error.faults if isinstance(error, FaultyFlows) else ()
        why = _count_faults(faults) if faults else error.sentence.partition("\n")[0]
        if as_json:
            plain: dict[str, Any] = {"published": False, "why": why}
            click.echo(json.dumps({**plain, "faults": [one.to_plain() for one in faults]}))
        click.echo(str(error), err=True)
        click.echo(f"nothing was published: {why}", err=True)
        sys.exit(FOUND)


def _count_faults(faults: tuple[Fault, ...]) -> str:
    hard = sum(fault.severity == "fault" for fault in faults)
    stale = sum(fault.code == STALE for fault in faults)
    told = [count(hard, "fault")] if hard else []
    if stale:
        are = "translation is" if stale == 1 else "translations are"
        told.append(f"{stale} {are} stale; change it, or `ivr texts accept ID`")
    return ", ".join(told)
