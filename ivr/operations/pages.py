"""Three pages for machines, on loopback: /livez, /readyz, /metrics.

Served by the supervisor and not by an engine, so that nobody who asks, slowly or often, delays a
caller; and a page is answered also while an engine stands still. h11 reads the requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import h11

from ivr.errors import SetupError

Page = Callable[[], tuple[int, str, bytes]]
"""Gives status, content type and body."""

PATIENCE: Final = 3.0
"""Seconds from the first byte of a connection to the last: a slow peer gets no more."""

PEERS: Final = 16
"""Connections at the same time; one more pushes out the oldest."""

TEXT: Final = "text/plain; charset=utf-8"


class Pages:
    """The pages by their path."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._peers: dict[asyncio.StreamWriter, None] = {}

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        while len(self._peers) >= PEERS:
            oldest = next(iter(self._peers))
            del self._peers[oldest]
            oldest.transport.abort()
        self._peers[writer] = None
        try:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(PATIENCE):
                    await self._answer(reader, writer)
        finally:
            self._peers.pop(writer, None)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = h11.Connection(h11.SERVER, max_incomplete_event_size=8192)
        try:
            status, kind, body = self._find(await _receive(reader, talk))
        except h11.RemoteProtocolError:
            status, kind, body = 400, TEXT, b"this is no request\n"
        if talk.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = {"content-type": kind, "content-length": str(len(body)), "connection": "close"}
        reply = h11.Response(status_code=status, headers=[*headers.items()])
        for event in (reply, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(talk.send(event) or b"")
        writer.write_eof()
        await writer.drain()
        while await reader.read(4096):  # what was not read would cut the answer off
            pass

    def _find(self, request: h11.Request | None) -> tuple[int, str, bytes]:
        if request is None:
            raise ConnectionResetError
        if request.method != b"GET":
            return 405, TEXT, b"only GET\n"
        page = self._pages.get(request.target.decode("ascii", "replace").partition("?")[0])
        return (404, TEXT, b"no such page\n") if page is None else page()


async def _receive(reader: asyncio.StreamReader, talk: h11.Connection) -> h11.Request | None:
    while True:
        event = talk.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        talk.receive_data(await reader.read(4096))


@asynccontextmanager
async def serve_pages(pages: Mapping[str, Page], port: int) -> AsyncIterator[int]:
    """Serve them on 127.0.0.1 while the block runs; gives the port (useful for port 0).

    Raises SetupError when the port cannot be had.
    """
    served = Pages(pages)
    try:
        server = await asyncio.start_server(served.welcome, "127.0.0.1", port, limit=8192)
    except OSError as error:
        raise SetupError(
            f"the status pages cannot be served here ({error.strerror or error})",
            place=f"127.0.0.1:{port}",
            remedy="Set IVR_STATUS_PORT to a port that is free, or to 0 for no pages.",
        ) from None
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
