"""The journal of another process, reached through the writer's socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from ivr.errors import JournalBroken, ProtocolError
from ivr.ports import Fact, LiveRow, NewCase, Turn
from ivr.store.feed import Leaves
from ivr.store.plain import (
    Entry,
    case_to_plain,
    entry_to_plain,
    fact_to_plain,
    from_micros,
    live_from_plain,
    live_to_plain,
    turn_to_plain,
)
from ivr.store.wire import FrameReader, encode_frame, error_from_plain


class SocketJournal:
    """The Journal of `ivr.ports` at a writer's socket; requests go side by side.

    It connects when it is first used, and again after a loss. What was under way when the
    connection broke raises JournalBroken and may or may not be stored: the same turn may be
    appended again, it is stored once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._link: _Link | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._link is not None:
            await self._link.close()

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `Journal`."""
        request = {
            "do": "append",
            "turn": turn_to_plain(turn),
            "live": live_to_plain(live) if live else None,
            "case": case_to_plain(case) if case else None,
        }
        return int(await self._ask(request))

    async def note(self, fact: Fact) -> int:
        """Store a fact, see `Journal`. Sent again after a loss without an id, it may be there
        twice.
        """
        return int(await self._ask({"do": "note", "fact": fact_to_plain(fact)}))

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Store what was acknowledged elsewhere, see `Store`."""
        request = {"do": "catch_up", "entries": [entry_to_plain(entry) for entry in entries]}
        numbers: list[int | None] = await self._ask(request)
        return numbers

    async def live(self, line: str) -> LiveRow | None:
        """The call in progress on this line, see `Journal`."""
        row = await self._ask({"do": "live", "line": line})
        return live_from_plain(row) if row else None

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a live row, see `Journal`."""
        return [(line, from_micros(at)) for line, at in await self._ask({"do": "lines"})]

    async def case(self, call: str, n: int) -> str | None:
        """The number of a case, see `Journal`."""
        number: str | None = await self._ask({"do": "case", "call": call, "n": n})
        return number

    async def erase(self, fact: Fact) -> int:
        """Erase the fact's call, see `SqliteJournal.erase`."""
        return int(await self._ask({"do": "erase", "fact": fact_to_plain(fact)}))

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Leaves]:
        """Follow the log from now on, over a connection of its own, see `Feed.subscribe`."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError as error:
            raise _unreachable(self._path, error) from None
        try:
            writer.write(encode_frame({"id": 0, "do": "subscribe"}))
            messages = _receive(reader, self._path)
            await anext(messages)
            yield _leaves(messages)
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _ask(self, request: dict[str, Any]) -> Any:
        async with self._connecting:
            if self._link is None or self._link.lost:
                self._link = await self._connect()
        return await self._link.ask(request)

    async def _connect(self) -> _Link:
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(lambda: _Link(self._path), str(self._path))
        except OSError as error:
            raise _unreachable(self._path, error) from None
        return link


class _Link(asyncio.Protocol):
    """One connection and the answers that it owes."""

    _transport: asyncio.Transport

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames = FrameReader()
        self._numbers = count()
        self._owed: dict[int, asyncio.Future[Any]] = {}
        self._gone = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                self._settle(message)
        except (ProtocolError, KeyError, TypeError):
            self.lost = True
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        for future in self._owed.values():
            if not future.done():
                future.set_exception(_cut(self._path))
        self._owed.clear()
        self._gone.set()

    async def ask(self, request: dict[str, Any]) -> Any:
        if self.lost:
            raise _cut(self._path)
        number = next(self._numbers)
        frame = encode_frame({"id": number, **request})
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._owed[number] = future
        self._transport.write(frame)
        return await future

    async def close(self) -> None:
        self.lost = True
        self._transport.abort()
        await self._gone.wait()

    def _settle(self, message: dict[str, Any]) -> None:
        future = self._owed.pop(message["id"])
        if future.done():
            return
        if "error" in message:
            future.set_exception(error_from_plain(message["error"]))
        else:
            future.set_result(message["is"])


async def _receive(reader: asyncio.StreamReader, path: Path) -> AsyncIterator[dict[str, Any]]:
    frames = FrameReader()
    while data := await reader.read(1 << 16):
        for message in frames.feed(data):
            if "error" in message:
                raise error_from_plain(message["error"])
            yield message
    raise _cut(path)


async def _leaves(messages: AsyncIterator[dict[str, Any]]) -> Leaves:
    async for message in messages:
        yield message["leaf"]


def _cut(path: Path) -> JournalBroken:
    return JournalBroken(
        "the writer closed the connection before it answered; what was sent may be stored or not",
        place=str(path),
        remedy="Append the same turn again: it is stored once.",
    )


def _unreachable(path: Path, error: OSError) -> JournalBroken:
    return JournalBroken(
        f"the writer cannot be reached ({error.strerror or error})",
        place=str(path),
        remedy="Start the writer, it opens this socket.",
    )
