"""A backup put back in its place. It is verified first; what is there is never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ivr.audit.vault import open_vault
from ivr.backup import Manifest, measure, parts, sync_tree
from ivr.config import Settings
from ivr.errors import SetupError, UsageError
from ivr.store.disk import sync_directory, sync_file
from ivr.store.lock import Lock

DRAFT = ".restoring"
"""The directory within a part where its files lie until all of them are there."""


def restore(
    settings: Settings, source: Path, manifest: Manifest, keys: Path | None, *, replace: bool
) -> Path | None:
    """Put a verified backup where the settings say; `keys` is the file of its master key.

    With `replace`, what is there is moved to the directory that is returned. The store appears
    last: until then nothing has been restored, and it can be begun again. Raises UsageError when
    something is there, SetupError for a key that is not the backup's, JournalLocked while the
    service or a writer runs, OSError.
    """
    _check_key(settings, manifest, keys)
    with _alone(settings):
        old = _list_present(settings)
        if old and not replace:
            raise UsageError(
                f"something is here already: {old[0]}",
                place=str(settings.state),
                remedy="Restore into an empty place (--state), or say --replace to move it aside.",
            )
        drafts = _stage(settings, source, manifest)
        aside = _move_aside(settings, old) if old else None
        if keys is not None:
            _put_key(keys, settings.key_file)
        _put(drafts)
        return aside


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep the service out, whose engines have spools even while it has no writer."""
    locks = (
        Lock(settings.alone, "serves calls from this state"),
        Lock(settings.store / "journal.db.lock"),
    )
    try:
        for lock in locks:
            lock.take()
        yield
    finally:
        for lock in locks:
            lock.drop()


def _check_key(settings: Settings, manifest: Manifest, keys: Path | None) -> None:
    there = settings.key_file.exists()
    if keys is None and not there:
        raise UsageError(
            "the master key of this backup is needed: a backup never holds it",
            place=str(settings.key_file),
            remedy="Name its file: --keys FILE",
        )
    for path in ([keys] if keys else []) + ([settings.key_file] if there else []):
        if open_vault(path, create=False).fingerprint != manifest.key:
            raise SetupError(
                "this master key is not the one of the backup",
                place=str(path),
                remedy="Name the key file that was made with it, or restore into an empty place.",
            )


def _list_present(settings: Settings) -> list[Path]:
    """Data that would be in the way; bundles are not, their names are hashes."""
    files = [
        *settings.history.glob("*.json"),
        *settings.store.glob("journal.db*"),
        *settings.spools.glob("*/*"),
        *settings.recorded.glob("*"),
    ]
    return sorted(path for path in files if path.suffix != ".lock" and DRAFT not in path.parts)


def _stage(settings: Settings, source: Path, manifest: Manifest) -> list[tuple[Path, Path]]:
    """Copy all files near their places; gives each draft and its place, the store last.

    The copies are read back: what was verified must be what is restored. A part may be a disk of
    its own, so a draft lies within it.
    """
    drafts = []
    for part, place in parts(settings).items():
        draft = place / DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        if not (source / part).exists():
            continue
        place.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source / part, draft)
        for path in (one for one in sorted(draft.rglob("*")) if one.is_file()):
            name = path.relative_to(draft)
            if measure(path) != manifest.files[f"{part}/{name}"]:
                raise SetupError("the copy differs from the backup", place=str(path))
            drafts.append((path, place / name))
        sync_tree(draft)
    return sorted(drafts, key=lambda pair: pair[1].name == "journal.db")


def _put(drafts: Sequence[tuple[Path, Path]]) -> None:
    for draft, place in drafts:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(place)
        sync_directory(place.parent)
    for directory in {_top(draft) for draft, _ in drafts}:
        shutil.rmtree(directory, ignore_errors=True)


def _top(draft: Path) -> Path:
    return next(path for path in draft.parents if path.name == DRAFT)


def _move_aside(settings: Settings, old: Sequence[Path]) -> Path:
    """Every part has a directory of its own there; the lock files stay."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = settings.state / f"before-restore-{stamp}"
    for part, place in parts(settings).items():
        for path in old:
            if path.is_relative_to(place):
                target = aside / part / path.relative_to(place)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.move(path, target)
    sync_tree(aside)
    return aside


def _put_key(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.restoring")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(source.read_bytes())
    sync_file(draft)
    draft.rename(target)
    sync_directory(target.parent)
