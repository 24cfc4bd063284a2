"""Bundles and history in a backup: a restored service serves what was in force."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.config import Settings
from ivr.releases.history import Entry, History, append, read_history
from ivr.shelf import Shelf
from ivr.spooling import spool_store
from tests.talk import load_texts, write_flow


async def keep(settings: Settings) -> None:
    """A store and its key, so that there is something to back up."""
    async with spool_store(settings):
        pass


def run(settings: Settings, *arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main(["--state", str(settings.state), *map(str, arguments)])
    return int(left.value.code or 0)


def test_bundles_and_history_are_in_a_backup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings().at(tmp_path / "state")
    asyncio.run(keep(settings))
    bundle = load_texts({"main.yaml": write_flow("main", "  main: {type: hangup}\n")})
    Shelf(settings.shelf).put(bundle, {"main.yaml": b"flow: main"})
    (settings.shelf / ".draft-1").mkdir()
    (settings.shelf / ".draft-1" / "bundle.json").write_text("half")
    at = datetime(2026, 3, 2, 3, tzinfo=UTC)
    append(settings.history, History(), Entry(0, "publish", bundle.hash, at, at, "siti"))
    keys = tmp_path / "keys" / "k"
    assert run(settings, "backup", tmp_path / "copy", "--keys", keys) == 0
    assert not (tmp_path / "copy" / "bundles" / ".draft-1").exists()
    other = Settings().at(tmp_path / "other")
    assert run(other, "restore", tmp_path / "copy", "--keys", keys) == 0
    holding = read_history(other.history).in_force(at)
    assert holding is not None
    assert Shelf(other.shelf).load(holding.bundle) == bundle
    other.journal.unlink()
    assert run(other, "restore", tmp_path / "copy", "--keys", keys) == 2
    told = capsys.readouterr().err
    assert ("something is here already" in told, "history" in told) == (True, True)
    assert run(other, "restore", tmp_path / "copy", "--keys", keys, "--replace") == 0
    assert read_history(other.history).in_force(at) == holding
