"""Files of a recording after it was sealed: as they were, or what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.recordings.comparing import NOTHING, Difference, compare, is_kept, tell_change
from ivr.recordings.sealing import leg_path, message_path, read_message, seal
from ivr.recordings.segments import Segment
from tests.test_sealing import record, write_wav

SIZE = 44 + 3 * 16_000
"""Bytes of three seconds."""


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 1600)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1600])


def falsify(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def hide(path: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS: list[tuple[Callable[[Path], object], str, int]] = [
    (Path.unlink, "missing", 0),
    (lambda path: path.write_bytes(b""), "empty", 0),
    (shorten, "short", SIZE - 1600),
    (lengthen, "grown", SIZE + 1600),
    (falsify, "changed", SIZE),
    (hide, "unreadable", 0),
]


@pytest.mark.parametrize(("change", "state", "size"), WAYS, ids=[way[1] for way in WAYS])
async def test_a_leg_that_is_no_longer_what_was_sealed(
    tmp_path: Path, change: Callable[[Path], object], state: str, size: int
) -> None:
    record(tmp_path, 3.0)
    sealed = await seal(tmp_path, Segment("A-5", 100.0, 103.0))
    assert compare(tmp_path, sealed) == []
    leg = leg_path(tmp_path, "A-5", "in")
    change(leg)
    [found] = compare(tmp_path, sealed)
    assert (found.path, found.state, found.sealed, found.size) == ("A-5.in.wav", state, SIZE, size)
    content = leg.read_bytes() if leg.is_file() else b""
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_message_that_has_grown(tmp_path: Path) -> None:
    path = message_path(tmp_path, "A-7")
    write_wav(path, 3.0)
    message = read_message(tmp_path, "A-7", "finish", 0)
    event = {
        "type": "message.recorded",
        "recording": message.recording,
        "size": message.size,
        "sha256": message.sha256,
    }
    assert compare(tmp_path, event) == []
    lengthen(path)
    assert [(one.path, one.state) for one in compare(tmp_path, event)] == [("A-7.wav", "grown")]


async def test_a_leg_that_was_never_there_is_not_looked_for(tmp_path: Path) -> None:
    record(tmp_path, 3.0)
    leg_path(tmp_path, "A-5", "out").unlink()
    sealed = await seal(tmp_path, Segment("A-5", 100.0, 103.0), patience=0.1)
    assert (sealed["type"], compare(tmp_path, sealed)) == ("recording.missing", [])
    leg_path(tmp_path, "A-5", "in").unlink()
    assert [(one.path, one.state) for one in compare(tmp_path, sealed)] == [
        ("A-5.in.wav", "missing")
    ]


def test_what_is_kept() -> None:
    kept = {"type": "message.recorded", "recording": "A-7"}
    assert is_kept(kept)
    assert not is_kept({**kept, "recording": ""})  # nothing was said, and no file written
    assert not is_kept({"type": "recording.continued"})


def test_each_change_is_told_once() -> None:
    gone = Difference("A-5.in.wav", "missing", SIZE, 0, NOTHING)
    grown = Difference("A-5.in.wav", "grown", SIZE, SIZE + 2, "f" * 64)
    assert tell_change("A-5", [], []) is None
    first = tell_change("A-5", [gone], [])
    assert first is not None
    assert (first["type"], first["recording"]) == ("recording.altered", "A-5")
    assert tell_change("A-5", [gone], [first]) is None
    assert tell_change("A-6", [gone], [first]) is not None
    second = tell_change("A-5", [grown], [first])
    assert second is not None
    third = tell_change("A-5", [], [first, second])
    assert third == {"type": "recording.restored", "recording": "A-5", "files": []}
    assert tell_change("A-5", [], [first, second, third]) is None
