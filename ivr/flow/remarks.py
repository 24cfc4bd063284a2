"""Texts that are cut short by a comment: YAML takes ` #` for the beginning of one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.flow.faults import Finding, Path
from ivr.flow.source import Document
from ivr.flow.translation import Written
from ivr.flow.tree import Tree


def find_remarks(
    documents: Mapping[str, Document], written: Mapping[str, Mapping[str, Written]]
) -> Iterator[Finding]:
    """A finding for each text that is followed by a comment on its line."""
    for texts in written.values():
        for found in texts.values():
            tree = (
                _walk(documents[found.file].tree, found.path) if found.file in documents else None
            )
            if tree is not None and tree.remark:
                yield Finding("comment-in-text", found.file, found.path, {"remark": tree.remark})


def _walk(tree: Tree | None, path: Path) -> Tree | None:
    for step in path:
        tree = tree.child(step) if tree is not None else None
    return tree
