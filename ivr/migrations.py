"""Older flow directories brought to the present version of the language, their comments kept.

A version of the language that changes what is written has a step here. Files that no step changes
stay as they are, byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.tokens import CommentToken

from ivr.errors import UsageError
from ivr.flow.plan import HOTLINE_FILE
from ivr.flow.versions import FIELD, LANGUAGE

FIRST = 1
"""The version of a directory that does not say which it has."""

Documents = Mapping[str, Any]
"""The files of a directory as YAML that remembers its comments: mappings and lists by file name."""


@dataclass(frozen=True, slots=True)
class Step:
    """To the version `to` from the one before it. `tells` says what it does, for people.

    `change` changes the documents in place.
    """

    to: int
    tells: str
    change: Callable[[Documents], None]


STEPS: Sequence[Step] = ()
"""None yet: version 1 is the first. A directory that does not say its version gets it written."""


def migrate(files: Mapping[str, bytes], steps: Sequence[Step] = STEPS) -> dict[str, bytes]:
    """The files of a directory that change, as they are to be written.

    Raises UsageError for a file that is not YAML, a directory without hotline.yaml, or a version
    that is later than the last step.
    """
    if HOTLINE_FILE not in files:
        raise UsageError(f"there is no {HOTLINE_FILE}", remedy="Name the directory that has one.")
    documents = {name: _load(name, data) for name, data in files.items()}
    before = {name: _dump(document) for name, document in documents.items()}
    hotline = documents[HOTLINE_FILE]
    latest = max((step.to for step in steps), default=LANGUAGE)
    version = _read_version(hotline, latest)
    for step in steps:
        if step.to > version:
            step.change(documents)
    if FIELD not in hotline:
        _write_version(hotline, latest)
    elif version < latest:
        hotline[FIELD] = latest
    after = {name: _dump(document) for name, document in documents.items()}
    return {
        name: _encode(text, files[name]) for name, text in after.items() if text != before[name]
    }


def _write_version(hotline: Any, version: int) -> None:
    """After the first line. The comment before the second stays there: it belongs to that one."""
    first = next(iter(hotline))
    hotline.insert(1, FIELD, version)
    token = (hotline.ca.items.get(first) or [None] * 4)[2]
    if token is not None:
        own, _, following = token.value.partition("\n")
        token.value = f"{own}\n"
        if following:
            moved = CommentToken(f"\n{following}", token.start_mark, None)
            hotline.ca.items[FIELD] = [None, None, moved, None]


def _read_version(hotline: Any, latest: int) -> int:
    written = hotline.get(FIELD, FIRST) if isinstance(hotline, dict) else None
    if not isinstance(written, int) or not written >= FIRST:
        raise UsageError(
            "the version of the flow language cannot be read",
            place=f"{HOTLINE_FILE}: {FIELD}",
            remedy="See every fault: ivr check",
        )
    if written > latest:
        raise UsageError(
            f"these flows are of version {written} of the language, this program knows {latest}",
            place=f"{HOTLINE_FILE}: {FIELD}",
            remedy="Use a later release of this program.",
        )
    return written


def _yaml(*, listed: bool) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=2 if listed else 4, offset=0 if listed else 2)
    return yaml


def _load(name: str, data: bytes) -> Any:
    try:
        return _yaml(listed=False).load(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, YAMLError):  # ValueError: also a date that no month has
        raise UsageError(
            "this file is not YAML", place=name, remedy="See every fault: ivr check"
        ) from None


def _dump(document: Any) -> str:
    stream = io.StringIO()
    _yaml(listed=isinstance(document, list)).dump(document, stream)
    return stream.getvalue()


def _encode(text: str, old: bytes) -> bytes:
    """With the line ends that the file had."""
    return (text.replace("\n", "\r\n") if b"\r\n" in old else text).encode()
