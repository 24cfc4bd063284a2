"""What lies on the table while a directory is read: its files, and what was found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.flow.faults import Finding, Path
from ivr.flow.source import Document
from ivr.flow.tree import Tree

_EMPTY = b"{}"


@dataclass
class Desk:
    """The files of a directory, and the findings about them.

    `unread` are the parts that cannot be read, as in `Plan`.
    """

    files: Mapping[str, bytes]
    documents: dict[str, Document] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unread: set[tuple[str, Path]] = field(default_factory=set)

    def open(self, file: str, root: type[dict[Any, Any] | list[Any]] = dict) -> Tree | None:
        """The tree of a file, None when it is missing or not YAML."""
        if file not in self.documents:
            data = self.files.get(file, _EMPTY)
            self.documents[file] = Document(file, data, root=root)
        return self.documents[file].tree


def entries_of(tree: Tree) -> Mapping[str, Tree]:
    """The entries of a mapping, none of anything else."""
    return tree.value if isinstance(tree.value, dict) else {}
