"""The bundles that calls have begun with or may begin with, each under its hash, never changed.

`<hash>/bundle.json` is what decides; its SHA-256 is the hash, so anybody can verify it with
`sha256sum`. `<hash>/flows/` are the files that it was made of, for people.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from ivr.errors import SetupError
from ivr.flow.bundle import Bundle, read_bundle
from ivr.store.disk import sync_directory

_log = logging.getLogger(__name__)

CONTENT = "bundle.json"
SOURCES = "flows"
NO_FILES: Mapping[str, bytes] = {}
_DRAFT = ".draft-"
_DAMAGED = ".damaged-"
_HASH = re.compile("[0-9a-f]{64}")

REMEMBERED = 8
"""Bundles that one process keeps in memory."""

LEFT_OVER = 3600.0
"""Seconds after which a draft belongs to nobody any more: its maker was killed."""


class Shelf:
    """A directory of bundles. Several processes may put and find at the same time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Bundle] = {}

    def put(self, bundle: Bundle, files: Mapping[str, bytes] = NO_FILES) -> Path:
        """Keep a bundle and the files that it was made of; returns once they are on the disk.

        It appears whole or not at all. One that is there already is left alone, and replaced only
        when it is damaged. Raises OSError.
        """
        target = self._directory / bundle.hash
        if not _is_whole(target, bundle.hash):
            self._sweep()
            draft = self._directory / f"{_DRAFT}{secrets.token_hex(8)}"
            try:
                _write_all(draft, {CONTENT: bundle.content, **_below(SOURCES, files)})
                self._place(draft, target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        self._remember(bundle)
        return target

    def load(self, hash_: str) -> Bundle:
        """The bundle of that hash, verified. Raises SetupError when it is gone or damaged."""
        bundle = self._known.get(hash_) or self._read(hash_)
        self._remember(bundle)
        return bundle

    def find(self, hash_: str) -> Bundle | None:
        """The bundle of that hash, None when it is gone or damaged; the log then says which."""
        try:
            return self.load(hash_)
        except SetupError as error:
            _log.warning("%s", error)
            return None

    def list_hashes(self) -> list[str]:
        """The hashes of all that are there, damaged ones too."""
        names = self._directory.iterdir() if self._directory.is_dir() else ()
        return sorted(path.name for path in names if _HASH.fullmatch(path.name))

    def _remember(self, bundle: Bundle) -> None:
        """Those asked for last; calls hold their own."""
        self._known.pop(bundle.hash, None)
        self._known[bundle.hash] = bundle
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _read(self, hash_: str) -> Bundle:
        place = self._directory / hash_ / CONTENT
        fault = "the bundle is damaged: its content is not what its name says"
        try:
            if not _HASH.fullmatch(hash_):
                raise FileNotFoundError
            content = place.read_bytes()
            if hashlib.sha256(content).hexdigest() == hash_:
                return read_bundle(content)
        except FileNotFoundError:
            fault = f"the bundle {hash_[:12] or '(none)'} is not here"
        except OSError as error:
            fault = f"the bundle cannot be read ({error.strerror})"
        except ValueError:
            fault = "the bundle was made by another release of this program, which knows more"
        raise SetupError(
            fault,
            place=str(place),
            remedy="Put it back from a backup, or publish its flows again: `ivr publish`.",
        )

    def _place(self, draft: Path, target: Path) -> None:
        if target.exists() and not _is_whole(target, target.name):
            target.rename(target.with_name(f"{_DAMAGED}{target.name[:12]}-{secrets.token_hex(4)}"))
        try:
            draft.rename(target)
        except OSError:
            if not _is_whole(target, target.name):  # else somebody else was quicker
                raise
        sync_directory(self._directory)

    def _sweep(self) -> None:
        """Delete drafts whose makers were killed."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for draft in self._directory.glob(f"{_DRAFT}*"):
            if time.time() - draft.stat().st_mtime > LEFT_OVER:
                shutil.rmtree(draft, ignore_errors=True)


def _is_whole(target: Path, hash_: str) -> bool:
    try:
        return hashlib.sha256((target / CONTENT).read_bytes()).hexdigest() == hash_
    except OSError:
        return False


def _below(directory: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{directory}/{name}": data for name, data in files.items()}


def _write_all(directory: Path, files: Mapping[str, bytes]) -> None:
    """Files that nobody may change, and their directories, on the disk."""
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_lasting(path, data)
    for made in {directory, *((directory / name).parent for name in files)}:
        sync_directory(made)


def write_lasting(path: Path, data: bytes) -> None:
    """A new read-only file, on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
