"""Utterances out of prompt ids: the text in the call's language, with the values it names."""

from __future__ import annotations

from ivr.engine.draft import Draft
from ivr.engine.scope import find
from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Field, Personal, Secret, reveal
from ivr.flow.fields import find_declared
from ivr.flow.templates import Placeholder, parse_template
from ivr.flow.texts import ENGINE, prompt_id


def utter(draft: Draft, prompt: str, *, language: str | None = None) -> Utterance:
    """The utterance of a prompt id, in the call's language unless another is named."""
    language = language or draft.run.language
    template = draft.bundle.texts[language][prompt]
    values = {
        part.name: _spoken(draft, part, language)
        for part in parse_template(template)
        if isinstance(part, Placeholder)
    }
    return Utterance(prompt, language, template, values, draft.run.pace)


def utter_phrase(draft: Draft, name: str, **values: Spoken) -> Utterance:
    """The utterance of an engine phrase with what stands in its braces."""
    language, prompt = draft.run.language, prompt_id(ENGINE, name)
    template = draft.bundle.texts[language][prompt]
    return Utterance(prompt, language, template, values, draft.run.pace)


def utter_key(draft: Draft, name: str, keys: str) -> Utterance:
    """The utterance of an engine phrase that names a `{key}`."""
    return utter_phrase(draft, name, key=Spoken(keys, "digits"))


def _spoken(draft: Draft, part: Placeholder, language: str) -> Spoken:
    value = find(draft, part.name)
    declared = find_declared(draft.flow, draft.bundle.sources, part)
    if declared is None:
        return Spoken(_canonical(value), part.kind or _kind_of(value))
    if declared.named and value is not None and not isinstance(value, Secret):
        plain = str(reveal(value))
        words = draft.bundle.texts[language].get(declared.word(plain), plain)
        return Spoken(Personal(words) if isinstance(value, Personal) else words, declared.kind)
    return Spoken(_canonical(value), part.kind or declared.kind)


def _canonical(value: Field) -> str | Personal | Secret:
    if isinstance(value, Secret | Personal):
        return value
    return "" if value is None else str(value)


def _kind_of(value: Field) -> str:
    if isinstance(value, Secret):
        return "last4"
    plain = None if value is None else reveal(value)
    if isinstance(plain, int):
        return "number"
    return "digits" if isinstance(plain, str) and plain.isdigit() else "text"
