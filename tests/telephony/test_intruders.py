"""Who knocks at the engine's door without being Asterisk does not disturb those who call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from ivr.asterisk.pbx.instance import Instance
from tests.telephony.engine import Engine
from tests.telephony.visits import visit

pytestmark = pytest.mark.telephony

HEADER = b"agi_network: yes\nagi_uniqueid: nobody-1.1\n"
NOISE = (
    b"",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    b"agi_network: yes\n" * 3 + b"\n",
    b"agi_" + b"x" * 100_000,
    HEADER,
    HEADER + b"\n200 result=0\n" * 500,
    HEADER + b"agi_callerid: " + b"9" * 9000 + b"\n\n",
)


@contextlib.asynccontextmanager
async def knock(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, whatever becomes of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError, TimeoutError):
            yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def scan(port: int) -> None:
    """Connect and close, as a port scan and a health check do."""
    async with knock(port):
        pass


async def babble(port: int, noise: bytes) -> None:
    """Say something, listen a while, go."""
    async with knock(port) as (reader, writer):
        writer.write(noise)
        await writer.drain()
        async with asyncio.timeout(0.5):
            await reader.read(1000)


async def dawdle(port: int) -> None:
    """Send a header letter by letter, and never its end."""
    async with knock(port) as (_, writer):
        for letter in HEADER * 3:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.05)


async def disturb(port: int, until: asyncio.Event) -> int:
    rounds = 0
    while not until.is_set():
        crowd = [scan(port) for _ in range(20)] + [babble(port, noise) for noise in NOISE]
        await asyncio.gather(*crowd, return_exceptions=True)
        rounds += 1
    return rounds


async def test_calls_go_on_untouched(
    engine: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        noise = group.create_task(disturb(engine.port, over))
        slow = [group.create_task(dawdle(engine.port)) for _ in range(10)]
        keys = {caller(): f"{n}12345 w0.4 6789 w0.4 {n}{n}{n} w0.4 *0#" for n in range(6)}
        stories = await asyncio.gather(
            *(visit(engine, pbx, "1501", script, number) for number, script in keys.items())
        )
        over.set()
        for task in slow:
            task.cancel()
    assert noise.result() > 2
    pressed = {
        number: "".join(script.replace("w0.4", "").split()) for number, script in keys.items()
    }
    assert {story.summary.caller: story.keys for story in stories} == pressed
    assert not [story for story in await engine.stories() if story.summary.caller is None]
