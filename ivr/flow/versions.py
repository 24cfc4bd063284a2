"""The version of the flow language: `flow_language` in hotline.yaml. Pure."""

from __future__ import annotations

from ivr.flow.plan import HOTLINE_FILE
from ivr.flow.source import Document

FIELD = "flow_language"

LANGUAGE = 1
"""The version that this program reads. One that would make older files mean something else, or
refuse them, raises it and gets a step in `ivr.migrations`."""


def tell_newer(hotline: Document) -> bool:
    """Whether the hotline file is of a later version; then it has that fault and no other.

    Its other faults would blame the files for what this program does not know.
    """
    tree = hotline.tree
    version = None if tree is None else tree.child(FIELD)
    if tree is None or version is None or not isinstance(version.value, str):
        return False
    if not version.value.isdecimal() or int(version.value[:9]) <= LANGUAGE:
        return False
    assert hotline.file == HOTLINE_FILE
    values = {"version": version.value, "known": str(LANGUAGE)}
    hotline.faults.clear()
    hotline.add("newer-language", tree.keys[FIELD], (FIELD,), **values)
    return True
