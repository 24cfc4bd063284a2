"""Makes a tree of YAML text. PyYAML's own composer knows neither limits nor marks of keys.

Every scalar is a string. Tags, merge keys, complex and repeated keys are faults, aliases have a
cap, and so have depth and size, so that no file can take long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

import yaml

from ivr.flow.faults import Path
from ivr.flow.tree import Mark, Tree

DEEPEST = 30
MOST_ALIASES = 50
MOST_PARTS = 100_000
"""Scalars, lists and mappings in a file, those behind an alias counted each time."""

UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no text may have: controls, halves of pairs, non-characters."""

CURLY = tuple("“”„‘’‚«»")
"""Quotes as word processors write them; to YAML they are letters."""

_REMARK = re.compile(r"\s+(#.*)")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Report(Protocol):
    """Where the composer notes a fault."""

    def __call__(self, code: str, mark: Mark, path: Path = (), **values: str) -> None:
        """Note a fault at a mark."""


class Stop(Exception):
    """The file cannot be read further; the fault is noted."""


class Composer:
    """Makes a tree of PyYAML's events. PyYAML's own composer knows neither limits nor marks."""

    def __init__(self, text: str, report: Report) -> None:
        self._report = report
        self._lines = text.splitlines()
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Tree] = {}
        self._aliases = 0

    def compose_document(self) -> Tree | None:
        """The only document of the text, None when it is empty."""
        tree: Tree | None = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if tree is not None:
                self._report("many-documents", _mark(event))
                break
            tree = self._compose(next(self._events), ())
        if tree is None:
            self._report("empty-file", Mark(1, 1))
        return tree

    def _compose(self, event: Any, path: Path) -> Tree:
        if len(path) > DEEPEST:
            self._stop("too-deep", event, path, most=str(DEEPEST))
        if isinstance(event, yaml.AliasEvent):
            return self._find_alias(event, path)
        tree = self._compose_value(event, path)
        if event.tag is not None:
            self._report("tag", tree.mark, path, tag=event.tag)
            tree.broken = True
        if event.anchor is not None:
            self._anchors[event.anchor] = tree
        if tree.parts > MOST_PARTS:
            self._stop("too-many-parts", event, path, most=str(MOST_PARTS))
        return tree

    def _compose_value(self, event: Any, path: Path) -> Tree:
        if isinstance(event, yaml.ScalarEvent):
            return self._compose_scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._compose_list(event, path)
        return self._compose_mapping(event, path)

    def _compose_scalar(self, event: Any, path: Path) -> Tree:
        single = event.start_mark.line == event.end_mark.line
        tree = Tree(event.value, _mark(event))
        if single and event.style not in ("|", ">"):
            tree.inline = 1 if event.style else 0
        if single and event.value and not event.style:
            found = _REMARK.match(self._lines[event.end_mark.line], event.end_mark.column)
            tree.remark = found[1].strip() if found else ""
        if not event.style and event.value == "" and event.tag is None:
            tree.broken = tree.absent = True
        if found := UNREADABLE.search(event.value):
            character = f"U+{ord(found[0]):04X}"
            self._report("unreadable-character", tree.mark, path, character=character)
            tree.broken = True
        return tree

    def _compose_list(self, event: Any, path: Path) -> Tree:
        items: list[Tree] = []
        tree = Tree(items, _mark(event))
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*path, len(items))
            item = self._compose(event, here)
            if item.absent:
                self._blame_empty(item, here, inside_braces=False)
            items.append(item)
            tree.parts += item.parts
        return tree

    def _compose_mapping(self, start: Any, path: Path) -> Tree:
        entries: dict[str, Tree] = {}
        tree = Tree(entries, _mark(start))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._compose(event, (*path, "?"))
            name = key.value if isinstance(key.value, str) else "?"
            value = self._compose(next(self._events), (*path, name))
            tree.parts += value.parts
            if not self._refuse_key(key, tree, path):
                entries[name] = value
                tree.keys[name] = key.mark
            if value.absent:
                tree.broken = self._blame_empty(value, (*path, name), start.flow_style, key.mark)
        return tree

    def _refuse_key(self, key: Tree, tree: Tree, path: Path) -> bool:
        """Whether a key cannot be used; the fault is noted then."""
        if not isinstance(key.value, str):
            self._report("key-not-a-word", key.mark, path)
        elif key.value[:1] in CURLY:
            self._report("curly-quotes", key.mark, (*path, key.value))
        elif key.value == "<<":
            self._report("merge-key", key.mark, path)
        elif key.value in tree.keys:
            first = str(tree.keys[key.value].line)
            self._report("duplicate-key", key.mark, (*path, key.value), line=first)
        else:
            return False
        return True

    def _blame_empty(
        self, tree: Tree, path: Path, inside_braces: bool, key: Mark | None = None
    ) -> bool:
        """Say why nothing stands where a value is expected; True when the braces are to blame."""
        mark, name = key or tree.mark, str(path[-1])
        rest = (
            self._lines[mark.line - 1][mark.column - 1 :] if mark.line <= len(self._lines) else ""
        )
        if inside_braces:
            whole = "{" + name + "}"
            alone = whole in self._lines[mark.line - 1].replace(" ", "")
            self._report("braces-placeholder" if alone else "braces-comma", mark, path, name=name)
        elif "#" in rest:
            self._report("comment-value", mark, path, name=name)
        else:
            self._report("empty-value", mark, path, name=name)
        return inside_braces

    def _find_alias(self, event: Any, path: Path) -> Tree:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            self._stop("too-many-aliases", event, path, most=str(MOST_ALIASES))
        if event.anchor not in self._anchors:
            self._stop("unknown-anchor", event, path, name=event.anchor)
        return self._anchors[event.anchor]

    def _stop(self, code: str, event: Any, path: Path, **values: str) -> None:
        self._report(code, _mark(event), path, **values)
        raise Stop


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
