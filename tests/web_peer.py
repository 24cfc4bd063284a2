"""A web service on loopback for the tests of sources and webhooks: it says what a test wants."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

RESET, HANG = "reset", "hang"
"""What a service may do instead of answering: break the connection, or say nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(body: object = None, status: int = 200, **headers: str) -> bytes:
    """A response of this status; `body` is bytes, or becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


@dataclass
class WebPeer:
    """The service. `says` is asked for every answer; `asked` are the requests so far."""

    says: Callable[[Asked], bytes | str]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: dict[asyncio.StreamWriter, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.open[writer] = task
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                said = self.says(await self._read(head, reader))
                if said == HANG:
                    await reader.read()
                if said in (RESET, HANG):
                    return
                assert isinstance(said, bytes)
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.transport.abort()
            del self.open[writer]

    async def close(self) -> None:
        """Break every connection and wait for its end."""
        left = dict(self.open)
        for writer in left:
            writer.transport.abort()
        await asyncio.gather(*left.values())

    async def _read(self, head: bytes, reader: asyncio.StreamReader) -> Asked:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, target, _ = first.split(" ")
        self.asked.append(Asked(method, target, headers, body))
        return self.asked[-1]


@asynccontextmanager
async def serving(
    says: Callable[[Asked], bytes | str], tls: ssl.SSLContext | None = None
) -> AsyncIterator[WebPeer]:
    """A service on a free port, in a block."""
    peer = WebPeer(says)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await peer.close()
        await server.wait_closed()
