"""Backups: what is written about calls, copied while the engine runs, and put back.

A backup is a directory of plain files and a manifest with the SHA-256 of each. The master key is
never in it: it goes into a file of its own, or stays where it is. The store is copied by a reader
(sqlite.org/backup.html), since nobody but the writer may open it for writing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from ivr import __version__
from ivr.audit.vault import open_vault
from ivr.config import Settings
from ivr.errors import SetupError, UsageError
from ivr.store.disk import sync_directory, sync_file
from ivr.store.frames import used_bytes
from ivr.store.spool import FILE as SPOOL_FILE
from ivr.store.spool import REFUSED

MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a backup: `size` in bytes, `sha256` in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    `made` is when it began, UTC. `key` is the fingerprint of the master key that opens it,
    `records` how many the store has; what waits in a spool comes on top. `files` are by their path
    in the backup.
    """

    format: int
    made: str
    program: str
    key: str
    records: int
    files: Mapping[str, Piece]


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def parts(settings: Settings) -> Mapping[str, Path]:
    """Where each directory of a backup belongs."""
    return {
        "store": settings.store,
        "spool": settings.spools,
        "bundles": settings.shelf,
        "recordings": settings.recorded,
    }


def back_up(settings: Settings, target: Path, keys: Path | None, *, recordings: bool) -> Manifest:
    """Copy everything into `target`, which must not exist, and the master key to `keys`.

    `keys` may be there when it is this key. The backup appears whole or not at all. Raises
    UsageError for a target that cannot be, SetupError when there is no store or the copy is
    damaged, OSError.
    """
    vault = open_vault(settings.key_file, create=False)
    _check_target(settings, target, keys)
    made = datetime.now(UTC)
    draft = target.with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    # The spool before the store: what leaves it meanwhile is in both, and is stored once.
    for spool in sorted(settings.spools.glob(f"*/{SPOOL_FILE}")):
        _copy_spool(spool, draft / "spool" / spool.parent.name / SPOOL_FILE)
    for refused in sorted(settings.spools.glob(f"*/{REFUSED}*")):
        _copy_file(refused, draft / "spool" / refused.parent.name / refused.name)
    records = _copy_store(settings.journal, draft / "store" / "journal.db")
    _copy_bundles(settings, draft / "bundles")
    if recordings:
        _copy_tree(settings.recorded, draft / "recordings")
    if keys is not None:
        _copy_key(settings.key_file, keys)
    files = {str(path.relative_to(draft)): measure(path) for path in _list_files(draft)}
    stamp = made.isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, stamp, __version__, vault.fingerprint, records, files)
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", "utf-8")
    sync_tree(draft)
    draft.rename(target)
    sync_directory(target.parent)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup. Raises UsageError when it is none, or of a later format."""
    try:
        manifest = _MANIFEST.validate_json((source / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise UsageError(
            "this is not a whole backup: its manifest is missing or cannot be read",
            place=str(source / MANIFEST),
            remedy="Name a directory that `ivr backup` has made.",
        ) from None
    if manifest.format != FORMAT:
        raise UsageError(
            f"this backup has format {manifest.format}, this program knows {FORMAT}",
            place=str(source),
            remedy="Restore it with the release that made it.",
        )
    return manifest


def verify(source: Path, manifest: Manifest) -> list[str]:
    """What is wrong with a backup, a sentence each; nothing when it is as it was made."""
    there = {str(path.relative_to(source)) for path in _list_files(source)} - {MANIFEST}
    faults = [f"{name}: is missing" for name in sorted(manifest.files.keys() - there)]
    faults += [f"{name}: is not in the manifest" for name in sorted(there - manifest.files.keys())]
    for name in sorted(there & manifest.files.keys()):
        if measure(source / name) != manifest.files[name]:
            faults.append(f"{name}: was changed or is damaged")
        elif name.partition("/")[0] not in ("store", "spool", "bundles", "recordings"):
            faults.append(f"{name}: belongs nowhere")
    return faults


def measure(path: Path) -> Piece:
    """Size and hash of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Piece(file.tell(), digest)


def sync_tree(directory: Path) -> None:
    """Flush every file and every name below a directory."""
    for path in _list_files(directory):
        sync_file(path)
    for path in (directory, *(one for one in directory.rglob("*") if one.is_dir())):
        sync_directory(path)


def _check_target(settings: Settings, target: Path, keys: Path | None) -> None:
    if target.exists():
        raise UsageError("this is there already", place=str(target), remedy="Name a new directory.")
    if keys is None:
        return
    if target.resolve() in (keys.resolve(), *keys.resolve().parents):
        raise UsageError(
            "the key must not lie with the data: whoever has both reads every call, erased or not",
            place=str(keys),
            remedy="Name a file on another disk, for people who do not have the backup.",
        )
    if keys.exists() and keys.read_bytes() != settings.key_file.read_bytes():
        raise UsageError(
            "another file is there already", place=str(keys), remedy="Name a new file."
        )


def _copy_store(source: Path, target: Path) -> int:
    """Copy the database as it is at one moment; returns how many records it has."""
    target.parent.mkdir(mode=0o700)
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (sound,) = copy.execute("PRAGMA integrity_check").fetchone()
            (records,) = copy.execute("SELECT count(*) FROM record").fetchone()
    except sqlite3.Error as error:
        sound, records = str(error), 0
    if sound != "ok":
        raise SetupError(
            f"the store cannot be copied whole ({sound})",
            place=str(source),
            remedy="Look at the store and its disk; keep the last good backup.",
        )
    return int(records)


def _copy_spool(source: Path, target: Path) -> None:
    raw = source.read_bytes()
    used = used_bytes(raw)
    if used:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        target.write_bytes(raw[:used])


def _copy_key(source: Path, target: Path) -> None:
    """A copy that an earlier backup has made is as good."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
    sync_file(target)
    sync_directory(target.parent)


def _copy_tree(source: Path, target: Path) -> None:
    """Files that are deleted meanwhile are left out."""
    for path in _list_files(source):
        _copy_file(path, target / path.relative_to(source))


def _copy_bundles(settings: Settings, target: Path) -> None:
    """The history first: what is published meanwhile is in the next backup. Drafts are left out."""
    _copy_tree(settings.history, target / settings.history.name)
    for path in sorted(settings.shelf.glob("[!.]*")):
        if path != settings.history:
            _copy_tree(path, target / path.name)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
    else:
        shutil.copystat(source, target)


def _list_files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file())
