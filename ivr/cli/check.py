"""`ivr check`: every fault of a flow directory."""

from __future__ import annotations

import json
import sys
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
        click.echo(_verdict(bundle if sound else None, faults, len(scripts)))
    sys.exit(0 if sound else 1)


def _verdict(bundle: Bundle | None, faults: list[Fault], scripts: int) -> str:
    warnings = sum(fault.severity == "warning" for fault in faults)
    warned = count(warnings, "warning")
    if bundle is None:
        return f"{count(len(faults) - warnings, 'fault')}, {warned}"
    nodes = sum(len(flow.nodes) for flow in bundle.flows.values())
    parts = [count(len(bundle.flows), "flow"), count(nodes, "node")]
    parts += [count(scripts, "call script")] if scripts else []
    return f"no faults, {warned}: {', '.join(parts)}"
