"""Flow directories of calls in progress: an engine that takes a call over reads its old bundle."""

from __future__ import annotations

import shutil
from pathlib import Path

from ivr.errors import FlowError, UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.holidays import Holidays
from ivr.flow.loader import load_directory, read_directory

HOLIDAYS = ".holidays.json"
"""The holidays that a bundle was made with; another version of the engine may know others."""


class Shelf:
    """Copies of flow directories, each under its bundle's hash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Bundle] = {}

    def put(self, bundle: Bundle, flows: Path) -> Path:
        """Keep the directory that `bundle` was loaded from; its copy is never changed."""
        self._known[bundle.hash] = bundle
        target = self._directory / bundle.hash
        if target.exists():
            return target
        making = target.with_suffix(".new")
        shutil.rmtree(making, ignore_errors=True)
        files, _ = read_directory(flows)
        for name, data in files.items():
            (making / name).parent.mkdir(parents=True, exist_ok=True)
            (making / name).write_bytes(data)
        (making / HOLIDAYS).write_text(bundle.holidays.model_dump_json(), "utf-8")
        making.rename(target)
        return target

    def find(self, hash_: str) -> Bundle | None:
        """The bundle of that hash, None when its copy is gone, damaged or speaks otherwise now."""
        if hash_ not in self._known:
            try:
                bundle = self._load(self._directory / hash_)
            except (FlowError, UsageError, OSError, ValueError):
                return None
            if bundle.hash != hash_:
                return None
            self._known[hash_] = bundle
        return self._known[hash_]

    @staticmethod
    def _load(copy: Path) -> Bundle:
        kept = copy / HOLIDAYS
        known = Holidays.model_validate_json(kept.read_bytes()) if kept.exists() else None
        return load_directory(copy, holidays=known)
