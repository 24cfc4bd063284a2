"""Every clip that a bundle can need, so that all of them are rendered before the first call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ivr.flow import nodes
from ivr.flow.bundle import Bundle, Flow
from ivr.flow.fields import find_declared
from ivr.flow.scalars import Jump
from ivr.flow.templates import list_placeholders
from ivr.flow.texts import (
    CALENDARS,
    UNKNOWN_HOURS,
    WEEKLY_HOURS,
    list_flow_texts,
    word_id,
)
from ivr.speech.compose import Clip, list_clips, list_vocabulary


def list_bundle_clips(bundle: Bundle) -> frozenset[Clip]:
    """The clips of all prompts in all languages, and the vocabulary of numbers and dates.

    At the usual pace: `list_slow_clips` has the others. Raises SpeechError for a free text that no
    table, word list or assignment spells out.
    """
    clips: set[Clip] = set()
    for language in bundle.hotline.languages:
        clips |= list_vocabulary(language)
        clips |= _list_plain(bundle, language)
        for flow in bundle.flows.values():
            for entry in list_flow_texts(flow):
                if entry.language in (None, language):
                    clips |= _list_prompt(bundle, flow, language, entry.id)
    return frozenset(clips)


def list_slow_clips(bundle: Bundle) -> frozenset[Clip]:
    """The same clips at the slow pace, none where no key asks for it. Raises SpeechError."""
    if not _offers_slowness(bundle):
        return frozenset()
    return frozenset(replace(clip, slow=True) for clip in list_bundle_clips(bundle))


def _offers_slowness(bundle: Bundle) -> bool:
    keys = [bundle.hotline.keys]
    for flow in bundle.flows.values():
        keys.append(flow.keys)
        keys += [node.keys for node in flow.nodes.values() if isinstance(node, nodes.Listening)]
    return any("slower" in own.values() for own in keys)


def _list_plain(bundle: Bundle, language: str) -> set[Clip]:
    """Hotline and engine prompts: at most `{value}` and `{key}`, which are digits."""
    clips: set[Clip] = set()
    for prompt, template in bundle.texts[language].items():
        if prompt.partition(".")[0] in ("engine", "hotline"):
            clips |= list_clips(language, template, {"value": "digits", "key": "digits"})
    return clips


def _list_prompt(bundle: Bundle, flow: Flow, language: str, prompt: str) -> frozenset[Clip]:
    template = bundle.texts[language][prompt]
    kinds: dict[str, str] = {}
    words: dict[str, frozenset[str]] = {}
    for part in list_placeholders(template):
        declared = find_declared(flow, bundle.sources, part)
        kind = declared.kind if declared and declared.named else part.kind
        kinds[part.name] = kind or (declared.kind if declared else _guess(bundle, part.name))
        if kinds[part.name] != "text":
            continue
        if declared is None:
            words[part.name] = frozenset(_list_assigned(bundle, part.name))
        elif declared.label:
            words[part.name] = frozenset(_list_labels(bundle, language))
        elif declared.of.words:
            ids = [word_id(declared.source, declared.field, value) for value in declared.of.words]
            words[part.name] = frozenset(bundle.texts[language][one] for one in ids)
        else:
            table = bundle.tables.get(declared.source)
            rows = () if table is None else table.rows
            words[part.name] = frozenset(row[declared.field] for row in rows)
    return list_clips(language, template, kinds, words)


def _list_labels(bundle: Bundle, language: str) -> Iterator[str]:
    """Every name of a day that a calendar can give."""
    for id_, text in bundle.texts[language].items():
        if id_ in (WEEKLY_HOURS, UNKNOWN_HOURS) or id_.startswith(f"{CALENDARS}."):
            yield text


def _guess(bundle: Bundle, name: str) -> str:
    """The kind of a name that nothing declares: text when only texts are assigned to it."""
    assigned = list(_list_assigned(bundle, name))
    return "text" if assigned and not all(value.isdigit() for value in assigned) else "digits"


def _list_assigned(bundle: Bundle, name: str) -> Iterator[str]:
    """Every text that any flow gives to a variable of this name."""
    for flow in bundle.flows.values():
        for node in flow.nodes.values():
            yield from _list_literals(node, name)


def _list_literals(node: nodes.AnyNode, name: str) -> Iterator[str]:
    given: list[str] = []
    match node:
        case nodes.Set():
            given = [node.values[name]] if name in node.values else []
        case nodes.Menu() if node.into == name:
            given = [option.value or option.name for option in node.options]
        case nodes.Subflow() if name in node.arguments:
            given = [node.arguments[name]]
    for target in _list_targets(node):
        if isinstance(target, Jump) and name in target.arguments:
            given.append(target.arguments[name])
    yield from (text for text in given if not list_placeholders(text))


def _list_targets(node: nodes.AnyNode) -> Iterator[object]:
    if isinstance(node, nodes.Menu):
        yield from (option.next for option in node.options)
    if isinstance(node, nodes.Choose):
        yield from (case.next for case in node.cases)
    if isinstance(node, nodes.Consent):
        yield from (node.granted, node.refused)
    if isinstance(node, nodes.Hours):
        yield from (node.open, node.closed, node.holiday, node.unknown)
    if isinstance(node, nodes.Transfer):
        yield from (option.next for option in node.options)
        yield from (node.ended, node.on_hangup, *node.unhappy().values())
    elif not isinstance(
        node, nodes.Choose | nodes.Consent | nodes.Lookup | nodes.Hours | nodes.Hangup
    ):
        yield node.next
