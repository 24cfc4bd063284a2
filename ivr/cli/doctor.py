"""`ivr doctor`: is this installation as it should be?"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ivr.asterisk.doctor.examine import examine_conf
from ivr.asterisk.doctor.finding import Finding
from ivr.asterisk.doctor.machine import check_machine
from ivr.asterisk.doctor.running import check_running
from ivr.asterisk.pbx.config import read_conf
from ivr.cli.counting import count
from ivr.cli.doctor_engine import check_engine, check_sources, read_flows
from ivr.cli.doctor_facts import ask_asterisk, find_conf, is_in_use, look_around
from ivr.config import Settings


@click.command(short_help="Check Asterisk, the engine and the machine.")
@click.option(
    "--conf",
    type=click.Path(path_type=Path),
    help="Asterisk's configuration [the local instance's, else /etc/asterisk].",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--all", "everything", is_flag=True, help="Tell what is right, too.")
@click.pass_obj
def doctor(settings: Settings, conf: Path | None, as_json: bool, everything: bool) -> None:
    """Check the configuration of Asterisk, of the engine and of the machine around them.

    Exit code 1 when something is wrong; notes do not count. Only looks, changes nothing.

    Example: ivr doctor --conf /etc/asterisk
    """
    directory = find_conf(settings) if conf is None else conf
    findings = examine(settings, directory) if directory else examine_alone(settings)
    levels = Counter(finding.level for finding in findings)
    if as_json:
        shown = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": not levels["wrong"], "findings": shown}))
    else:
        _show(findings, everything)
        notes = count(levels["note"], "note")
        where = directory or "no Asterisk"
        click.echo(f"{where}: {levels['right']} right, {notes}, {levels['wrong']} wrong")
    sys.exit(1 if levels["wrong"] else 0)


def examine(settings: Settings, conf: Path) -> list[Finding]:
    """Everything that can be found out about this configuration here. Raises SetupError."""
    files = read_conf(conf)
    bundle, findings = read_flows(settings)
    findings = [*examine_conf(files), *findings, *check_sources(settings, bundle)]
    findings += check_engine(settings)
    findings += check_machine(look_around(settings, conf, files, bundle), files)
    if not is_in_use(conf, files):
        sentence = "this is a copy: neither its directories nor a running Asterisk were looked at"
        return [*findings, Finding("running", "note", sentence, str(conf))]
    said = ask_asterisk(settings, conf)
    if said is None:
        sentence = "no Asterisk answers here: only files were looked at"
        remedy = "Start it, or run this as the user that may reach its control socket."
        return [*findings, Finding("running", "note", sentence, str(conf), remedy)]
    return [*findings, *check_running(said)]


def examine_alone(settings: Settings) -> list[Finding]:
    """What can be found out where no Asterisk is configured: flows, sources, the engine."""
    bundle, findings = read_flows(settings)
    findings += [*check_sources(settings, bundle), *check_engine(settings)]
    place = f"{settings.pbx / 'instance' / 'etc'}, /etc/asterisk"
    remedy = "Start the local one once (`ivr pbx start`), or name a directory with --conf."
    sentence = "no Asterisk is configured here"
    return [*findings, Finding("running", "wrong", sentence, place, remedy)]


def _show(findings: Sequence[Finding], everything: bool) -> None:
    for finding in findings:
        if everything or finding.level != "right":
            click.echo(finding.tell())
