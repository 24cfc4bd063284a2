"""Asterisk's manager interface as a test plays it: literal bytes on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Answer = Callable[[dict[str, str]], list[bytes]]
"""What the peer sends for an action, piece by piece."""

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def reply(action: dict[str, str], *lines: str, event: bool = False) -> bytes:
    """A message that belongs to an action."""
    head = [] if event else ["Response: Success"]
    return "\r\n".join([*head, *lines, f"ActionID: {action['ActionID']}", "", ""]).encode()


def agree(action: dict[str, str]) -> list[bytes]:
    """The answers of an Asterisk without channels."""
    if action["Action"] == "CoreShowChannels":
        start = reply(action, "EventList: start", "Message: Channels will follow")
        end = reply(action, "Event: CoreShowChannelsComplete", "ListItems: 0", event=True)
        return [start, end]
    return [reply(action, "Message: fine")]


class Peer:
    """Listens, remembers every action, answers as it is told."""

    def __init__(self, answer: Answer = agree) -> None:
        self.answer = answer
        self.actions: list[dict[str, str]] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0
        self.seen = asyncio.Condition()

    async def until(self, ready: Callable[[Peer], bool]) -> None:
        """Wait until what was seen makes `ready` true."""
        async with self.seen:
            await self.seen.wait_for(lambda: ready(self))

    def names(self) -> list[str]:
        """The actions so far, by name."""
        return [action["Action"] for action in self.actions]

    def say(self, data: bytes) -> None:
        """Send bytes on the newest connection."""
        self.writers[-1].write(data)

    def drop(self) -> None:
        """Break the newest connection."""
        self.writers[-1].transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        writer.write(BANNER)
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                async with self.seen:
                    self.actions.append(action)
                    self.seen.notify_all()
                for piece in self.answer(action):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def playing(answer: Answer = agree) -> AsyncIterator[Peer]:
    """A peer on a free port of the loopback."""
    peer = Peer(answer)
    server = await asyncio.start_server(peer._serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for writer in peer.writers:
            writer.transport.abort()
