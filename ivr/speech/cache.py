"""Sounds on disk under the hash of what made them: `<root>/<aa>/<key>.{ulaw,alaw,sln16,json}`.

The manifest (`.json`) is written last and every file appears whole or not at all, so that several
processes can read and write at once and a crash leaves nothing half done. Must not know what a
key means.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ivr.errors import SpeechError

FORMATS = ("ulaw", "alaw", "sln16")
Sounds: TypeAlias = Mapping[str, bytes]  # by format
BYTES_PER_MS = {"ulaw": 8, "alaw": 8, "sln16": 32}


@dataclass(frozen=True, slots=True)
class Entry:
    """A sound that is there: its path without extension, length, and the SHA-256 of each file."""

    stem: Path
    ms: int
    hashes: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The hash that stands for the sound: that of its best file, `.sln16`."""
        return self.hashes["sln16"]

    def read(self) -> Sounds:
        """Return the files' bytes. Raises SpeechError when one is gone or was changed."""
        try:
            sounds = {name: self.file(name).read_bytes() for name in FORMATS}
        except OSError as error:
            raise self._refuse(f"cannot be read ({error.strerror})") from error
        for name, data in sounds.items():
            if hashlib.sha256(data).hexdigest() != self.hashes[name]:
                raise self._refuse(f"is damaged ({name})")
        return sounds

    def file(self, name: str) -> Path:
        """Return the path of the file in format `name`."""
        return self.stem.with_name(f"{self.stem.name}.{name}")

    def is_whole(self, *, deep: bool = False) -> bool:
        """Whether all files are there with the right size, and when `deep` the right bytes."""
        try:
            if deep:
                self.read()
            return all(
                self.file(name).stat().st_size == self.ms * BYTES_PER_MS[name] for name in FORMATS
            )
        except (OSError, SpeechError):
            return False

    def _refuse(self, fault: str) -> SpeechError:
        return SpeechError(
            f"this sound {fault}",
            place=str(self.stem),
            remedy="Start `ivr serve` again: it renders what is missing.",
        )


class Cache:
    """A directory of sounds."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, key: str, *, deep: bool = False) -> Entry | None:
        """Return the sound under `key`, None when it is not there or not whole."""
        stem = self._stem(key)
        try:
            manifest = json.loads(stem.with_name(f"{key}.json").read_bytes())
            entry = Entry(stem, int(manifest["ms"]), dict(manifest["sha256"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return entry if entry.hashes.keys() == set(FORMATS) and entry.is_whole(deep=deep) else None

    def write(self, key: str, sounds: Sounds) -> Entry:
        """Keep `sounds` under `key` in place of what was there. Raises SpeechError."""
        entry = write_sounds(self._stem(key), sounds)
        manifest = json.dumps({"ms": entry.ms, "sha256": entry.hashes}).encode()
        write_file(entry.stem.with_name(f"{key}.json"), manifest)
        return entry

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the only right to render into this cache; waits for another process to end."""
        with _translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle = (self.root / "lock").open("w")
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _stem(self, key: str) -> Path:
        return self.root / key[:2] / key


def write_sounds(stem: Path, sounds: Sounds) -> Entry:
    """Write one file per format beside `stem`. Raises SpeechError when the disk refuses."""
    with _translated(stem):
        stem.parent.mkdir(parents=True, exist_ok=True)
    for name in FORMATS:
        write_file(stem.with_name(f"{stem.name}.{name}"), sounds[name])
    hashes = {name: hashlib.sha256(sounds[name]).hexdigest() for name in FORMATS}
    return Entry(stem, len(sounds["ulaw"]) // BYTES_PER_MS["ulaw"], hashes)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all. Raises SpeechError when the disk refuses."""
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    with _translated(path):
        try:
            draft.write_bytes(data)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpeechError(
            f"the sound cannot be kept ({error.strerror})",
            place=str(path),
            remedy="Free space there, or correct the owner of the directory.",
        ) from error
