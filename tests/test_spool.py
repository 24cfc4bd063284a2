"""The spool file: what is torn, stale, full, damaged or somebody else's; and nothing in clear."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.audit.vault import Vault
from ivr.errors import JournalBroken, JournalError, JournalLocked
from ivr.store.draining import to_bytes
from ivr.store.frames import (
    BEGIN,
    MAX_BODY,
    SLOT,
    Head,
    decode_head,
    encode_frame,
    encode_head,
    read_frames,
    used_bytes,
)
from ivr.store.plain import Append
from ivr.store.spool import FILE, Spool
from tests.journal_samples import CALLER, NIK, NUMBER, PLATE, make_case, make_live, make_turn

VAULT = Vault(bytes(32))
SIZE = 64 << 10


@asynccontextmanager
async def _open(place: Path, *, size: int = SIZE, vault: Vault = VAULT) -> AsyncIterator[Spool]:
    spool = Spool(place, size=size)
    spool.open(vault)
    try:
        yield spool
    finally:
        await spool.settle()
        spool.close()


async def _fill(place: Path, *records: bytes) -> None:
    async with _open(place) as spool:
        for record in records:
            await spool.put(record)


async def _read(place: Path) -> list[bytes]:
    async with _open(place) as spool:
        return spool.peek(1000)


async def test_records_are_there_after_a_restart_in_their_order(tmp_path: Path) -> None:
    await _fill(tmp_path, b"one", b"two")
    await _fill(tmp_path, b"three")
    assert await _read(tmp_path) == [b"one", b"two", b"three"]


async def test_the_room_is_taken_at_the_beginning(tmp_path: Path) -> None:
    await _fill(tmp_path, b"one")
    found = (tmp_path / FILE).stat()
    assert found.st_size == SIZE
    assert found.st_blocks * 512 >= SIZE
    assert found.st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", range(1, 12))
async def test_a_torn_tail_is_cut_wherever_it_tears(tmp_path: Path, cut: int) -> None:
    await _fill(tmp_path, b"one", b"two")
    _change(tmp_path, lambda raw: raw[: used_bytes(raw) - cut].ljust(SIZE, b"\xff"))
    assert await _read(tmp_path) == [b"one"]
    await _fill(tmp_path, b"next")
    assert await _read(tmp_path) == [b"one", b"next"]


async def test_what_lies_behind_a_torn_frame_never_comes_back(tmp_path: Path) -> None:
    """The new frame has the length of the torn one, so the old ones follow it on the disk."""
    await _fill(tmp_path, b"first", b"torn!", b"old 1", b"old 2")
    one = (used_bytes((tmp_path / FILE).read_bytes()) - BEGIN) // 4

    def tear(raw: bytes) -> bytes:
        at = BEGIN + one + 20
        return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]

    _change(tmp_path, tear)
    await _fill(tmp_path, b"after")
    assert await _read(tmp_path) == [b"first", b"after"]


def _change(place: Path, how: Callable[[bytes], bytes]) -> None:
    path = place / FILE
    path.write_bytes(how(path.read_bytes()))


async def test_a_renewed_spool_is_empty_and_its_old_key_is_gone(tmp_path: Path) -> None:
    async with _open(tmp_path) as spool:
        await spool.put(b"one")
        old = (tmp_path / FILE).read_bytes()
        head = next(head for at in (0, SLOT) if (head := decode_head(old[at : at + SLOT])))
        spool.peek(1)
        spool.drop(1)
        await spool.renew()
        await spool.put(b"new")
    assert await _read(tmp_path) == [b"new"]
    assert head.wrapped not in (tmp_path / FILE).read_bytes()


@pytest.mark.parametrize("torn", [0, 1, 30, 100])
async def test_a_head_that_was_torn_while_renewing_leaves_the_old_one(
    tmp_path: Path, torn: int
) -> None:
    await _fill(tmp_path, b"one")
    new = encode_head(Head(1, os.urandom(16), b"w" * 60))[:torn].ljust(SLOT, b"\0")
    _change(tmp_path, lambda raw: raw[:SLOT] + new + raw[BEGIN:])
    assert await _read(tmp_path) == [b"one"]


async def test_a_full_spool_takes_nothing_more_and_keeps_what_it_has(tmp_path: Path) -> None:
    async with _open(tmp_path) as spool:
        for _ in range(11):
            await spool.put(os.urandom(5000))
        with pytest.raises(JournalBroken, match="it is full"):
            spool.put(os.urandom(5000))
        assert spool.count == 11
        await spool.put(b"small")
    assert len(await _read(tmp_path)) == 12


async def test_many_at_once_are_numbered_in_their_order(tmp_path: Path) -> None:
    async with _open(tmp_path) as spool:
        futures = [spool.put(f"{n:03}".encode()) for n in range(200)]
        assert [await future for future in futures] == list(range(200))
    assert await _read(tmp_path) == [f"{n:03}".encode() for n in range(200)]


async def test_a_spool_has_one_process(tmp_path: Path) -> None:
    async with _open(tmp_path):
        with pytest.raises(JournalLocked):
            async with _open(tmp_path):
                pass


async def test_another_master_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    await _fill(tmp_path, b"one")
    with pytest.raises(JournalBroken):
        async with _open(tmp_path, vault=Vault(bytes([1]) * 32)):
            pass
    assert await _read(tmp_path) == [b"one"]


async def test_a_file_that_is_no_spool_is_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else".ljust(SIZE))
    with pytest.raises(JournalBroken, match="head is damaged"):
        await _read(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"something else")


async def test_without_a_place_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalBroken, match="file/spool"):
        async with _open(tmp_path / "file" / "spool"):
            pass


async def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    async with _open(tmp_path) as spool:
        pass
    assert not spool.usable
    with pytest.raises(JournalBroken, match="closed"):
        spool.put(b"x")


async def test_a_smaller_file_grows_to_its_size(tmp_path: Path) -> None:
    await _fill(tmp_path, b"one")
    async with _open(tmp_path, size=2 * SIZE) as spool:
        assert spool.peek(9) == [b"one"]
        assert spool.room > SIZE


def _list(place: Path) -> list[Path]:
    return list(place.iterdir())


async def test_nothing_personal_stands_in_the_file(tmp_path: Path) -> None:
    entry = Append(make_turn(), make_live(), make_case())
    await _fill(tmp_path, to_bytes(entry))
    async with _open(tmp_path) as spool:
        spool.set_aside(to_bytes(entry))
    for path in _list(tmp_path):
        raw = path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        for text in (CALLER, NIK, PLATE, NUMBER, "line-c1"):
            assert text.encode() not in raw
            assert text.encode().hex().encode() not in raw


def test_a_record_that_is_too_long_is_refused() -> None:
    with pytest.raises(JournalError, match="too long"):
        encode_frame(0, bytes(MAX_BODY + 1), 0)


def test_frames_of_another_use_are_none() -> None:
    frame, check = encode_frame(0, b"body", 17)
    assert list(read_frames(frame, 17)) == [(8, 12, check)]
    assert list(read_frames(frame, 18)) == []
    assert used_bytes(bytes(BEGIN) + frame) == 0
