"""Every text in every language of the hotline, or what is missing.

The default language stands in the flows. Other languages stand beside it or in `texts/<lang>.yaml`,
where the keys, joined with full stops, are the prompt ids; a menu option has its label there. The
sentence for an option and the engine's own words come from `phrases.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.flow import texts
from ivr.flow.faults import Finding, Path, nearest
from ivr.flow.plan import (
    CALENDARS_FILE,
    HOTLINE_FILE,
    SOURCES_FILE,
    Plan,
    flow_file,
    texts_file,
    unknown,
)
from ivr.flow.templates import TemplateFault, list_placeholders
from ivr.flow.texts import ENGINE, Entry, prompt_id
from ivr.flow.tree import Tree

Phrases = Mapping[str, Mapping[str, str]]
"""The engine's own words: language, then the id without `engine.` (`resumed`, `keys.1`)."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text in a language, and where it is written."""

    text: str
    file: str
    path: Path


@dataclass
class Translation:
    """`texts` is what is spoken, by language and id; `written` what it was made of, by id and
    language."""

    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    written: dict[str, dict[str, Written]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_phrases(tree: Tree) -> Phrases:
    """The content of `phrases.yaml`."""
    languages = tree.value if isinstance(tree.value, dict) else {}
    return {
        language: {key: found.text for key, found in _flatten(words, "", (language,))}
        for language, words in languages.items()
    }


def translate(plan: Plan, files: Mapping[str, Tree | None], phrases: Phrases) -> Translation:
    """Bring the texts of the directory together.

    `files` are the trees of `texts/<lang>.yaml`, None for a file that could not be read: nothing
    is missing in that language then.
    """
    made = Translation()
    _gather(made, plan)
    for language, tree in files.items():
        if tree is not None:
            _take_file(made, plan, language, tree, phrases)
    words = _choose_phrases(made, plan, phrases)
    for language in plan.hotline.languages:
        spoken = made.texts.setdefault(language, {})
        for key, text in words[language].items():
            if key != "option" and not key.startswith("keys."):
                spoken[prompt_id(ENGINE, key)] = text
        for file, entry in list_entries(plan):
            _speak(made, entry, file, language, words[language])
    made.findings += _compare(made, plan.hotline.languages[0])
    unread = {language for language, tree in files.items() if tree is None}
    made.findings = [
        finding
        for finding in made.findings
        if finding.code != "missing-text" or not _is_excused(plan, finding, unread)
    ]
    return made


def _is_excused(plan: Plan, finding: Finding, unread: set[str]) -> bool:
    """Whether a text may only seem to be missing: its file is broken, or its flow misnamed."""
    return finding.values["language"] in unread or plan.lacks(finding.file, "flow")


def list_entries(plan: Plan) -> Iterator[tuple[str, Entry]]:
    """Every text that is spoken in a call, with its file; the engine's own words apart."""
    for flow in plan.flows.values():
        for entry in texts.list_flow_texts(flow):
            yield flow_file(flow.flow), entry
    for entry in texts.list_hotline_texts(plan.hotline):
        if not entry.id.startswith(f"{ENGINE}."):
            yield HOTLINE_FILE, entry
    for entry in texts.list_words(plan.sources):
        yield SOURCES_FILE, entry
    for entry in texts.list_labels(plan.calendars, plan.holidays, plan.hotline.languages):
        yield CALENDARS_FILE, entry


def _gather(made: Translation, plan: Plan) -> None:
    """The texts that stand in flows, hotline and sources."""
    default, *_ = plan.hotline.languages
    phrases = ((HOTLINE_FILE, entry) for entry in texts.list_hotline_texts(plan.hotline))
    for file, entry in (*list_entries(plan), *phrases):
        if isinstance(entry.text, str):
            language = entry.language or default
            inline = {language: Written(entry.text, file, entry.path)}
        else:
            inline = {
                language: Written(text, file, (*entry.path, language))
                for language, text in entry.text.items()
            }
            made.findings += _find_unlisted(plan, inline)
        made.written[entry.id] = inline


def _find_unlisted(plan: Plan, inline: Mapping[str, Written]) -> Iterator[Finding]:
    languages = plan.hotline.languages
    for language, found in inline.items():
        if language not in languages:
            values = {"name": language, "languages": ", ".join(languages)}
            yield Finding("unknown-language", found.file, found.path, values)


def _flatten(tree: Tree, prefix: str, path: Path) -> Iterator[tuple[str, Written]]:
    """Ids and texts of a file; what is neither text nor mapping has an empty file name."""
    if isinstance(tree.value, dict):
        for key, child in tree.value.items():
            yield from _flatten(child, f"{prefix}.{key}" if prefix else key, (*path, key))
    elif not tree.broken:
        yield prefix, Written(tree.value if isinstance(tree.value, str) else "", "", path)


def _take_file(made: Translation, plan: Plan, language: str, tree: Tree, phrases: Phrases) -> None:
    file = texts_file(language)
    if language not in plan.hotline.languages:
        values = {"name": language, "languages": ", ".join(plan.hotline.languages)}
        made.findings.append(Finding("unknown-language", file, (), values))
        return
    known = {prompt_id(ENGINE, key) for words in phrases.values() for key in words}
    known |= {entry.id for _, entry in list_entries(plan) if entry.language in (None, language)}
    for id_, found in _flatten(tree, "", ()):
        if id_ not in known:
            if not _may_be_unread(plan, id_):
                near = nearest(id_, known)
                made.findings.append(Finding("unknown-text", file, found.path, {"id": id_}, near))
        elif language in made.written.get(id_, {}):
            other = made.written[id_][language].file
            values = {"id": id_, "file": other or file}
            made.findings.append(Finding("text-twice", file, found.path, values))
        else:
            here = Written(found.text, file, found.path)
            made.written.setdefault(id_, {})[language] = here


def _may_be_unread(plan: Plan, id_: str) -> bool:
    """Whether the text can belong to a part of the directory that could not be read."""
    flow = id_.partition(".")[0]
    files = {
        texts.HOTLINE: HOTLINE_FILE,
        texts.SOURCES: SOURCES_FILE,
        texts.CALENDARS: CALENDARS_FILE,
    }
    file = files.get(flow, flow_file(flow))
    misnamed = any(path == ("flow",) for _, path in plan.unread)
    if misnamed and flow not in plan.flows and flow not in files:
        return True
    return any(unread == file for unread, _ in plan.unread)


def _choose_phrases(made: Translation, plan: Plan, phrases: Phrases) -> dict[str, dict[str, str]]:
    """The engine's words in each language: the directory's own before the built-in ones."""
    chosen: dict[str, dict[str, str]] = {}
    names = next(iter(phrases.values()))
    made.findings += [
        unknown("unknown-phrase", HOTLINE_FILE, ("phrases", name), name, names)
        for name in plan.hotline.phrases
        if name not in names
    ]
    for index, language in enumerate(plan.hotline.languages):
        words = dict(phrases.get(language, {}))
        for name in names:
            own = made.written.get(prompt_id(ENGINE, name), {}).get(language)
            if own is not None:
                words[name] = own.text
                made.findings += _check_phrase(own, names[name], prompt_id(ENGINE, name))
            elif name not in words:
                values = {"id": prompt_id(ENGINE, name), "language": language}
                made.findings.append(
                    Finding("missing-text", HOTLINE_FILE, ("languages", index), values)
                )
                words[name] = names[name]
        chosen[language] = words
    return chosen


def _check_phrase(own: Written, model: str, id_: str) -> Iterator[Finding]:
    if _names(own.text) != _names(model):
        values = {"id": id_, "placeholders": _list(_names(model))}
        yield Finding("phrase-placeholders", own.file, own.path, values)


def _speak(
    made: Translation, entry: Entry, file: str, language: str, words: Mapping[str, str]
) -> None:
    """What is spoken for an entry: its text, or for an option the sentence about it."""
    if entry.language not in (None, language):
        return
    own = made.written[entry.id].get(language)
    if own is None:
        values = {"id": entry.id, "language": language}
        made.findings.append(Finding("missing-text", file, entry.path, values))
        return
    text = own.text
    if entry.key is not None:
        said = {"label": text, "key": " ".join(words[f"keys.{key}"] for key in entry.key)}
        text = re.sub(r"\{(label|key)\}", lambda found: said[found[1]], words["option"])
    made.texts[language][entry.id] = text


def _names(text: str) -> frozenset[str] | None:
    """The names of a text's placeholders, None when it is no template."""
    try:
        return frozenset(placeholder.name for placeholder in list_placeholders(text))
    except TemplateFault:
        return None


def _list(names: frozenset[str] | None) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names or ()))


def _compare(made: Translation, default: str) -> Iterator[Finding]:
    """Texts that are no templates or say nothing, and placeholders that differ by language."""
    for id_, languages in made.written.items():
        for written in languages.values():
            yield from _check_template(written)
        if id_.startswith(f"{ENGINE}.") or default not in languages:
            continue
        wanted = _names(languages[default].text)
        if wanted is None:
            continue
        for language, written in languages.items():
            if language != default and _names(written.text) not in (wanted, None):
                values = {"id": id_, "placeholders": _list(wanted) or "—", "language": default}
                yield Finding("placeholders-differ", written.file, written.path, values)


def _check_template(written: Written) -> Iterator[Finding]:
    try:
        spoken = list_placeholders(written.text) or re.search(r"\w", written.text)
        if not spoken:
            yield Finding("empty-text", written.file, written.path)
    except TemplateFault as fault:
        values = {"value": fault.written}
        yield Finding(fault.code, written.file, written.path, values, offset=fault.offset)
