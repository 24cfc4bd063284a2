from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from ipaddress import ip_network

import pytest
import uvloop

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession, FastAgiServer, Limits, Refusal, serve
from ivr.errors import SetupError
from tests.fastagi_peer import HEADER, FakeAsterisk, connect


async def keep_asking(session: AgiSession) -> None:
    while True:
        await session.command(command.noop())


async def be_well(asterisk: FakeAsterisk) -> None:
    """A turn of a live call goes through."""
    assert await asterisk.answer(b"200 result=0") == b"NOOP"


async def until(condition: Callable[[], bool]) -> None:
    """Let the server work until it is so; the test's time-out is the limit."""
    while not condition():  # noqa: ASYNC110  what the server counts sets no event
        await asyncio.sleep(0)


async def test_a_port_scan_touches_no_call() -> None:
    async with serve(keep_asking, port=0) as server, connect(server.port) as call:
        for _ in range(1000):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.close()
            await writer.wait_closed()
        await be_well(call)
        await until(lambda: server.stats.refused[Refusal.SILENT] == 1000)
        assert server.stats.live == 1


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", Refusal.MALFORMED),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\n", Refusal.MALFORMED),
        (b"x" * 10_000, Refusal.MALFORMED),
        (b"\n", Refusal.MALFORMED),
        (HEADER.replace(b"agi_channel", b"channel"), Refusal.MALFORMED),
    ],
)
async def test_what_is_no_agi_is_closed_at_once(data: bytes, refusal: Refusal) -> None:
    async with serve(keep_asking, port=0) as server, connect(server.port) as call:
        async with connect(server.port, data) as stranger:
            assert await stranger.ended()
        assert server.stats.refused == {refusal: 1}
        await be_well(call)


@pytest.mark.parametrize("length", range(1, len(HEADER), 7))
async def test_half_a_header_is_closed_at_its_end(length: int) -> None:
    async with serve(keep_asking, port=0) as server:
        async with connect(server.port, HEADER[:length]) as stranger:
            stranger.writer.write_eof()
            assert await stranger.ended()
        assert server.stats.refused == {Refusal.UNFINISHED: 1}


@pytest.mark.parametrize("start", [b"", b"agi_network: yes\n"])
async def test_a_slow_header_is_not_waited_for(start: bytes) -> None:
    limits = Limits(header_seconds=0.05)
    async with serve(keep_asking, port=0, limits=limits) as server, connect(server.port) as call:
        async with connect(server.port, start) as stranger:
            assert await stranger.ended()
        assert server.stats.refused == {Refusal.SLOW: 1}
        await be_well(call)


async def test_a_header_in_many_segments_is_a_call() -> None:
    async with serve(keep_asking, port=0) as server, connect(server.port, b"") as call:
        for at in range(0, len(HEADER), 50):
            call.say(HEADER[at : at + 50])
            await call.writer.drain()
            await asyncio.sleep(0)
        await be_well(call)


async def test_strangers_are_refused() -> None:
    limits = Limits(peers=(ip_network("192.0.2.0/24"),))
    async with serve(keep_asking, port=0, limits=limits) as server:
        async with connect(server.port) as stranger:
            assert await stranger.ended()
        assert server.stats.refused == {Refusal.PEER: 1}
        assert server.stats.served == 0


async def test_a_call_too_many_is_refused_and_a_place_is_free_again() -> None:
    limits = Limits(calls=1)
    async with serve(keep_asking, port=0, limits=limits) as server:
        async with connect(server.port) as call:
            await be_well(call)
            async with connect(server.port) as other:
                assert await other.ended()
            assert server.stats.refused == {Refusal.FULL: 1}
            await be_well(call)
        await until(lambda: not server.stats.live)
        async with connect(server.port) as call:
            await be_well(call)


async def test_connections_without_a_header_push_each_other_out_not_a_call() -> None:
    limits = Limits(waiting=2)
    async with (
        serve(keep_asking, port=0, limits=limits) as server,
        connect(server.port, b"") as first,
        connect(server.port, b""),
        connect(server.port) as call,
    ):
        await be_well(call)
        assert await first.ended()
        assert server.stats.refused == {Refusal.SLOW: 1}


async def test_calls_that_come_too_fast_wait_their_turn_or_are_refused() -> None:
    limits = Limits(calls_per_second=20, burst=1, turn_seconds=0.07)
    async with serve(keep_asking, port=0, limits=limits) as server:
        loop = asyncio.get_running_loop()
        start = loop.time()
        calls = [connect(server.port) for _ in range(6)]
        async with calls[0] as one, calls[1] as two, calls[2] as three, calls[3] as four:
            await be_well(one)
            await be_well(two)
            await be_well(three)
            assert loop.time() - start >= 0.04
            assert await four.ended()
        assert server.stats.refused[Refusal.RATE] == 1


async def test_one_failing_call_touches_no_other_and_is_logged_without_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(session: AgiSession) -> None:
        if session.environment.path == "hotline/tax":
            await keep_asking(session)
        raise ValueError(f"caller {session.environment.callerid}")

    async with serve(handler, port=0) as server, connect(server.port) as call:
        async with connect(server.port, HEADER.replace(b"hotline/tax", b"other")) as failing:
            assert await failing.ended()
        await be_well(call)
        assert (server.stats.failed, server.stats.live) == (1, 1)
    record, lost = [r for r in caplog.records if r.name.startswith("ivr.")]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "a call on path 'other' failed with ValueError"
    assert lost.getMessage() == "a call lost its connection to Asterisk"
    assert server.stats.lost == 1
    assert record.exc_info is None


async def test_a_path_that_may_be_personal_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(session: AgiSession) -> None:
        raise KeyError(session.environment.path)

    header = HEADER.replace(b"hotline/tax", b"siti & co")
    async with serve(handler, port=0) as server, connect(server.port, header) as call:
        assert await call.ended()
    assert "siti" not in caplog.text
    assert "(not shown)" in caplog.text


async def test_draining_accepts_no_more_and_waits_for_the_calls() -> None:
    async def handler(session: AgiSession) -> None:
        await session.command(command.noop())
        await session.command(command.noop())

    async with serve(handler, port=0) as server, connect(server.port) as call:
        port = server.port
        await be_well(call)
        draining = asyncio.create_task(server.drain(10))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await be_well(call)
        assert await draining == 0


async def test_draining_cancels_what_does_not_end() -> None:
    async with serve(keep_asking, port=0) as server, connect(server.port) as call:
        await be_well(call)
        assert await server.drain(0) == 1
        await call.ended()
    assert server.stats.live == 0


async def test_leaving_the_block_waits_for_the_calls() -> None:
    ended = asyncio.Event()

    async def handler(session: AgiSession) -> None:
        await session.command(command.noop())
        ended.set()

    async def peer(port: int) -> None:
        async with connect(port) as call:
            await be_well(call)
            await call.ended()

    async with asyncio.TaskGroup() as group:
        async with serve(handler, port=0) as server:
            group.create_task(peer(server.port))
            await until(lambda: server.stats.live == 1)
        assert ended.is_set()


async def test_an_exception_in_the_block_comes_out_bare_and_ends_the_calls() -> None:
    servers: list[FastAgiServer] = []

    async def run() -> None:
        async with serve(keep_asking, port=0) as server, connect(server.port) as call:
            servers.append(server)
            await be_well(call)
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await run()
    assert (servers[0].stats.served, servers[0].stats.live) == (1, 0)


async def test_cancelling_the_block_ends_the_calls() -> None:
    started: asyncio.Future[FastAgiServer] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with serve(keep_asking, port=0) as server:
            started.set_result(server)
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    server = await started
    async with connect(server.port) as call:
        await be_well(call)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await call.ended()
    assert server.stats.live == 0


async def test_a_port_in_use_is_named_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError) as fault:
            async with serve(keep_asking, port=port):
                pass
    assert fault.value.place == f"127.0.0.1:{port}"
    assert "another program listens" in fault.value.sentence
    assert "agi:// address" in fault.value.remedy


async def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SetupError, match="EADDRNOTAVAIL"):
        async with serve(keep_asking, host="192.0.2.1", port=0):
            pass


async def test_the_socket_notices_a_dead_peer_and_does_not_delay() -> None:
    seen: list[int] = []

    async def handler(session: AgiSession) -> None:
        sock = session._wire._transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        seen.append(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))

    async with serve(handler, port=0) as server, connect(server.port) as call:
        assert await call.ended()
    assert seen == [1, 1, 30]


@pytest.mark.parametrize(
    "behaviour",
    [
        test_a_port_scan_touches_no_call,
        test_a_header_in_many_segments_is_a_call,
        test_strangers_are_refused,
        test_a_call_too_many_is_refused_and_a_place_is_free_again,
        test_connections_without_a_header_push_each_other_out_not_a_call,
        test_draining_accepts_no_more_and_waits_for_the_calls,
        test_draining_cancels_what_does_not_end,
        test_leaving_the_block_waits_for_the_calls,
        test_an_exception_in_the_block_comes_out_bare_and_ends_the_calls,
        test_cancelling_the_block_ends_the_calls,
        test_a_port_in_use_is_named_with_a_remedy,
        test_the_socket_notices_a_dead_peer_and_does_not_delay,
    ],
)
def test_uvloop_behaves_alike(behaviour: Callable[[], Coroutine[None, None, None]]) -> None:
    uvloop.run(behaviour())
