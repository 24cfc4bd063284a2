"""`ivr test`: plays the call scripts of a flow directory."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ivr.cli.counting import count
from ivr.cli.failures import tell_failure
from ivr.cli.junit import write_junit
from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault, Finding
from ivr.flow.loader import load_directory, read_directory
from ivr.flow.source import Document
from ivr.scripts.checks import select
from ivr.scripts.coverage import Coverage, Exit
from ivr.scripts.loader import FOLDER, load_scripts
from ivr.scripts.reading import Script
from ivr.scripts.running import Report, Result, run_scripts


@click.command(short_help="Play the call scripts of the flows.")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("-k", "wanted", metavar="WORDS", help="Only calls whose file and title have these.")
@click.option("--coverage", is_flag=True, help="List the exits that no call takes; 1 if any.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write a JUnit report, too."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
@click.pass_obj
def test(
    settings: Settings,
    directory: Path | None,
    wanted: str | None,
    coverage: bool,
    junit: Path | None,
    as_json: bool,
    language: str,
) -> None:
    """Play the calls in DIRECTORY/calls [IVR_FLOWS] and compare what is heard.

    Nothing is dialled and no time is spent: calls run on a clock of their own. Exit code 1 when a
    call does not go as written, or a script has a fault.

    Example: ivr test flows --coverage
    """
    path = directory or settings.flows
    if coverage and wanted is not None:
        raise UsageError("coverage needs all calls", remedy="Leave out -k or --coverage.")
    bundle = load_directory(path)
    scripts, faults = load_scripts(path, bundle)
    if faults:
        _show_faults(faults, language, as_json=as_json)
        sys.exit(1)
    chosen = _select(scripts, wanted, path)
    report = run_scripts(chosen, bundle)
    if junit is not None:
        _write(junit, write_junit(report.results))
    missing = _locate(path, report.coverage) if wanted is None else []
    if as_json:
        click.echo(json.dumps(_to_plain(report, missing)))
    else:
        _show(report, missing, bundle, whole=wanted is None, coverage=coverage)
    sys.exit(1 if report.failed or (coverage and missing) else 0)


def _select(scripts: Sequence[Script], wanted: str | None, path: Path) -> list[Script]:
    if not scripts:
        raise UsageError(
            "there are no call scripts",
            place=str(path / FOLDER),
            remedy="Write one (docs/call-scripts.md), or let `ivr simulate --save` write it.",
        )
    chosen = select(scripts, wanted)
    if not chosen:
        raise UsageError(
            f"no call has all of these words in its file and title: {wanted}",
            place=str(path / FOLDER),
        )
    return chosen


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(
            f"the report cannot be written: {error.strerror}", place=str(path)
        ) from error


def _show_faults(faults: Sequence[Fault], language: str, *, as_json: bool) -> None:
    if as_json:
        plain = [fault.to_plain(language) for fault in faults]
        click.echo(json.dumps({"ok": False, "faults": plain}))
        return
    for fault in faults:
        click.echo(fault.tell(language))
    click.echo(count(len(faults), "fault"))


def _show(
    report: Report, missing: Sequence[Missing], bundle: Bundle, *, whole: bool, coverage: bool
) -> None:
    for result in report.failed:
        for line in tell_failure(result):
            click.echo(line)
    if coverage:
        for exit_, place in missing:
            click.echo(f"{place}: {exit_.place}: no call takes `{exit_.name}`")
    failed = len(report.failed)
    click.echo(f"{count(len(report.results), 'call')}, {failed or 'none'} failed")
    if whole:
        click.echo(_tell_coverage(report.coverage))


def _tell_coverage(coverage: Coverage) -> str:
    rest = "" if not coverage.missing else "; --coverage lists the others"
    return (
        f"exits taken: {coverage.own_taken} of {coverage.own} written in nodes,"
        f" {coverage.inherited_taken} of {coverage.inherited} inherited ones{rest}"
    )


Missing = tuple[Exit, str]
"""An exit that no call took, and its `file:line:column`."""


def _locate(path: Path, coverage: Coverage) -> list[Missing]:
    """The places of the exits that were not taken."""
    if not coverage.missing:
        return []
    files, _ = read_directory(path)
    documents = {
        name: Document((path / name).as_posix(), files[name], root=dict)
        for name in {exit_.file for exit_ in coverage.missing}
    }
    located = []
    for exit_ in coverage.missing:
        document = documents[exit_.file]
        fault = document.locate(Finding("missing-exit", document.file, exit_.path))
        located.append((exit_, document.file if fault is None else fault.place))
    return located


def _to_plain(report: Report, missing: Sequence[Missing]) -> dict[str, Any]:
    coverage = report.coverage
    return {
        "ok": not report.failed,
        "calls": [_result_to_plain(one) for one in report.results],
        "coverage": {
            "own": {"of": coverage.own, "taken": coverage.own_taken},
            "inherited": {"of": coverage.inherited, "taken": coverage.inherited_taken},
            "missing": [
                {"place": place, "node": exit_.place, "exit": exit_.name}
                for exit_, place in missing
            ],
        },
    }


def _result_to_plain(result: Result) -> dict[str, Any]:
    script, failure = result.script, result.failure
    return {
        "file": script.file,
        "line": script.line,
        "call": script.title,
        "ok": failure is None,
        "outcome": result.outcome,
        "turns": result.turns,
        "seconds": result.milliseconds / 1000,
        "failure": None
        if failure is None
        else {
            "line": failure.placed.line,
            "column": failure.placed.column,
            "expected": failure.expected,
            "got": failure.got,
            "node": failure.node,
            "lines": list(failure.lines),
        },
    }
