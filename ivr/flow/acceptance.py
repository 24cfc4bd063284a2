"""Translations that were made of another original than the one that stands there now.

`texts/<lang>.accepted.yaml` holds for each text what original and what translation were found to
belong together, as the beginnings of their SHA-256. A translation is stale when its original has
changed since then and it has not: who changes both needs to say nothing. Pure; `ivr texts accept`
writes the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from ivr.flow.faults import Fault, Finding
from ivr.flow.texts import CALENDARS, HOLIDAYS, prompt_id
from ivr.flow.translation import Written
from ivr.flow.tree import Tree

STALE = "stale-text"

Accepted: TypeAlias = Mapping[str, str]
"""By the id of a text the marks of its original and its translation, with a space between."""

Pairs: TypeAlias = Mapping[str, tuple[Written, Written]]
"""By id the original and the translation of what stands in both languages."""

BUILT_IN = prompt_id(CALENDARS, HOLIDAYS, "")
"""How the ids begin of texts that no designer writes."""

_HEAD = "# Which originals the translations were made of. Written by `ivr texts accept`.\n"


def accepted_file(language: str) -> str:
    """The file of what was accepted in a language."""
    return f"texts/{language}.accepted.yaml"


def read_accepted(tree: Tree | None) -> Accepted:
    """The content of the file; a line that says something else was never accepted."""
    entries = tree.value if tree is not None and isinstance(tree.value, dict) else {}
    return {id_: mark.value for id_, mark in entries.items() if isinstance(mark.value, str)}


def write_accepted(accepted: Accepted) -> str:
    """The text of the file, a line for each text."""
    return _HEAD + "".join(f"{id_}: {accepted[id_]}\n" for id_ in sorted(accepted))


def list_pairs(
    written: Mapping[str, Mapping[str, Written]], default: str, language: str
) -> dict[str, tuple[Written, Written]]:
    """What is written in both languages; the names of national holidays are built in."""
    return {
        id_: (texts[default], texts[language])
        for id_, texts in written.items()
        if default in texts and language in texts and not id_.startswith(BUILT_IN)
    }


def list_stale(pairs: Pairs, accepted: Accepted) -> Iterator[str]:
    """The ids of the translations that are older than their original."""
    for id_, pair in pairs.items():
        original, translation = _mark(pair).split(" ")
        old_original, _, old_translation = accepted.get(id_, "").partition(" ")
        if old_original not in ("", original) and old_translation == translation:
            yield id_


def accept(pairs: Pairs, accepted: Accepted, ids: Iterable[str]) -> dict[str, str]:
    """What is accepted once those that are not stale, and those called `ids`, belong together."""
    stale = set(list_stale(pairs, accepted)) - set(ids)
    return {id_: accepted[id_] if id_ in stale else _mark(pair) for id_, pair in pairs.items()}


def find_stale(
    written: Mapping[str, Mapping[str, Written]], default: str, accepted: Mapping[str, Accepted]
) -> Iterator[Finding]:
    """A finding for each stale translation; `accepted` by language."""
    for language, marks in accepted.items():
        pairs = list_pairs(written, default, language)
        for id_ in list_stale(pairs, marks):
            found = pairs[id_][1]
            yield Finding(STALE, found.file, found.path, {"id": id_, "language": default})


def list_unpublishable(faults: Iterable[Fault]) -> list[Fault]:
    """What keeps a directory from being published: every fault, and stale translations."""
    return [one for one in faults if one.severity == "fault" or one.code == STALE]


def _mark(pair: tuple[Written, Written]) -> str:
    return " ".join(hashlib.sha256(one.text.encode()).hexdigest()[:12] for one in pair)
