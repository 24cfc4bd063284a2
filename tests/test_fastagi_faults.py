"""Ten thousand malformed connections beside a live call, whose turns must not notice them."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from pathlib import Path

import pytest

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession, serve
from tests.fastagi_peer import HEADER, connect

_log = logging.getLogger(__name__)

STRANGERS = 10_000
TURNS = 400


def malformed(chance: random.Random) -> bytes:
    """What a port scanner, a lost browser, or a broken Asterisk might send."""
    kind = chance.randrange(6)
    match kind:
        case 0:
            return b""
        case 1:
            return chance.randbytes(chance.randrange(1, 400))
        case 2:
            return HEADER[: chance.randrange(1, len(HEADER))]
        case 3:
            return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        case 4:
            return HEADER.replace(b"agi_uniqueid", b"agi_channel")
        case _:
            return b"agi_" + b"x" * 9000


async def besiege(port: int, count: int) -> None:
    chance = random.Random(20260625)
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(malformed(chance))
        writer.close()
        await asyncio.gather(reader.read(), writer.wait_closed(), return_exceptions=True)


async def measure_turns(port: int, turns: int) -> list[float]:
    """Be Asterisk for one call; return the seconds from each reply to the next command."""
    gaps: list[float] = []
    async with connect(port) as asterisk:
        await asterisk.hear()
        for _ in range(turns):
            asterisk.say(b"200 result=0\n")
            sent = time.perf_counter()
            assert await asterisk.hear() == b"NOOP"
            gaps.append(time.perf_counter() - sent)
            await asyncio.sleep(0.01)
    return sorted(gaps)


def describe(gaps: list[float]) -> str:
    p50, p99 = gaps[len(gaps) // 2], gaps[len(gaps) * 99 // 100]
    return f"p50 {p50 * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms, longest {gaps[-1] * 1000:.2f} ms"


async def keep_asking(session: AgiSession) -> None:
    while True:
        await session.command(command.noop())


@pytest.mark.faults
@pytest.mark.timeout(120)
async def test_malformed_connections_do_not_touch_a_live_call() -> None:
    async with serve(keep_asking, port=0) as server:
        alone = await measure_turns(server.port, TURNS)
        strangers = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.test_fastagi_faults", str(server.port), str(STRANGERS),
            cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        beside = await measure_turns(server.port, TURNS)
        assert server.stats.accepted > STRANGERS / 20, "the siege had hardly begun"
        assert await strangers.wait() == 0
        async with connect(server.port) as after:
            assert await after.answer(b"200 result=0") == b"NOOP"
        assert sum(server.stats.refused.values()) == STRANGERS
        assert server.stats.failed == 0
    _log.info("turns alone: %s; besieged: %s", describe(alone), describe(beside))
    assert len(alone) == len(beside) == TURNS


if __name__ == "__main__":
    asyncio.run(besiege(int(sys.argv[1]), int(sys.argv[2])))
