"""The writer's socket: many peers, some of them bad, and a writer that may go away."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from ivr.errors import JournalBroken, JournalConflict, JournalLocked, SetupError
from ivr.store.client import SocketJournal
from ivr.store.memory import MemoryJournal
from ivr.store.plain import turn_to_plain
from ivr.store.sqlite import SqliteJournal
from ivr.store.wire import MAX_BODY, encode_frame
from ivr.store.writer import serve_journal
from tests.journal_samples import make_fact, make_live, make_turn


@asynccontextmanager
async def _serve(place: Path, *, patience: float = 5.0, depth: int = 1000) -> AsyncIterator[Path]:
    async with serve_journal(MemoryJournal(depth=depth), place, patience=patience) as door:
        yield door


@asynccontextmanager
async def _peer(door: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(str(door))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _is_cut(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


def _request(**fields: object) -> bytes:
    return encode_frame({"id": 0, **fields})


def _turn(**fields: object) -> bytes:
    turn = {**turn_to_plain(make_turn()), **fields}
    return _request(do="append", turn=turn, live=None, case=None)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        (MAX_BODY + 1).to_bytes(4, "big") + b"x" * 10,
        b"\0\0\0\x02{]",
        encode_frame({}),
        _request(do="drop table"),
        _request(do="append"),
        _request(do="append", turn={}, live=None, case=None),
        _turn(call=["c1"]),
        _turn(n={}),
        _turn(at=10**30),
        _request(do="note", fact={"call": 1, "at": 0, "source": "x", "event": {}}),
        _request(do="live"),
        _request(do="case", call="c", n="x"),
    ],
)
async def test_garbage_is_cut_off_and_nobody_else_notices(tmp_path: Path, garbage: bytes) -> None:
    async with (
        _serve(tmp_path) as door,
        SocketJournal(door) as journal,
        _peer(door) as (reader, writer),
    ):
        assert await journal.append(make_turn(n=1), make_live()) == 0
        writer.write(garbage)
        assert await _is_cut(reader)
        assert await journal.append(make_turn(n=2), make_live(n=2)) == 1


async def test_half_a_frame_is_cut_off_after_a_while(tmp_path: Path) -> None:
    async with (
        _serve(tmp_path, patience=0.05) as door,
        SocketJournal(door) as journal,
        _peer(door) as (reader, writer),
    ):
        writer.write(_turn()[:-1])
        assert await _is_cut(reader)
        assert await journal.append(make_turn(), None) == 0


async def test_a_peer_may_be_silent_between_frames(tmp_path: Path) -> None:
    # No patience at all: any wait that is not for the rest of a frame must not count.
    async with _serve(tmp_path, patience=0) as door, SocketJournal(door) as journal:
        assert await journal.append(make_turn(n=1), None) == 0
        assert await journal.append(make_turn(n=2), None) == 1


async def test_a_frame_that_its_peer_leaves_half_done_is_nothing(tmp_path: Path) -> None:
    async with _serve(tmp_path) as door, SocketJournal(door) as journal:
        async with _peer(door) as (_, writer):
            writer.write(_turn()[:-1])
        assert await journal.append(make_turn(), None) == 0


async def test_requests_of_one_connection_run_side_by_side(tmp_path: Path) -> None:
    store = SqliteJournal(tmp_path / "journal.db", tmp_path / "master.key")
    async with store, serve_journal(store, tmp_path) as door, SocketJournal(door) as journal:
        numbers = await asyncio.gather(*(journal.note(make_fact(str(i))) for i in range(600)))
        assert sorted(numbers) == list(range(600))
        jobs, commits = store.figures
        assert jobs == 600
        assert commits < 300


async def test_a_refusal_reaches_the_client_whole(tmp_path: Path) -> None:
    async with _serve(tmp_path) as door, SocketJournal(door) as journal:
        with pytest.raises(JournalConflict, match="turn 5 does not follow turn 0 of call c1"):
            await journal.append(make_turn(n=5), None)


async def test_the_socket_is_its_owners(tmp_path: Path) -> None:
    async with _serve(tmp_path / "run") as door:
        mode = door.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert mode & 0o777 == 0o600
    assert list((tmp_path / "run").iterdir()) == []


async def test_a_dead_writers_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "writer.sock"))
    async with _serve(tmp_path) as door, SocketJournal(door) as journal:
        assert await journal.append(make_turn(), None) == 0


async def test_a_living_writers_socket_is_not(tmp_path: Path) -> None:
    async with _serve(tmp_path) as door, SocketJournal(door) as journal:
        with pytest.raises(JournalLocked, match="a writer answers"):
            async with _serve(tmp_path):
                pass
        assert await journal.append(make_turn(), None) == 0


async def test_another_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "writer.sock").write_text("mine")
    with pytest.raises(SetupError, match="no socket"):
        async with _serve(tmp_path):
            pass
    assert (tmp_path / "writer.sock").read_text() == "mine"


async def test_a_path_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be made"):
        async with _serve(tmp_path / ("x" * 120)):
            pass


async def test_without_a_writer_the_client_says_where_it_looked(tmp_path: Path) -> None:
    async with SocketJournal(tmp_path / "writer.sock") as journal:
        with pytest.raises(JournalBroken, match=r"writer\.sock.*cannot be reached"):
            await journal.append(make_turn(), None)
        with pytest.raises(JournalBroken, match="cannot be reached"):
            async with journal.subscribe():
                pass


async def test_the_client_comes_back_after_a_loss(tmp_path: Path) -> None:
    store = MemoryJournal()
    async with SocketJournal(tmp_path / "writer.sock") as journal:
        for n in (1, 2):
            async with serve_journal(store, tmp_path):
                assert await journal.append(make_turn(n=n), None) == n - 1
            with pytest.raises(JournalBroken):
                await journal.append(make_turn(n=n + 1), None)


async def test_what_is_pending_when_the_writer_goes_is_in_doubt(tmp_path: Path) -> None:
    heard = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        await heard.wait()
        writer.transport.abort()

    server = await asyncio.start_unix_server(listen, str(tmp_path / "writer.sock"))
    async with server, SocketJournal(tmp_path / "writer.sock") as journal:
        pending = [asyncio.ensure_future(journal.note(make_fact())) for _ in range(3)]
        await asyncio.sleep(0)
        heard.set()
        results = await asyncio.gather(*pending, return_exceptions=True)
    assert [type(result) for result in results] == [JournalBroken] * 3
    assert "may be stored or not" in str(results[0])
    assert "append the same turn again" in str(results[0]).lower()


async def test_an_answer_that_is_garbage_breaks_the_connection(tmp_path: Path) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        writer.write(encode_frame({"id": 77, "is": 1}))
        writer.close()

    server = await asyncio.start_unix_server(babble, str(tmp_path / "writer.sock"))
    async with server, SocketJournal(tmp_path / "writer.sock") as journal:
        for _ in range(2):
            with pytest.raises(JournalBroken):
                await journal.note(make_fact())


async def test_a_slow_subscriber_is_dropped_and_delays_nobody(tmp_path: Path) -> None:
    async with _serve(tmp_path, patience=0.2, depth=10) as door, SocketJournal(door) as journal:
        async with _peer(door) as (reader, writer):
            writer.write(_request(do="subscribe"))
            assert json.loads((await reader.read(100))[4:]) == {"id": 0, "is": None}
            big = "x" * 60_000
            for seq in range(60):
                assert await journal.note(make_fact(None, "big", x=big)) == seq
            # Nobody read a leaf: the writer's patience ends and it hangs up.
            data = await _read_all(reader)
        assert 0 < data.count(b'"leaf"') < 60
        assert await journal.note(make_fact()) == 60


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    try:
        while chunk := await reader.read(1 << 16):
            data += chunk
    except ConnectionResetError:
        pass
    return bytes(data)


async def test_a_subscriber_hears_of_the_writers_end(tmp_path: Path) -> None:
    journal = SocketJournal(tmp_path / "writer.sock")
    async with _serve(tmp_path):
        subscription = journal.subscribe()
        leaves = await subscription.__aenter__()
    with pytest.raises(JournalBroken):
        await anext(leaves)
    await subscription.__aexit__(None, None, None)


def test_it_works_on_uvloop_too(tmp_path: Path) -> None:
    async def talk() -> list[int]:
        store = SqliteJournal(tmp_path / "journal.db", tmp_path / "master.key")
        async with store, serve_journal(store, tmp_path) as door, SocketJournal(door) as journal:
            async with journal.subscribe() as leaves:
                numbers = [await journal.append(make_turn(n=n), make_live(n=n)) for n in (1, 2)]
                assert [(await anext(leaves))["seq"] for _ in numbers] == numbers
            assert await journal.live("line-c1") == make_live(n=2)
        return numbers

    assert uvloop.run(talk()) == [0, 1]
