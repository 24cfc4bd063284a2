"""The canary: marked personal and secret values are in no byte that the journal leaves behind."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.errors import IvrError
from ivr.ports import Turn
from tests.disguises import find_leaks
from tests.journal_samples import (
    CALLER,
    NIK,
    NUMBER,
    PLATE,
    REF,
    SHOPS,
    Shop,
    make_case,
    make_fact,
    make_live,
    make_turn,
)
from tests.postgres import Cluster

OFFICER = "Sari Dewi Canary"
CANARIES = (CALLER, NIK, PLATE, NUMBER, OFFICER, REF)


def _leaks(data: bytes) -> list[str]:
    return find_leaks(data, CANARIES)


def _search(place: Path, since: float = 0.0) -> dict[str, list[str]]:
    """The canaries in files that were written since that moment, by the clock of the files."""
    files = [file for file in place.rglob("*") if file.is_file() and _written(file) >= since]
    assert files
    found = {file.name: _leaks(file.read_bytes() + file.name.encode()) for file in files}
    return {name: leaks for name, leaks in found.items() if leaks}


def _written(file: Path) -> float:
    return file.stat().st_mtime


async def _use(shop: Shop) -> str:
    """A call from end to end and every kind of refusal; returns what the refusals say."""
    journal = shop.journal
    for n in range(1, 6):
        await journal.append(make_turn(n=n), make_live(n=n), make_case() if n == 4 else None)
    await journal.note(make_fact("c1", "recording.played", by={"$personal": OFFICER}))
    await journal.note(make_fact(None, "login", by={"$personal": OFFICER}))
    spoiled = replace(make_turn(n=6), outcome={"caller": {"$personal": CALLER}, "x": 1.5})
    nested = replace(make_turn(n=6), outcome={"caller": {"$personal": [CALLER, NIK]}})
    position = replace(make_live(n=6), position={NIK: object()})
    said = [
        await _refused(shop, make_turn(n=2)),
        await _refused(shop, spoiled),
        await _refused(shop, nested),
    ]
    for row, case in ((position, None), (make_live(n=6), make_case())):
        with pytest.raises(IvrError) as refusal:
            await journal.append(make_turn(n=6), row, case)
        said.append(f"{refusal.value} {refusal.value!r} {refusal.getrepr(style='short')}")
    return "\n".join(said)


async def _refused(shop: Shop, turn: Turn) -> str:
    with pytest.raises(IvrError) as refusal:
        await shop.journal.append(turn, None)
    return f"{refusal.value} {refusal.value!r}"


@pytest.mark.parametrize("kind", ["socket-sqlite", "socket-postgres"])
async def test_no_file_and_no_text_holds_a_canary(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, postgres: Cluster, kind: str
) -> None:
    caplog.set_level(0)
    (tmp_path / "begun").touch()
    async with SHOPS[kind](tmp_path, postgres) as shop:
        said = await _use(shop)
        assert _search(tmp_path) == {}
        assert (await shop.journal.live("line-c1")) == make_live(n=5)
        await shop.journal.append(make_turn(n=6, last=True), None)
        (line,) = await shop.reader.calls()
        assert line.caller == CALLER
        assert _search(tmp_path) == {}
    assert _search(tmp_path) == {}
    if kind == "socket-postgres":
        postgres.ask("postgres", "CHECKPOINT")
        begun = _written(tmp_path / "begun")  # the server holds the databases of other tests too
        assert _search(postgres.place, begun) == {}
    assert _leaks((said + caplog.text).encode()) == []


def test_nothing_prints_a_canary() -> None:
    fact = make_fact(by={"$personal": OFFICER})
    things = (make_turn(n=1), make_turn(n=2), make_live(), make_case(), fact, make_live().secrets)
    printed = "".join(f"{thing!r}{thing!s}{thing}" for thing in things)
    assert _leaks(printed.replace(REF, "").encode()) == []


def test_the_search_finds_what_it_looks_for() -> None:
    coded = base64.urlsafe_b64encode(f'["salt","/data/events/0/caller","{CALLER}"]'.encode())
    assert _leaks(coded) == [CALLER]
    assert _leaks(f"x{NIK}".encode()) == [NIK]
