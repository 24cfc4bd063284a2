"""What the journal says of a recording, against its files as they are now.

A sealed recording is never written again: whoever changes, lengthens or removes one of its files is
found here. Must not change a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from ivr.recordings.sealing import SEALED

ENDINGS: Final = (SEALED, "recording.short", "recording.missing")
"""What the sealing of a recording may say."""

ALTERED, RESTORED = "recording.altered", "recording.restored"
"""The types of the events that tell of files that are no longer what was sealed, or are again."""

State: TypeAlias = Literal["missing", "empty", "short", "grown", "changed", "unreadable"]

NOTHING: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is no longer what was sealed: bytes then (`sealed`) and now, SHA-256 now.

    A file that is missing or cannot be read has no bytes and the SHA-256 of nothing.
    """

    path: str
    state: State
    sealed: int
    size: int
    sha256: str


def is_kept(event: Mapping[str, Any]) -> bool:
    """Whether an event says what the files of a recording are."""
    return event["type"] in ENDINGS or (
        event["type"] == "message.recorded" and bool(event["recording"])
    )


def compare(directory: Path, event: Mapping[str, Any]) -> list[Difference]:
    """The files of a recording that are not as this event says, `is_kept` of which is true.

    A leg that was missing when the recording was sealed is not looked for.
    """
    return [
        difference
        for path, size, sha256 in _files(event)
        if (difference := _look(directory / path, size, sha256)) is not None
    ]


def tell_change(
    name: str, found: Sequence[Difference], facts: Sequence[Mapping[str, Any]]
) -> dict[str, object] | None:
    """The event that tells what was found of a recording; None when these facts tell it already."""
    files = [asdict(difference) for difference in found]
    told: Any = []
    for fact in facts:
        if fact["type"] in (ALTERED, RESTORED) and fact["recording"] == name:
            told = fact["files"]
    if files == told:
        return None
    return {"type": ALTERED if files else RESTORED, "recording": name, "files": files}


def _files(event: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    if event["type"] == "message.recorded":
        yield f"{event['recording']}.wav", event["size"], event["sha256"]
        return
    for sound in event["legs"].values():
        yield sound["path"], sound["size"], sound["sha256"]


def _look(path: Path, sealed: int, sha256: str) -> Difference | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return Difference(path.name, "missing", sealed, 0, NOTHING)
    except OSError:
        return Difference(path.name, "unreadable", sealed, 0, NOTHING)
    if (size, digest) == (sealed, sha256):
        return None
    return Difference(path.name, _judge(size, sealed), sealed, size, digest)


def _judge(size: int, sealed: int) -> State:
    if size == 0:
        return "empty"
    if size == sealed:
        return "changed"
    return "short" if size < sealed else "grown"
