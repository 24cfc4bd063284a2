"""Loading a flow directory. The only file of the flow language that opens files.

Layout of a directory:

    hotline.yaml       numbers, languages, and what every flow inherits
    *.yaml, */*.yaml   one flow each; its `flow:` is the path without `.yaml`
    sources.yaml       what `lookup` nodes may ask
    calendars.yaml     when offices are open, for `hours` nodes
    texts/<lang>.yaml  translations by prompt id (`ivr.flow.texts`)
    data/<table>.yaml  tables of sources, a list of mappings
    calls/             call scripts, which are not part of the bundle
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from ivr.errors import UsageError
from ivr.flow.assembly import Examined, examine
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault, FaultyFlows, sort_faults
from ivr.flow.holidays import Holidays
from ivr.flow.national import compile_holidays
from ivr.flow.source import MOST_BYTES, Document
from ivr.flow.translation import Phrases, read_phrases

_MEANT = re.compile(r"\.ya?ml(\.txt)?$", re.IGNORECASE)
"""What a file's name ends in that was meant to be read; only `.yaml` is."""

IGNORED = ("calls",)
"""Folders of a flow directory that are not part of the bundle."""


def load_directory(path: Path, *, holidays: Holidays | None = None) -> Bundle:
    """The bundle of a flow directory; `holidays` None: those that are known today.

    Raises FaultyFlows (a FlowError) with every fault, UsageError when there is no such directory.
    """
    bundle, faults = check_directory(path, holidays=holidays)
    if bundle is None:
        raise FaultyFlows(faults)
    return bundle


def check_directory(
    path: Path, *, holidays: Holidays | None = None, today: date | None = None
) -> tuple[Bundle | None, list[Fault]]:
    """The bundle, None when it has faults, and all faults and warnings by file and line.

    `holidays` None: those that are known today. Without `today` nothing counts as out of date.
    Raises UsageError when there is no such directory.
    """
    examined = examine_directory(path, holidays=holidays, today=today)
    return examined.bundle, examined.faults


def examine_directory(
    path: Path, *, holidays: Holidays | None = None, today: date | None = None
) -> Examined:
    """All that is known of a flow directory, also of one with faults; see `check_directory`."""
    if not path.is_dir():
        raise UsageError(
            f"there is no flow directory {path}",
            remedy="Name the directory that has hotline.yaml in it.",
        )
    files, unread = read_directory(path)
    return _examine(path, files, unread, holidays, today)


def check_files(
    path: Path,
    files: Mapping[str, bytes],
    unread: Sequence[Fault] = (),
    *,
    holidays: Holidays | None = None,
    today: date | None = None,
) -> tuple[Bundle | None, list[Fault]]:
    """As `check_directory`, of files that were read already; `unread` are the faults of others."""
    examined = _examine(path, files, unread, holidays, today)
    return examined.bundle, examined.faults


def _examine(
    path: Path,
    files: Mapping[str, bytes],
    unread: Sequence[Fault],
    holidays: Holidays | None,
    today: date | None,
) -> Examined:
    examined = examine(
        files,
        load_phrases(),
        compile_holidays() if holidays is None else holidays,
        today=today,
        shown=lambda name: (path / name).as_posix(),
    )
    bundle = None if unread else examined.bundle
    return replace(examined, bundle=bundle, faults=sort_faults([*unread, *examined.faults]))


def read_directory(path: Path) -> tuple[dict[str, bytes], list[Fault]]:
    """The bytes of every file that counts, by its name below `path`, and those not to be had."""
    return _read_all(path, [file for file in _list_files(path) if not _is_ignored(path, file)])


def read_files(path: Path) -> tuple[dict[str, bytes], list[Fault]]:
    """As `read_directory`, of a folder that is no flow directory. A missing one has no files."""
    return _read_all(path, _list_files(path))


def _read_all(path: Path, listed: list[Path]) -> tuple[dict[str, bytes], list[Fault]]:
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for file in listed:
        if file.suffix != ".yaml":
            faults.append(Fault(file.as_posix(), 1, 1, "", "yml-file"))
            continue
        try:
            files[file.relative_to(path).as_posix()] = _read(file)
        except OSError as error:
            values = {"reason": error.strerror or str(error)}
            faults.append(Fault(file.as_posix(), 1, 1, "", "unreadable-file", values))
    return files, faults


def _read(file: Path) -> bytes:
    """The beginning of a file, one byte more than it may have. A pipe would never end."""
    if file.exists() and not file.is_file():
        raise OSError("not a regular file")
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _list_files(path: Path) -> list[Path]:
    return sorted(
        file
        for file in path.rglob("*")
        if _MEANT.search(file.name)
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not file.is_dir()
    )


def _is_ignored(path: Path, file: Path) -> bool:
    return file.relative_to(path).parts[0] in IGNORED


@cache
def load_phrases() -> Phrases:
    """The engine's own words, from `phrases.yaml` beside this module."""
    data = resources.files("ivr.flow").joinpath("phrases.yaml").read_bytes()
    document = Document("phrases.yaml", data, root=dict)
    if document.tree is None or document.faults:
        raise AssertionError(f"phrases.yaml is broken: {document.faults}")
    return read_phrases(document.tree)
