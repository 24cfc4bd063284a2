"""`ivr check`: every fault of a flow directory."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from ivr.cli.counting import count
from ivr.config import Settings
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault
from ivr.flow.loader import check_directory
from ivr.operations.clock import now
from ivr.scripts.loader import load_scripts


@click.command(short_help="Show every fault of the flows.")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
@click.pass_obj
def check(settings: Settings, directory: Path | None, as_json: bool, language: str) -> None:
    """Show every fault of the flows in DIRECTORY [IVR_FLOWS] and of their call scripts.

    Exit code 1 when there is a fault, 0 when there are at most warnings.

    Example: ivr check flows
    """
    path = directory or settings.flows
    bundle, faults = check_directory(path, today=now().date())
    scripts, more = load_scripts(path, bundle)
    faults = [*faults, *more]
    sound = bundle is not None and not more
    if as_json:
        click.echo(
            json.dumps({"ok": sound, "faults": [fault.to_plain(language) for fault in faults]})
        )
    else:
        for fault in faults:
            click.echo(fault.tell(language))
        sizes = _sizes(bundle, len(scripts)) if bundle is not None and sound else {}
        click.echo(_VERDICTS[language](faults, sizes))
    sys.exit(0 if sound else 1)


def _sizes(bundle: Bundle, scripts: int) -> dict[str, int]:
    """How many there are of each, by the English noun."""
    nodes = sum(len(flow.nodes) for flow in bundle.flows.values())
    sizes = {"flow": len(bundle.flows), "node": nodes}
    return {**sizes, "call script": scripts} if scripts else sizes


def _conclude(faults: Sequence[Fault], sizes: Mapping[str, int]) -> str:
    """The last line; no sizes: there are faults."""
    warnings = sum(fault.severity == "warning" for fault in faults)
    warned = count(warnings, "warning")
    if not sizes:
        return f"{count(len(faults) - warnings, 'fault')}, {warned}"
    return f"no faults, {warned}: {', '.join(count(n, noun) for noun, n in sizes.items())}"


def _conclude_in_indonesian(faults: Sequence[Fault], sizes: Mapping[str, int]) -> str:
    warnings = sum(fault.severity == "warning" for fault in faults)
    if not sizes:
        return f"{len(faults) - warnings} kesalahan, {warnings} peringatan"
    told = ", ".join(f"{n} {_NOUNS[noun]}" for noun, n in sizes.items())
    return f"tidak ada kesalahan, {warnings} peringatan: {told}"


_NOUNS = {"flow": "alur", "node": "simpul", "call script": "skrip panggilan"}
_VERDICTS = {"en": _conclude, "id": _conclude_in_indonesian}
