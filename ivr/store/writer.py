"""The writer's door: a Journal that other processes reach through a Unix socket.

A peer that breaks the protocol, stops in the middle of a frame or does not take its answers is cut
off; nobody else notices. The store itself is not here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from ivr.errors import JournalError, ProtocolError
from ivr.ports import Fact, Journal
from ivr.store.door import open_door
from ivr.store.feed import Leaves
from ivr.store.plain import (
    Entry,
    case_from_plain,
    entry_from_plain,
    fact_from_plain,
    live_from_plain,
    live_to_plain,
    to_micros,
    turn_from_plain,
)
from ivr.store.wire import FrameReader, encode_frame, error_to_plain

_log = logging.getLogger(__name__)


class Store(Journal, Protocol):
    """What the writer serves: a journal that can be followed and can erase."""

    async def erase(self, fact: Fact) -> int:
        """See `SqliteJournal.erase`."""

    async def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Store, in order and in one transaction, what was acknowledged elsewhere.

        Returns the sequence number of each, None for one that is refused: it could never be
        stored. One that is there already, word for word or by a fact's id, is not stored again and
        changes nothing, whatever followed it. A line or a case number that another call has is no
        reason to refuse: a fact `call.abandoned` or `case.number_taken` tells of it.
        """

    def subscribe(self) -> AbstractAsyncContextManager[Leaves]:
        """See `Feed.subscribe`."""


@asynccontextmanager
async def serve_journal(
    store: Store, directory: Path, *, patience: float = 5.0, pipeline: int = 256
) -> AsyncIterator[Path]:
    """Serve a store while the block runs; gives the socket's path, `writer.sock` in `directory`.

    `patience` is how many seconds a peer may take for the rest of a frame or to take an answer,
    `pipeline` how many requests of one peer may be under way. Raises as `open_door` does.
    """
    path = directory / "writer.sock"
    door = open_door(path)
    peers: dict[_Peer, asyncio.Task[None] | None] = {}

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _Peer(store, reader, writer, patience, pipeline)
        peers[peer] = asyncio.current_task()
        try:
            await peer.serve()
        finally:
            del peers[peer]

    server = await asyncio.start_unix_server(welcome, sock=door)
    try:
        yield path
    finally:
        server.close()
        path.unlink(missing_ok=True)
        for peer in peers:
            peer.hang_up()
        tasks = [task for task in peers.values() if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)


class _Peer:
    """One connection: its requests run side by side and are answered as they are done."""

    def __init__(
        self,
        store: Store,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: float,
        pipeline: int,
    ) -> None:
        self._store = store
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._slots = asyncio.Semaphore(pipeline)

    def hang_up(self) -> None:
        """Close without a word; `serve` ends soon."""
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Answer until the peer leaves or is cut off."""
        try:
            async with asyncio.TaskGroup() as group:
                async for request in self._read():
                    await self._slots.acquire()
                    group.create_task(self._answer(request))
        except* (ConnectionError, TimeoutError):
            _log.debug("a peer of the writer left")
        except* ProtocolError as faults:
            _log.warning("a peer of the writer was cut off: %s", faults.exceptions[0])
        finally:
            await self._close()

    async def _close(self) -> None:
        """Let the peer take what was answered, for a while."""
        self._writer.close()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._writer.wait_closed()
        self.hang_up()

    async def _read(self) -> AsyncIterator[dict[str, Any]]:
        frames = FrameReader()
        while True:
            async with asyncio.timeout(self._patience if frames.partial else None):
                data = await self._reader.read(1 << 16)
            if not data:
                raise ConnectionResetError
            for frame in frames.feed(data):
                yield frame

    async def _answer(self, request: Mapping[str, Any]) -> None:
        number = request.get("id")
        try:
            if request.get("do") == "subscribe":
                await self._follow(number)
            else:
                await self._send({"id": number, "is": await _perform(self._store, request)})
        except JournalError as error:
            await self._send({"id": number, "error": error_to_plain(error)})
        finally:
            self._slots.release()

    async def _follow(self, number: object) -> None:
        async with self._store.subscribe() as leaves:
            await self._send({"id": number, "is": None})
            try:
                async for leaf in leaves:
                    await self._send({"id": number, "leaf": leaf})
            except JournalError as dropped:
                await self._send({"id": number, "error": error_to_plain(dropped)})
        raise ConnectionResetError  # nothing more will come

    async def _send(self, message: Mapping[str, Any]) -> None:
        self._writer.write(encode_frame(message))
        async with asyncio.timeout(self._patience):
            await self._writer.drain()


async def _perform(store: Store, request: Mapping[str, Any]) -> Any:
    try:
        work = _understand(store, request)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProtocolError("a request that cannot be read is not of this protocol") from None
    return await work()


def _understand(store: Store, request: Mapping[str, Any]) -> Callable[[], Awaitable[Any]]:
    """The request as work to be done; nothing of the store has run yet."""
    match request["do"]:
        case "append":
            turn = turn_from_plain(request["turn"])
            live = live_from_plain(request["live"]) if request["live"] else None
            case = case_from_plain(request["case"]) if request["case"] else None
            return lambda: store.append(turn, live, case)
        case "note":
            fact = fact_from_plain(request["fact"])
            return lambda: store.note(fact)
        case "catch_up":
            entries = [entry_from_plain(one) for one in request["entries"]]
            return lambda: store.catch_up(entries)
        case "erase":
            reason = fact_from_plain(request["fact"])
            return lambda: store.erase(reason)
        case "live":
            line = str(request["line"])
            return lambda: _live(store, line)
        case "lines":
            return lambda: _lines(store)
        case "case":
            call, n = str(request["call"]), int(request["n"])
            return lambda: store.case(call, n)
        case unknown:
            raise ValueError(unknown)


async def _live(store: Store, line: str) -> dict[str, Any] | None:
    row = await store.live(line)
    return None if row is None else live_to_plain(row)


async def _lines(store: Store) -> list[tuple[str, int]]:
    return [(line, to_micros(at)) for line, at in await store.lines()]
