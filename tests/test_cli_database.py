"""Commands on a store that is a PostgreSQL database, and the copy that its own programs make."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.config import Settings
from ivr.errors import SetupError, UsageError
from ivr.spooling import open_reader, spool_store
from tests.journal_samples import make_live, make_turn
from tests.postgres import Cluster


def run(settings: Settings, *arguments: str) -> Result:
    environment = {"IVR_DATABASE": settings.database}
    return CliRunner().invoke(cli, ["--state", str(settings.state), *arguments], env=environment)


@pytest.fixture
def settings(tmp_path: Path, postgres: Cluster) -> Settings:
    database = postgres.new_database()
    return Settings(state=tmp_path / "state", database=database, spool_megabytes=1)


async def call(settings: Settings, name: str) -> None:
    """One call, as the process that writes the store keeps it."""
    async with spool_store(settings) as journal:
        await journal.append(make_turn(name, 1), make_live(name, 1))
        await journal.append(make_turn(name, 2, last=True), None)


def test_calls_are_listed_and_shown(settings: Settings) -> None:
    asyncio.run(call(settings, "C1"))
    listed = run(settings, "calls", "list", "--json")
    assert listed.exit_code == 0, listed.output
    assert json.loads(listed.output)["call"] == "C1"
    shown = run(settings, "calls", "show", "last")
    assert shown.exit_code == 0, shown.output
    assert "C1" in shown.output
    assert not settings.journal.exists()


def test_no_journal_yet(settings: Settings) -> None:
    told = run(settings, "calls", "list").exception
    assert isinstance(told, SetupError)
    assert "no journal yet" in str(told)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_files_are_not_copied_for_a_database(
    settings: Settings, tmp_path: Path, command: str
) -> None:
    target = tmp_path / "copy"
    if command == "restore":
        target.mkdir()
        manifest = {"format": 1, "made": "", "program": "", "key": "", "records": 0, "files": {}}
        (target / "manifest.json").write_text(json.dumps(manifest))
    told = run(settings, command, str(target)).exception
    assert isinstance(told, UsageError)
    assert "pg_dump" in told.remedy


def test_what_pg_dump_copies_can_be_restored_and_goes_on(
    settings: Settings, postgres: Cluster
) -> None:
    asyncio.run(call(settings, "C1"))
    other = Settings(settings.state, database=postgres.new_database(), spool_megabytes=1)
    postgres.copy(settings.database, other.database)
    asyncio.run(call(other, "C2"))

    async def read() -> list[str]:
        async with open_reader(other) as reader:
            assert len(await reader.turns("C1")) == 2
            return [line.call for line in await reader.calls()]

    assert sorted(asyncio.run(read())) == ["C1", "C2"]
    with pytest.raises(AssertionError, match="permission denied for table record"):
        postgres.ask(other.database, 'SET ROLE "ivr"; DELETE FROM record')
    with pytest.raises(AssertionError, match="never shortened"):
        postgres.ask(other.database, "DELETE FROM record")
