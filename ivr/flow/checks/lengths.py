"""How long callers must listen: menus and prompts that are too long to be remembered. Warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.faults import Finding
from ivr.flow.plan import Plan, flow_file
from ivr.flow.texts import list_flow_texts, list_hotline_texts, prompt_id
from ivr.flow.translation import Written

WORDS_A_MINUTE = 150
MOST_OPTIONS = 5
LONGEST_MENU = 20
LONGEST_PROMPT = 30
"""Seconds, at the pace of a voice of `WORDS_A_MINUTE`."""

_AROUND_LABEL = 3
"""The words of “Untuk …, tekan satu.”"""

_Texts = Mapping[str, Mapping[str, Written]]


def check(plan: Plan, written: _Texts) -> Iterator[Finding]:
    """Every finding about what takes too long; a value counts as a word."""
    for flow in plan.flows.values():
        for entry in list_flow_texts(flow):
            yield from _check_prompt(written.get(entry.id, {}))
        for name, node in flow.nodes.items():
            if isinstance(node, nodes.Menu):
                yield from _check_menu(flow, name, node, written)
    for entry in list_hotline_texts(plan.hotline):
        yield from _check_prompt(written.get(entry.id, {}))


def _check_prompt(texts: Mapping[str, Written]) -> Iterator[Finding]:
    for found in texts.values():
        seconds = _seconds(_count(found.text))
        if seconds > LONGEST_PROMPT:
            values = {"seconds": str(seconds), "most": str(LONGEST_PROMPT)}
            yield Finding("long-prompt", found.file, found.path, values)


def _check_menu(flow: Flow, name: str, menu: nodes.Menu, written: _Texts) -> Iterator[Finding]:
    file, path = flow_file(flow.flow), ("nodes", name, "options")
    spoken = [one for one in menu.options if one.spoken and one.label is not None]
    if len(spoken) > MOST_OPTIONS:
        values = {"number": str(len(spoken)), "most": str(MOST_OPTIONS)}
        yield Finding("many-options", file, path, values)
        return
    ids = [prompt_id(flow.flow, name, "options", option.name) for option in spoken]
    said = [
        written.get(prompt_id(flow.flow, name, "say"), {}),
        *(written.get(id_, {}) for id_ in ids),
    ]
    for language in dict.fromkeys(language for texts in said for language in texts):
        words = sum(_count(texts[language].text) for texts in said if language in texts)
        seconds = _seconds(words + _AROUND_LABEL * len(spoken))
        if seconds > LONGEST_MENU:
            values = {"seconds": str(seconds), "most": str(LONGEST_MENU), "language": language}
            yield Finding("long-menu", file, path, values)
            return


def _count(text: str) -> int:
    return len(re.sub(r"\{[^{}]*\}", " x ", text).split())


def _seconds(words: int) -> int:
    return round(words * 60 / WORDS_A_MINUTE)
