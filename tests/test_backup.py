"""`ivr backup` and `ivr restore`: during calls, into an empty place, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ivr.audit.vault import open_vault
from ivr.cli import main
from ivr.config import Settings
from ivr.spooling import spool_store
from ivr.store.draining import to_bytes
from ivr.store.lock import Lock
from ivr.store.plain import Append
from ivr.store.spool import Spool
from ivr.store.spooled import SpooledJournal
from tests.journal_samples import make_case, make_fact, make_live, make_turn

Ivr = Callable[..., tuple[int, str]]


async def _append_until(journal: SpooledJournal, ended: asyncio.Event) -> None:
    """Calls, one after the other."""
    number = 0
    while not ended.is_set():
        number += 1
        await _append(journal, f"D{number}", 4)


@pytest.fixture
def ivr(capsys: pytest.CaptureFixture[str]) -> Ivr:
    """Runs a command on a state: exit code, and what it printed."""

    def run(state: Path, *arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(["--state", str(state), *map(str, arguments)])
        told = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, told.out + told.err

    return run


def _settings(state: Path) -> Settings:
    return Settings(spool_megabytes=1).at(state)


async def _call(state: Path, name: str, turns: int) -> None:
    async with spool_store(_settings(state)) as journal:
        await _append(journal, name, turns)


async def _append(journal: SpooledJournal, name: str, turns: int) -> None:
    for n in range(1, turns + 1):
        last = n == turns
        live = None if last else make_live(name, n)
        await journal.append(make_turn(name, n, last=last), live)
    await journal.note(make_fact(name, "noted"))


async def _run_beside(state: Path, *arguments: object) -> tuple[int, str]:
    """A command in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ivr", "--state", str(state), *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, told.decode()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A service with two calls, a bundle and a recording."""
    place = tmp_path / "state"
    asyncio.run(_call(place, "C1", 3))
    asyncio.run(_call(place, "C2", 4))
    for name in ("bundles/aa/hotline.yaml", "recordings/C1-1.mix.wav"):
        path = place / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    return place


def test_a_backup_made_during_calls_gives_the_same_calls(
    state: Path, tmp_path: Path, ivr: Ivr
) -> None:
    """The writer lives and writes while the backup is made."""

    async def go() -> tuple[int, str]:
        async with spool_store(_settings(state)) as journal, asyncio.TaskGroup() as group:
            ended = asyncio.Event()
            calls = group.create_task(_append_until(journal, ended))
            keys = tmp_path / "keys" / "k"
            made = await _run_beside(state, "backup", tmp_path / "copy", "--keys", keys)
            assert not calls.done()
            ended.set()
        return made

    code, told = asyncio.run(go())
    assert code == 0, told
    assert "keep it apart" in told
    other = tmp_path / "other"
    code, told = ivr(other, "restore", tmp_path / "copy", "--keys", tmp_path / "keys" / "k")
    assert code == 0, told
    for call in ("C1", "C2"):
        for arguments in (("calls", "show", call), ("calls", "show", call, "--json")):
            assert ivr(state, *arguments)[0] == 0
            assert ivr(state, *arguments) == ivr(other, *arguments)
    listed = ivr(state, "calls", "list", "--json")[1].splitlines()
    again = ivr(other, "calls", "list", "--json")[1].splitlines()
    assert [one for one in again if '"D' not in one] == [one for one in listed if '"D' not in one]
    assert (other / "bundles" / "aa" / "hotline.yaml").read_text() == "bundles/aa/hotline.yaml"
    assert not (other / "recordings" / "C1-1.mix.wav").exists()
    asyncio.run(_call(other, "C3", 2))


def test_lists_are_the_same_after_the_calls(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    key = state / "keys" / "vault.key"
    assert ivr(state, "backup", tmp_path / "copy", "--recordings")[0] == 0
    other = tmp_path / "other"
    assert ivr(other, "restore", tmp_path / "copy", "--keys", key)[0] == 0
    assert ivr(other, "calls", "list") == ivr(state, "calls", "list")
    assert (other / "recordings" / "C1-1.mix.wav").read_text() == "recordings/C1-1.mix.wav"
    assert stat.S_IMODE((other / "keys" / "vault.key").stat().st_mode) == 0o600
    assert not list(other.rglob("*.restoring"))


def test_what_waits_in_a_spool_is_in_the_backup(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    settings = _settings(state)

    async def wait_in_spool() -> None:
        spool = Spool(settings.spools / "writer", size=1 << 20)
        spool.open(open_vault(settings.key_file, create=False))
        for n in (1, 2):
            entry = Append(make_turn("S1", n), make_live("S1", n), make_case() if n == 2 else None)
            await spool.put(to_bytes(entry))
        spool.close()

    asyncio.run(wait_in_spool())
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    other = tmp_path / "other"
    key = settings.key_file
    assert ivr(other, "restore", tmp_path / "copy", "--keys", key)[0] == 0
    asyncio.run(_call(other, "C3", 1))
    assert '"turn": 2' in ivr(other, "calls", "show", "S1", "--json")[1]


def test_the_master_key_is_not_in_a_backup(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    code, told = ivr(state, "backup", tmp_path / "copy")
    assert code == 0
    assert "the master key is not in it" in told
    secret = (state / "keys" / "vault.key").read_bytes().strip()
    assert all(secret not in path.read_bytes() for path in _files(tmp_path / "copy"))
    code, told = ivr(tmp_path / "other", "restore", tmp_path / "copy")
    assert code == 2
    assert "--keys FILE" in told
    code, told = ivr(state, "backup", tmp_path / "two", "--keys", tmp_path / "two" / "vault.key")
    assert code == 2
    assert "must not lie with the data" in told


def test_a_key_that_an_earlier_backup_has_copied_is_kept(
    state: Path, tmp_path: Path, ivr: Ivr
) -> None:
    keys = tmp_path / "safe" / "vault.key"
    for day in ("monday", "tuesday"):
        code, told = ivr(state, "backup", tmp_path / day, "--keys", keys)
        assert code == 0, told
    keys.write_text("something else")
    code, told = ivr(state, "backup", tmp_path / "wednesday", "--keys", keys)
    assert code == 2
    assert "another file is there already" in told
    assert keys.read_text() == "something else"
    assert not (tmp_path / "wednesday").exists()


def _files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("store/journal.db", b"x", "store/journal.db: was changed or is damaged"),
        ("bundles/aa/hotline.yaml", None, "bundles/aa/hotline.yaml: is missing"),
        ("store/journal.db-wal", b"x", "store/journal.db-wal: is not in the manifest"),
    ],
)
def test_a_damaged_backup_restores_nothing(
    state: Path, tmp_path: Path, ivr: Ivr, name: str, data: bytes | None, fault: str
) -> None:
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    path = tmp_path / "copy" / name
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    other, key = tmp_path / "other", state / "keys" / "vault.key"
    code, told = ivr(other, "restore", tmp_path / "copy", "--keys", key, "--json")
    assert code == 1
    assert json.loads(told)["faults"] == [fault]
    assert not json.loads(told)["restored"]
    assert not other.exists()


def test_a_place_with_data_is_left_alone_unless_told(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    asyncio.run(_call(state, "NEW", 2))
    listed = ivr(state, "calls", "list")
    code, told = ivr(state, "restore", tmp_path / "copy")
    assert code == 2
    assert "--replace" in told
    assert ivr(state, "calls", "list") == listed
    code, told = ivr(state, "restore", tmp_path / "copy", "--replace", "--json")
    assert code == 0, told
    assert "NEW" not in ivr(state, "calls", "list")[1]
    aside = Path(json.loads(told)["aside"])
    assert (aside / "store" / "journal.db").exists()
    assert (aside / "recordings" / "C1-1.mix.wav").exists()


async def test_nothing_is_restored_under_a_writer(state: Path, tmp_path: Path) -> None:
    assert (await _run_beside(state, "backup", tmp_path / "copy"))[0] == 0
    async with spool_store(_settings(state)):
        code, told = await _run_beside(state, "restore", tmp_path / "copy", "--replace")
    assert code == 2
    assert "is the writer of this store" in told


def test_nothing_is_restored_under_a_service_without_a_writer(
    state: Path, tmp_path: Path, ivr: Ivr
) -> None:
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    service = Lock(_settings(state).alone, "serves calls from this state")
    service.take()
    code, told = ivr(state, "restore", tmp_path / "copy", "--replace")
    service.drop()
    assert code == 2
    assert "serves calls from this state" in told


def test_another_key_is_refused(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    open_vault(tmp_path / "wrong.key", create=True)
    other = tmp_path / "other"
    code, told = ivr(other, "restore", tmp_path / "copy", "--keys", tmp_path / "wrong.key")
    assert code == 2
    assert "is not the one of the backup" in told
    assert not other.exists()


def test_check_only_looks(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    assert ivr(state, "backup", tmp_path / "copy", "--json")[0] == 0
    code, told = ivr(tmp_path / "other", "restore", tmp_path / "copy", "--check")
    assert code == 0
    assert re.match(r"as it was made [0-9-]{10} [0-9:]{8} WIB: ", told)
    assert not (tmp_path / "other").exists()
    assert ivr(state, "backup", tmp_path / "copy")[0] == 2
    assert ivr(state, "restore", tmp_path)[0] == 2


def test_parts_may_lie_on_disks_of_their_own(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    key = state / "keys" / "vault.key"
    assert ivr(state, "backup", tmp_path / "copy", "--recordings")[0] == 0
    other = tmp_path / "other"
    other.mkdir()
    with TemporaryDirectory(dir="/dev/shm") as disk:
        (other / "recordings").symlink_to(disk)
        code, told = ivr(other, "restore", tmp_path / "copy", "--keys", key)
        assert code == 0, told
        assert [path.name for path in Path(disk).iterdir()] == ["C1-1.mix.wav"]
        assert (other / "recordings" / "C1-1.mix.wav").read_text() == "recordings/C1-1.mix.wav"
    assert ivr(other, "calls", "list") == ivr(state, "calls", "list")


def test_what_the_store_refused_is_in_the_backup(state: Path, tmp_path: Path, ivr: Ivr) -> None:
    settings = _settings(state)
    spool = Spool(settings.spools / "writer", size=1 << 20)
    spool.open(open_vault(settings.key_file, create=False))
    kept = spool.set_aside(b"a record")
    spool.close()
    assert ivr(state, "backup", tmp_path / "copy")[0] == 0
    other = tmp_path / "other"
    assert ivr(other, "restore", tmp_path / "copy", "--keys", settings.key_file)[0] == 0
    assert (other / "spool" / "writer" / kept.name).read_text() == kept.read_text()
