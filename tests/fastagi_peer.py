"""A scripted Asterisk: the peer at the other end of a real socket, in bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ivr.asterisk.fastagi import AgiSession, serve

HEADER = (Path(__file__).parent / "data/agi/header.txt").read_bytes()


class FakeAsterisk:
    """One AGI connection, seen from Asterisk's side. What it answers is up to the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.lines: list[bytes] = []

    def say(self, *pieces: bytes) -> None:
        """Write each piece as a segment of its own."""
        for piece in pieces:
            self.writer.write(piece)

    async def hear(self) -> bytes:
        """Return the next command without its line feed; empty at the end."""
        line = (await self.reader.readline()).rstrip(b"\n")
        self.lines.append(line)
        return line

    async def answer(self, reply: bytes) -> bytes:
        """Hear a command and answer it; return the command."""
        line = await self.hear()
        self.say(reply + b"\n")
        return line

    async def answer_sync(self, **variables: bytes) -> bytes:
        """Hear GET FULL VARIABLE and answer as Asterisk does, expanding the variables."""
        line = await self.hear()
        self.say(expand(line, variables))
        return line

    async def ended(self) -> bool:
        """Wait until the server has closed; return whether it sent nothing more."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True


def expand(line: bytes, variables: dict[str, bytes]) -> bytes:
    """Return the reply to GET FULL VARIABLE."""
    match = re.fullmatch(rb'GET FULL VARIABLE "(.*)"', line)
    assert match, line
    value = re.sub(rb"\$\{(.+?)\}", lambda name: variables.get(name[1].decode(), b""), match[1])
    return b"200 result=1 (" + value + b")\n"


async def converse(
    act: Callable[[AgiSession], Awaitable[None]],
    asterisk: Callable[[FakeAsterisk], Coroutine[Any, Any, None]],
) -> list[bytes]:
    """One AGI session: `act` on the engine's side, `asterisk` beside it on the other.

    The session is closed after `act`. Back when both have ended; gives the lines Asterisk heard.
    """
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handler(session: AgiSession) -> None:
        try:
            await act(session)
        except Exception as error:
            over.set_exception(error)
        else:
            over.set_result(None)
        finally:
            session.close()

    async with (
        serve(handler, port=0) as server,
        connect(server.port) as peer,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(asterisk(peer))
        await over
    return peer.lines


@asynccontextmanager
async def connect(port: int, first: bytes = HEADER) -> AsyncIterator[FakeAsterisk]:
    """Connect to a FastAGI server and send the first bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    try:
        yield FakeAsterisk(reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
