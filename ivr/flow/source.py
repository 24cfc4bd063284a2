"""A YAML file as a tree of strings with marks, or what is wrong with it.

Pure: takes bytes, never opens a file. Must not know what a flow is.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from ivr.flow.composer import UNREADABLE, Composer, Stop
from ivr.flow.faults import Fault, Finding, Path, path_text
from ivr.flow.slips import explain
from ivr.flow.tree import Mark, Tree

MOST_BYTES = 1024 * 1024

_COMMENT_KEY = re.compile(r"\s*(- +)?#\s*:")
"""A line that was meant as the key `#` and is a comment."""


class Document:
    """A file that was read: its tree (None when it is not YAML) and what was wrong with it."""

    def __init__(self, file: str, data: bytes, *, root: type[dict[Any, Any] | list[Any]]) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.tree: Tree | None = None
        text = self._decode(data)
        if text is not None:
            self._read(text, root)

    def add(self, code: str, mark: Mark, path: Path = (), **values: str) -> None:
        """Note a fault at a mark."""
        self.faults.append(Fault(self.file, mark.line, mark.column, path_text(path), code, values))

    def locate(self, finding: Finding) -> Fault | None:
        """The fault of a finding: at its key, its list entry, or the nearest part that exists.

        None when that part is broken, so that its fault is noted already.
        """
        tree, mark = self.tree, Mark(1, 1)
        for step in finding.path:
            if tree is None:
                break
            child = tree.child(step)
            if child is not None:
                mark = tree.keys[step] if isinstance(step, str) else child.mark
                if child.broken:
                    return None
            tree = child
        if finding.offset is not None and tree is not None and tree.inline is not None:
            mark = Mark(tree.mark.line, tree.mark.column + tree.inline + finding.offset)
        where = path_text(finding.path)
        return Fault(
            self.file, mark.line, mark.column, where, finding.code, finding.values, finding.near
        )

    def _decode(self, data: bytes) -> str | None:
        if len(data) > MOST_BYTES:
            self.add("too-large", Mark(1, 1), most=str(MOST_BYTES // 1024))
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            lines = data[: error.start].split(b"\n")
            self.add("not-utf8", Mark(len(lines), len(lines[-1]) + 1))
            return None
        if data.count(0) * 3 > len(data):  # UTF-16 without a mark at its beginning
            self.add("not-utf8", Mark(1, 1))
            return None
        if found := UNREADABLE.search(text.replace("\r\n", "\n\n")):
            lines_before = text[: found.start()].split("\n")
            mark = Mark(len(lines_before), len(lines_before[-1]) + 1)
            self.add("unreadable-character", mark, character=f"U+{ord(found[0]):04X}")
            return None
        return text

    def _read(self, text: str, root: type[dict[Any, Any] | list[Any]]) -> None:
        try:
            self.tree = Composer(text, self.add).compose_document()
        except yaml.MarkedYAMLError as error:
            code, mark, values = explain(error, text.splitlines())
            self.faults.append(Fault(self.file, mark.line, mark.column, "", code, values))
        except Stop:
            return
        for number, written in enumerate(text.splitlines(), start=1):
            if found := _COMMENT_KEY.match(written):
                self.add("comment-key", Mark(number, found.end() - 1))
        if self.tree is not None and not isinstance(self.tree.value, root):
            self.add("not-a-mapping" if root is dict else "not-a-list", self.tree.mark)
            self.tree = None
