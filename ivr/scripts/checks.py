"""What a script names that its flows do not have, and scripts that cannot tell anything. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ivr.flow import nodes
from ivr.flow.bundle import Bundle
from ivr.flow.checks.sources import check_cell
from ivr.flow.faults import Fault, Finding, Path
from ivr.flow.plan import unknown
from ivr.flow.sources import SourceField
from ivr.scripts.hearing import words_of
from ivr.scripts.model import (
    Dial,
    HangUp,
    Hear,
    Listen,
    Outcome,
    Press,
    Reach,
    Silence,
    Speak,
    Value,
    Wait,
)
from ivr.scripts.reading import Placed, Script, ScriptFile
from ivr.scripts.world import EVERY, Answer, SetLookups

COUNTED = ("tiket", "petugas", "putus_ivr", "galat")
"""Outcomes that the engine gives by itself."""


def check_scripts(read: ScriptFile, bundle: Bundle) -> list[Fault]:
    """Every fault of the scripts of a file, each once: `begin` belongs to many calls."""
    findings = [finding for script in read.scripts for finding in _check(script, bundle)]
    unique = {(one.code, one.path): one for one in findings}
    return [fault for one in unique.values() if (fault := read.locate(one)) is not None]


def _check(script: Script, bundle: Bundle) -> Iterator[Finding]:
    yield from _check_story(script)
    for placed in script.steps:
        yield from _check_step(script.file, placed, bundle)


def _check_story(script: Script) -> Iterator[Finding]:
    """The order of the steps."""
    first = script.steps[0].step if script.steps else None
    if not isinstance(first, Dial):
        yield Finding("script-no-dial", script.file, script.path)
    if not any(isinstance(placed.step, Hear | Reach | Value | Outcome) for placed in script.steps):
        yield Finding("script-expects-nothing", script.file, script.path)
    gone = False
    for index, placed in enumerate(script.steps):
        if index and isinstance(placed.step, Dial):
            yield Finding("script-dials-again", script.file, placed.path)
        if gone and isinstance(placed.step, Press | Silence | Speak | Wait | Listen | HangUp):
            yield Finding("script-hung-up", script.file, placed.path)
        gone = gone or isinstance(placed.step, HangUp)


def _check_step(file: str, placed: Placed, bundle: Bundle) -> Iterator[Finding]:
    """The names in a step. Those of variables only the call can tell."""
    path = placed.path
    match placed.step:
        case Dial(dial=number, language=language):
            if number not in bundle.hotline.numbers:
                yield unknown(
                    "unknown-number", file, (*path, "dial"), number, bundle.hotline.numbers
                )
            yield from _check_language(file, path, language, bundle)
        case Hear(hear=text, language=language):
            if not words_of(text):
                yield Finding("empty-text", file, (*path, "hear"))
            yield from _check_language(file, path, language, bundle)
        case Reach(reach=place):
            yield from _check_place(file, (*path, "reach"), place, bundle)
        case SetLookups(lookups=lookups):
            yield from _check_lookups(file, (*path, "lookups"), lookups, bundle)
        case Outcome(outcome=name):
            names = list_outcomes(bundle)
            if name not in names:
                yield unknown("unknown-outcome", file, (*path, "outcome"), name, names)
        case _:
            return


def list_outcomes(bundle: Bundle) -> tuple[str, ...]:
    """The names by which these flows' calls can be counted."""
    every = (node for flow in bundle.flows.values() for node in flow.nodes.values())
    said = (node.outcome for node in every if isinstance(node, nodes.Hangup))
    return tuple(dict.fromkeys((*COUNTED, *said)))


def _check_language(
    file: str, path: Path, language: str | None, bundle: Bundle
) -> Iterator[Finding]:
    known = bundle.hotline.languages
    if language is not None and language not in known:
        yield unknown(
            "unknown-language", file, (*path, "language"), language, known,
            languages=", ".join(known),
        )  # fmt: skip


def _check_place(file: str, path: Path, place: str, bundle: Bundle) -> Iterator[Finding]:
    flow, dot, node = place.partition(".")
    if flow not in bundle.flows:
        yield unknown("unknown-flow", file, path, flow, bundle.flows)
    elif dot and node not in bundle.flows[flow].nodes:
        yield unknown("unknown-node", file, path, node, bundle.flows[flow].nodes)


def _check_lookups(
    file: str, path: Path, lookups: Mapping[str, Sequence[Answer]], bundle: Bundle
) -> Iterator[Finding]:
    for name, answers in lookups.items():
        known = (*bundle.sources, *bundle.webhooks)
        if name != EVERY and name not in known:
            yield unknown("unknown-source", file, (*path, name), name, known)
            continue
        for index, found in enumerate(answer.found for answer in answers):
            here = (*path, name, index, "found") if len(answers) > 1 else (*path, name, "found")
            if found is not None and name not in bundle.sources:
                yield Finding("script-found-where", file, path)
            elif found is not None:
                yield from _check_found(file, here, found, bundle.sources[name].fields)


def _check_found(
    file: str, path: Path, found: Mapping[str, str], fields: Mapping[str, SourceField]
) -> Iterator[Finding]:
    for name in (name for name in found if name not in fields):
        yield unknown("script-field", file, (*path, name), name, fields)
    for name, declared in fields.items():
        if name in found:
            yield from check_cell(declared, found[name], file, (*path, name))
        elif not declared.optional:
            yield Finding("missing-field", file, path, {"name": name})


def select(scripts: Iterable[Script], wanted: str | None) -> list[Script]:
    """The scripts whose name has all words of `wanted`, None: all."""
    words = (wanted or "").casefold().split()
    return [one for one in scripts if all(word in one.name.casefold() for word in words)]
