"""`ivr texts`: what is translated, what is missing, what is out of date."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.acceptance import accept as accept_pairs
from ivr.flow.acceptance import accepted_file, list_pairs, list_stale, write_accepted
from ivr.flow.assembly import Examined
from ivr.flow.coverage import Coverage, measure
from ivr.flow.diagram.flows import in_words
from ivr.flow.faults import FaultyFlows, nearest
from ivr.flow.loader import examine_directory
from ivr.flow.translation import list_entries

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")


@click.group()
def texts() -> None:
    """Translations: how many there are, and which are missing or out of date."""


@texts.command()
@_as_json
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show how much is translated, by language and flow.

    Example: ivr texts status
    """
    examined = examine_directory(settings.flows)
    measured = measure(examined, examined.accepted)
    never = {language: _count_unaccepted(examined, language) for language in measured}
    if as_json:
        plain = {one: {**_to_plain(measured[one]), "unaccepted": never[one]} for one in measured}
        click.echo(json.dumps(plain))
        return
    for language, coverage in measured.items():
        click.echo(f"{language}: {_tell(coverage)}")
        if never[language]:
            click.echo(
                f"  {never[language]} never accepted: nobody is told when their originals change"
                " (`ivr texts accept`)"
            )
        for flow in coverage.flows():
            click.echo(f"  {flow}: {_tell(coverage.part(flow))}")


def _count_unaccepted(examined: Examined, language: str) -> int:
    default = examined.plan.hotline.languages[0]
    pairs = list_pairs(examined.translation.written, default, language)
    return len(pairs.keys() - examined.accepted.get(language, {}).keys())


def _to_plain(coverage: Coverage) -> dict[str, object]:
    flows = {flow: coverage.part(flow).to_plain() for flow in coverage.flows()}
    return {**coverage.to_plain(), "flows": flows}


def _tell(coverage: Coverage) -> str:
    plain = coverage.to_plain()
    told = [f"{plain['percent']} % of {plain['texts']}"]
    told += [f"{plain[name]} {name}" for name in ("missing", "stale") if plain[name]]
    return ", ".join(told)


@texts.command()
@_as_json
@click.pass_obj
def missing(settings: Settings, as_json: bool) -> None:
    """Show the texts without a translation, ready to be filled in. Exit code 1 when there are any.

    Example: ivr texts missing
    """
    examined = examine_directory(settings.flows)
    measured = measure(examined, examined.accepted)
    _list({name: coverage.missing for name, coverage in measured.items()}, examined, as_json)


@texts.command()
@_as_json
@click.pass_obj
def stale(settings: Settings, as_json: bool) -> None:
    """Show the translations whose original has changed since. Exit code 1 when there are any.

    Example: ivr texts stale
    """
    examined = examine_directory(settings.flows)
    measured = measure(examined, examined.accepted)
    _list({name: coverage.stale for name, coverage in measured.items()}, examined, as_json)


def _list(found: Mapping[str, Sequence[str]], examined: Examined, as_json: bool) -> None:
    plan, written = examined.plan, examined.translation.written
    originals = {entry.id: in_words(entry.text, plan) for _, entry in list_entries(plan)}
    if as_json:
        plain = {name: {id_: originals[id_] for id_ in ids} for name, ids in found.items()}
        click.echo(json.dumps(plain, ensure_ascii=False))
    else:
        for language, ids in found.items():
            click.echo(f"# texts/{language}.yaml: {len(ids)}")
            for id_ in ids:
                click.echo(f"# {' '.join(originals[id_].split())}")
                if present := written.get(id_, {}).get(language):
                    click.echo(f"# now: {' '.join(present.text.split())}")
                click.echo(f"{id_}:")
    sys.exit(1 if any(found.values()) else 0)


@texts.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that are out of date still fit.")
@click.pass_obj
def accept(settings: Settings, ids: tuple[str, ...], everything: bool) -> None:
    """Say that translations belong to the originals as they stand now.

    Without ID only new and changed translations are taken; those that are out of date stay so.

    Example: ivr texts accept tax.welcome.say
    """
    examined = examine_directory(settings.flows)
    if examined.bundle is None:
        raise FaultyFlows(examined.faults)
    _refuse_unknown(settings.flows, ids, examined)
    default, *others = examined.plan.hotline.languages
    for language in others:
        pairs = list_pairs(examined.translation.written, default, language)
        known = examined.accepted.get(language, {})
        taken = accept_pairs(pairs, known, pairs if everything else ids)
        _replace(settings.flows / accepted_file(language), write_accepted(taken))
        left = len(list(list_stale(pairs, taken)))
        click.echo(f"{language}: {len(taken) - left} belong to their originals, {left} stale")


def _refuse_unknown(path: Path, ids: tuple[str, ...], examined: Examined) -> None:
    known = examined.translation.written
    for id_ in ids:
        if id_ not in known:
            meant = nearest(id_, known)
            remedy = f"Did you mean {meant}?" if meant else "`ivr texts stale` lists them."
            raise UsageError(f"there is no text {id_}", place=str(path), remedy=remedy)


def _replace(file: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f".{file.name}")
    draft.write_text(text, "utf-8")
    os.replace(draft, file)
