"""A TCP line between engine and Asterisk that can be cut, or go dead without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ivr.asterisk.pbx.ports import HOST


@dataclass
class Proxy:
    """Passes bytes on to `target` while it is `open`; between `hold` and `release` it keeps them.
    `began` is when connections came, `asked` all that has come on them.

    `answers` counts down what still comes back from there before every connection is cut; below
    nought there is no end.
    """

    target: int
    port: int = 0
    open: bool = True
    answers: int = -1
    began: list[float] = field(default_factory=list)
    asked: bytearray = field(default_factory=bytearray)
    _held: dict[asyncio.StreamWriter, bytes] | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def hold(self) -> None:
        """Keep back what comes from now on, either way."""
        self._held = {}

    def release(self) -> None:
        """Pass on what was kept back, and what comes."""
        held, self._held = self._held or {}, None
        for writer, data in held.items():
            writer.write(data)

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def cut_after(self, answers: int) -> None:
        """Cut once, instead of passing on the answer that follows so many."""
        self.answers = answers

    async def reached(self, count: int, within: float = 20.0) -> None:
        """Wait until so many connections have come."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: len(self.began) >= count)

    async def logged_in(self, within: float = 20.0) -> None:
        """Wait until the engine has been let in: it then asks which lines exist."""
        await self.heard(b"CoreShowChannels", within)

    async def heard(self, text: bytes, within: float = 20.0) -> None:
        """Wait until somebody has sent this to the target."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: text in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._changed:
            self.began.append(asyncio.get_running_loop().time())
            self._changed.notify_all()
        self._writers.append(writer)
        try:
            there, back = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(back)
        await asyncio.gather(self._pass_on(reader, back, self.asked), self._pass_on(there, writer))

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: bytearray | None = None,
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if asked is not None:
                    async with self._changed:
                        asked += data
                        self._changed.notify_all()
                if asked is None and self._is_last():
                    self.cut()
                elif self._held is not None:
                    self._held[writer] = self._held.get(writer, b"") + data
                elif self.open:
                    writer.write(data)
        writer.transport.abort()

    def _is_last(self) -> bool:
        self.answers -= self.answers >= 0
        return self.answers == 0


@asynccontextmanager
async def running_proxy(target: int) -> AsyncIterator[Proxy]:
    """A proxy in front of a port of the loopback."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, HOST)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
