"""Recordings on disk: whole, short, missing, and those that a dead engine left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.recordings.sealing import LEGS, leg_path, message_path, read_message, seal
from ivr.recordings.segments import (
    Segment,
    begin,
    finish,
    join_segments,
    list_unsealed,
    note_mute,
)

RATE = 8000


def write_wav(path: Path, seconds: float, loudness: float = 0.1) -> None:
    time = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(path, loudness * np.sin(2 * np.pi * 440 * time), RATE, "PCM_16")


def record(directory: Path, seconds: float, **other: float) -> None:
    for leg in LEGS:
        write_wav(leg_path(directory, "A-5", leg), other.get(leg, seconds))


async def test_a_whole_recording_is_sealed(tmp_path: Path) -> None:
    record(tmp_path, 3.0)
    event = await seal(tmp_path, Segment("A-5", 100.0, 103.2))
    assert (event["type"], event["recording"], event["expected"]) == (
        "recording.sealed",
        "A-5",
        3200,
    )
    legs = event["legs"]
    assert isinstance(legs, dict)
    assert [legs[leg]["length"] for leg in LEGS] == [3000, 3000, 3000]
    assert legs["mix"]["path"] == "A-5.mix.wav"
    assert legs["mix"]["size"] == 44 + 3 * RATE * 2
    assert len(legs["mix"]["sha256"]) == 64


async def test_a_recording_that_ends_before_its_time_is_short(tmp_path: Path) -> None:
    record(tmp_path, 3.0)
    event = await seal(tmp_path, Segment("A-5", 100.0, 110.0))
    assert event["type"] == "recording.short"


async def test_a_leg_that_ends_before_the_others_is_short(tmp_path: Path) -> None:
    record(tmp_path, 30.0, mix=0.3)
    event = await seal(tmp_path, Segment("A-5", 100.0))
    assert (event["type"], event["expected"]) == ("recording.short", None)


async def test_a_leg_that_is_no_sound_is_missing(tmp_path: Path) -> None:
    record(tmp_path, 3.0)
    leg_path(tmp_path, "A-5", "in").write_bytes(b"RIFF")
    event = await seal(tmp_path, Segment("A-5", 100.0, 103.0), patience=0.1)
    assert event["type"] == "recording.missing"
    legs = event["legs"]
    assert isinstance(legs, dict)
    assert sorted(legs) == ["mix", "out"]


def test_what_was_begun_is_found_until_it_is_finished(tmp_path: Path) -> None:
    begin(tmp_path, "A-5", "pintu-1.2", 100.0)
    begin(tmp_path, "A-9", "pintu-1.2", 100.0)
    assert {segment.name: line for segment, line in list_unsealed(tmp_path).items()} == {
        "A-5": "pintu-1.2",
        "A-9": "pintu-1.2",
    }
    finish(tmp_path, "A-5")
    finish(tmp_path, "A-5")
    assert [segment.name for segment in list_unsealed(tmp_path)] == ["A-9"]


def test_a_message_has_the_length_of_its_sound(tmp_path: Path) -> None:
    write_wav(message_path(tmp_path, "A-7"), 2.5)
    message = read_message(tmp_path, "A-7", "finish", 1200)
    assert (message.recording, message.length, message.ended) == ("A-7", 2500, "finish")
    assert message.size == message_path(tmp_path, "A-7").stat().st_size


def test_a_message_without_a_voice_has_no_length(tmp_path: Path) -> None:
    write_wav(message_path(tmp_path, "A-7"), 2.5, loudness=0.001)
    assert read_message(tmp_path, "A-7", "silence", 0).length == 0


def test_no_file_is_no_message(tmp_path: Path) -> None:
    message = read_message(tmp_path, "A-7", "hangup", 0)
    assert (message.recording, message.length, message.size, message.sha256) == ("", 0, 0, "")


def test_a_segment_that_only_a_dead_engine_knew_is_counted() -> None:
    known = [Segment("A-3", 10.0, 40.0), Segment("A-5", 30.0, 50.0)]
    marked = [Segment("A-4", 20.5), Segment("A-5", 30.5)]
    assert join_segments(known, marked) == [
        Segment("A-3", 10.0, 20.5),
        Segment("A-4", 20.5, 30.0),
        Segment("A-5", 30.0, 50.0),
    ]


def test_when_a_segment_was_muted_is_what_its_mark_says(tmp_path: Path) -> None:
    """Whoever noted it: the engine that seals has not seen it."""
    for name in ("A-3", "A-5"):
        begin(tmp_path, name, "pintu-1.2", 100.0)
        note_mute(tmp_path, name, 103.5, on=True)
    note_mute(tmp_path, "A-3", 107.0, on=False)
    note_mute(tmp_path, "A-5", 108.0, on=True)
    first, second = join_segments([Segment("A-3", 10.0, 40.0)], list(list_unsealed(tmp_path)))
    assert (first.muted, second.muted) == (((103.5, 107.0),), ((103.5, None),))
    assert second.silences == [[3500, None]]
    assert Segment.restored(first.plain()) == Segment("A-3", 10.0, 40.0)


def test_a_mark_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "A-3.open").write_text("pintu-1.2\nbegan 100.5\nmuted 103.5\nhea")
    (tmp_path / "A-5.open").write_text("")
    (cut, line), (empty, nobody) = list_unsealed(tmp_path).items()
    assert (cut, line) == (Segment("A-3", 100.5, None, ((103.5, None),)), "pintu-1.2")
    assert cut.silences == [[3000, None]]
    assert (empty.name, empty.muted, nobody) == ("A-5", (), "")


def test_one_segment_keeps_its_end() -> None:
    assert join_segments([Segment("A-3", 10.0, 40.0)], []) == [Segment("A-3", 10.0, 40.0)]
    assert join_segments([], []) == []


def test_without_room_a_recording_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        begin(tmp_path, "c1-3", "line", 100.0, room=1 << 62)
    assert list_unsealed(tmp_path) == {}
    begin(tmp_path, "c1-3", "line", 100.0, room=0)
    assert [segment.name for segment in list_unsealed(tmp_path)] == ["c1-3"]


def test_a_mark_that_another_call_takes_away_meanwhile_is_none(tmp_path: Path) -> None:
    begin(tmp_path, "A-5", "line-1", 100.0)
    (tmp_path / "B-2.open").symlink_to(tmp_path / "vanished")
    assert [segment.name for segment in list_unsealed(tmp_path)] == ["A-5"]
