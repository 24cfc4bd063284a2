"""`ivr doctor` on the engine's own things and as a command."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.asterisk.pbx.config import CONF
from ivr.audit.vault import open_vault
from ivr.cli import cli
from ivr.cli.doctor_engine import check_engine, read_flows
from ivr.cli.doctor_facts import look_around
from ivr.config import Settings
from ivr.store.postgres import PostgresJournal
from ivr.store.schema import open_database
from tests.postgres import Cluster

ROOT = Path(__file__).parent.parent


def settings_at(state: Path) -> Settings:
    return Settings(state=state, flows=ROOT / "flows", prompts=ROOT / "prompts")


def levels(settings: Settings) -> dict[str, str]:
    return {one.check: one.level for one in check_engine(settings)}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """With a journal and its key."""
    store = tmp_path / "store"
    store.mkdir()
    open_database(store / "journal.db").close()
    open_vault(tmp_path / "keys" / "vault.key", create=True)
    return tmp_path


def test_a_new_state_gives_notes(tmp_path: Path) -> None:
    told = levels(settings_at(tmp_path))
    assert told == {
        "store": "note", "vault-key": "note", "engine-address": "right", "voice": "right",
    }  # fmt: skip


def test_a_used_state_is_right(state: Path) -> None:
    assert set(levels(settings_at(state)).values()) == {"right"}


def test_a_damaged_journal_is_caught(state: Path) -> None:
    file = state / "store" / "journal.db"
    for left in file.parent.glob("journal.db-*"):
        left.unlink()
    data = bytearray(file.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    file.write_bytes(data)
    assert levels(settings_at(state))["store"] == "wrong"


def test_a_file_that_is_no_journal_is_caught(state: Path) -> None:
    (state / "store" / "journal.db").write_text("no journal at all, but long enough" * 40)
    assert levels(settings_at(state))["store"] == "wrong"


def test_a_journal_that_is_locked_is_not_called_damaged(state: Path) -> None:
    file = state / "store" / "journal.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("PRAGMA user_version=7")
        (told,) = (one for one in check_engine(settings_at(state)) if one.check == "store")
    assert told.level == "wrong"
    assert "cannot be read: database is locked" in told.sentence
    assert "backup" not in told.remedy


def test_the_database_of_the_journal_is_looked_at(tmp_path: Path, postgres: Cluster) -> None:
    settings = replace(settings_at(tmp_path), database=postgres.new_database())
    assert levels(settings)["store"] == levels(settings)["vault-key"] == "note"
    journal = PostgresJournal(settings.database, settings.key_file)

    async def use() -> None:
        async with journal:
            assert levels_beside() == "right"

    def levels_beside() -> str:
        with ThreadPoolExecutor() as threads:
            return threads.submit(levels, settings).result()["store"]

    asyncio.run(use())
    settings.key_file.unlink()
    assert levels(settings)["vault-key"] == "wrong"
    away = replace(settings, database="postgresql://ivr@127.0.0.1:1/calls")
    (told,) = [one for one in check_engine(away) if one.check == "store"]
    assert told.level == "wrong"
    assert "Look at the PostgreSQL server" in told.remedy


def test_a_key_that_others_may_read_is_caught(state: Path) -> None:
    (state / "keys" / "vault.key").chmod(0o640)
    assert levels(settings_at(state))["vault-key"] == "wrong"


def test_the_secret_of_the_manager_interface_is_private(tmp_path: Path) -> None:
    secret = tmp_path / "manager.secret"
    secret.write_text("x" * 32)
    for settings, there in ((Settings(), False), (Settings(ami_secret=secret), True)):
        places = [place.path for place in look_around(settings, CONF, {}, None).private]
        assert (str(secret) in places) == there


def test_a_journal_without_its_key_is_caught(state: Path) -> None:
    (state / "keys" / "vault.key").unlink()
    assert levels(settings_at(state))["vault-key"] == "wrong"


def test_an_engine_for_everybody_is_caught(tmp_path: Path) -> None:
    for settings in (Settings(agi_host="0.0.0.0"), Settings(ami_host="192.0.2.7")):
        assert levels(settings.at(tmp_path))["engine-address"] == "wrong"


def test_a_missing_voice_is_caught(tmp_path: Path) -> None:
    told = run(tmp_path, "doctor", "--conf", str(CONF), PATH=str(tmp_path)).output
    assert re.search(r"^wrong: .*\[voice\]$", told, re.M)


def test_faulty_and_missing_flows_are_caught(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").write_text("hotline: x\n")
    for flows in (tmp_path, tmp_path / "gone"):
        bundle, told = read_flows(Settings(flows=flows))
        assert bundle is None
        assert [one.level for one in told] == ["wrong"]


def run(state: Path, *arguments: str, **more: str) -> Result:
    environment = {**more, "IVR_FLOWS": str(ROOT / "flows"), "IVR_PROMPTS": str(ROOT / "prompts")}
    return CliRunner().invoke(cli, ["--state", str(state), *arguments], env=environment)


def test_the_shipped_configuration_passes(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--conf", str(CONF))
    assert done.exit_code == 0, done.output
    assert "0 wrong" in done.output
    assert "right: " not in done.output


def test_all_and_json_tell_everything(tmp_path: Path) -> None:
    shown = run(tmp_path, "doctor", "--conf", str(CONF), "--all").output
    told = json.loads(run(tmp_path, "doctor", "--conf", str(CONF), "--json").output)
    assert told["ok"] is True
    for finding in told["findings"]:
        assert f"{finding['sentence']} [{finding['check']}]" in shown
        assert finding.keys() == {"check", "level", "sentence", "place", "remedy"}


def test_something_wrong_is_exit_code_1(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    for file in CONF.rglob("*.conf"):
        (conf / file.relative_to(CONF)).parent.mkdir(parents=True, exist_ok=True)
        (conf / file.relative_to(CONF)).write_text(file.read_text().replace("= no", "= yes"))
    done = run(tmp_path, "doctor", "--conf", str(conf))
    assert done.exit_code == 1
    assert "wrong: http.conf:4: Asterisk's own web server is on [http-off]\n  Set" in done.output


def test_nothing_to_look_at_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--conf", str(tmp_path))
    assert "there is no asterisk.conf" in str(done.exception)
