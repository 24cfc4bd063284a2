"""The status pages: what they say, and that nobody who asks badly is in anybody's way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from ivr.errors import SetupError
from ivr.operations.pages import PEERS, TEXT, serve_pages


@pytest.fixture
async def port() -> AsyncIterator[int]:
    pages = {"/readyz": lambda: (503, TEXT, b"ami: not logged in\n")}
    async with serve_pages(pages, 0) as port:
        yield port


async def ask(port: int, request: bytes) -> tuple[str, bytes]:
    """The status line and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "503", b"ami: not logged in\n"),
        (b"GET /readyz?x=1 HTTP/1.0\r\n\r\n", "503", b"ami: not logged in\n"),
        (b"GET /else HTTP/1.1\r\nHost: x\r\n\r\n", "404", b"no such page\n"),
        (b"DELETE /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "405", b"only GET\n"),
        (b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405", b"only GET\n"),
        (b"\x16\x03\x01 hello\r\n\r\n", "400", b"this is no request\n"),
        (b"GET /readyz HTTP/1.1\r\n\r\n", "400", b"this is no request\n"),
        (b"GET /" + b"x" * 20_000, "400", b"this is no request\n"),
    ],
    ids=["page", "query", "unknown", "delete", "post", "tls", "no host", "endless"],
)
async def test_a_request_is_answered(port: int, request_: bytes, status: str, body: bytes) -> None:
    line, told = await ask(port, request_)
    assert line.split()[1] == status
    assert told == body


async def test_a_request_in_pieces(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n":
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
    writer.close()
    await writer.wait_closed()


async def test_slow_peers_are_pushed_out(port: int) -> None:
    """More connections that never finish than there is room for: the next request is answered."""
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(PEERS + 4)]
    for _, writer in slow:
        writer.write(b"GET /readyz HTTP/1.1\r\n")
    line, _ = await ask(port, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert line.split()[1] == "503"
    gone = [reader for reader, _ in slow[:4]]
    assert await asyncio.gather(*map(_ended, gone)) == [True] * 4
    for _, writer in slow:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def test_a_peer_that_is_silent_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await _ended(reader)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SetupError, match="IVR_STATUS_PORT"):
            async with serve_pages({}, taken.getsockname()[1]):
                pass
