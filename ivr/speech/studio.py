"""Recordings by a human voice: `prompts/<language>/<name>.wav` with `recordings.json` beside them.

The manifest ties each recording to the hash of the text that it speaks, so that a changed text
makes it stale instead of wrong. A recording that matches wins over synthesis. Must not synthesise.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import soundfile

from ivr.errors import SetupError, SpeechError
from ivr.speech import audio
from ivr.speech.cache import write_file
from ivr.speech.compose import Clip

MANIFEST = "recordings.json"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, the hash of the text that it speaks, and the hash of its own bytes."""

    path: Path
    text: str
    sound: str

    def read(self) -> audio.Pcm:
        """Return the sound. Raises SpeechError when the file is not the one that was imported."""
        try:
            data = self.path.read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != self.sound:
            raise SpeechError(
                "this recording is not the one that was imported",
                place=str(self.path),
                remedy="Import the recording again.",
            )
        return audio.decode(data, str(self.path))


class Reason(Enum):
    """Why a recording is not played."""

    STALE = "no prompt has the text that it speaks"
    UNLISTED = "it was never imported"
    LOST = "the file is gone"


@dataclass(frozen=True, slots=True)
class Unused:
    """A recording that is not played, and why."""

    path: Path
    reason: Reason


class Studio:
    """The recordings below the directory `prompts`; the manifests are read once."""

    def __init__(self, root: Path) -> None:
        self._recordings = [
            recording
            for manifest in sorted(root.glob(f"*/{MANIFEST}"))
            for recording in _load(manifest).values()
        ]
        self._root = root
        self._by_text = {
            (recording.path.parent.name, recording.text): recording
            for recording in self._recordings
        }

    def find(self, clip: Clip) -> Recording | None:
        """Return the recording of the clip's text, None when there is none."""
        return self._by_text.get((clip.language, hash_text(clip.text))) if self._by_text else None

    def list_unused(self, clips: Collection[Clip]) -> list[Unused]:
        """Return the recordings that none of `clips` plays, in order of path, and why."""
        spoken = {(clip.language, hash_text(clip.text)) for clip in clips}
        unused = []
        for recording in self._recordings:
            if not recording.path.exists():
                unused.append(Unused(recording.path, Reason.LOST))
            elif (recording.path.parent.name, recording.text) not in spoken:
                unused.append(Unused(recording.path, Reason.STALE))
        listed = {recording.path for recording in self._recordings}
        found = set(self._root.glob("*/*.wav")) - listed
        unused += [Unused(path, Reason.UNLISTED) for path in found]
        return sorted(unused, key=lambda entry: entry.path)


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text, spaces tidied, as it stands in a manifest."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def import_recording(root: Path, clip: Clip, name: str, source: Path) -> Recording:
    """Make the file `source` the recording of `clip`, under `name` (a prompt's id).

    It is kept as a 16-bit WAV file at its own rate. Raises SpeechError for a file that is not
    sound, or in which nothing is heard; SetupError when reading its format needs ffmpeg.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise SpeechError(
            f"a recording cannot be named {name!r}", remedy="Use the prompt's id as its name."
        )
    pcm = import_studio(source)
    audio.treat(pcm, str(source))  # refuses silence now, not when prompts are rendered
    target = io.BytesIO()
    soundfile.write(target, pcm.samples, pcm.rate, format="WAV", subtype="PCM_16")
    path = root / clip.language / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = Recording(path, hash_text(clip.text), hashlib.sha256(target.getvalue()).hexdigest())
    write_file(path, target.getvalue())
    _save(path.parent / MANIFEST, name, recording)
    return recording


def import_studio(source: Path) -> audio.Pcm:
    """Read what a studio delivers: all that libsndfile reads, and through ffmpeg the rest (m4a).

    Raises SpeechError for a file that is not sound, SetupError when ffmpeg is needed and missing.
    """
    try:
        return audio.read(source)
    except SpeechError:
        if source.suffix.lower() in (".wav", ".flac", ".ogg", ".mp3") or not source.is_file():
            raise
    return _read_with_ffmpeg(source)


def _read_with_ffmpeg(source: Path) -> audio.Pcm:
    if shutil.which("ffmpeg") is None:
        raise SetupError(
            "this format is read by ffmpeg, which is not installed",
            place=str(source),
            remedy="Install it (apt-get install ffmpeg), or deliver WAV.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydub warns of Python's own `audioop` at import
        from pydub import AudioSegment
        from pydub.exceptions import CouldntDecodeError

    try:
        segment = AudioSegment.from_file(str(source)).set_channels(1).set_sample_width(2)
    except (CouldntDecodeError, IndexError, KeyError) as error:
        raise SpeechError(
            "this is not a sound file", place=str(source), remedy="Deliver it as WAV, 16 bit."
        ) from error
    samples = np.frombuffer(segment.raw_data, "<i2").astype(np.float32) / np.float32(32768)
    return audio.Pcm(samples, segment.frame_rate)


def _load(manifest: Path) -> Mapping[str, Recording]:
    try:
        data = json.loads(manifest.read_bytes())
        return {
            name: Recording(manifest.parent / f"{name}.wav", entry["text"], entry["sound"])
            for name, entry in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpeechError(
            "the list of recordings cannot be read",
            place=str(manifest),
            remedy="Restore it, or delete it and import the recordings again.",
        ) from error


def _save(manifest: Path, name: str, recording: Recording) -> None:
    known = dict(_load(manifest)) if manifest.exists() else {}
    known[name] = recording
    data = {key: {"text": known[key].text, "sound": known[key].sound} for key in sorted(known)}
    write_file(manifest, f"{json.dumps(data, indent=2)}\n".encode())
