"""Call scripts that did not come true, as people read them; and the gate before a publication."""

from __future__ import annotations

from pathlib import Path

from ivr.cli.counting import count
from ivr.errors import FlowError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.scripts.loader import load_scripts
from ivr.scripts.running import Result, run_scripts


def require_scripts(directory: Path, bundle: Bundle) -> int:
    """How many call scripts of the directory came true: all of them, perhaps none.

    Raises FaultyFlows for scripts with a fault, FlowError with every one that failed.
    """
    scripts, faults = load_scripts(directory, bundle)
    if faults:
        raise FaultyFlows(faults)
    failed = run_scripts(scripts, bundle).failed
    if failed:
        lines = [line for one in failed for line in tell_failure(one)]
        raise FlowError(
            f"{count(len(failed), 'call')} of {len(scripts)} did not go as written\n"
            + "\n".join(lines).rstrip(),
            remedy="Mend the flows or the scripts; --untested publishes all the same.",
        )
    return len(scripts)


def tell_failure(result: Result) -> list[str]:
    """A failed call as lines: where in the script, what was meant, what came, what came before."""
    failure = result.failure
    assert failure is not None
    place = f"{result.script.file}:{failure.placed.line}:{failure.placed.column}"
    return [
        f"{place}: {result.script.title}",
        f"    expected  {failure.expected}",
        f"    but       {failure.got}",
        f"    at        {failure.node}",
        "    the call until then:",
        *(f"      {line}" for line in failure.lines),
        "",
    ]
