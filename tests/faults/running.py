"""A running service of one test, on a real Asterisk, and what its pages say."""

from __future__ import annotations

import asyncio
import itertools
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from tests.telephony.conftest import SHORT
from tests.telephony.engine import SERVE, Engine, find_port

NewCaller = Callable[[], str]
Make = Callable[..., Engine]


@pytest.fixture
def flows() -> Path:
    """The flows of the service; a module that has others defines this anew."""
    return SHORT


@pytest.fixture
def make(tmp_path: Path, pbx: Instance, flows: Path) -> Iterator[Make]:
    """Makes a running service of this test alone; calls go to its engines."""
    made: list[Engine] = []

    def start(engines: int = 1, **settings: str) -> Engine:
        told = {"IVR_STATUS_PORT": str(find_port()), "IVR_LOG": "text", **settings}
        program = (*SERVE, "--engines", str(engines))
        port = find_ports(engines)
        engine = Engine(tmp_path / "s", flows, program, port, told)
        point_at(pbx, *(f"agi://127.0.0.1:{one}/call" for one in range(port, port + engines)))
        made.append(engine)
        engine.start()
        return engine

    yield start
    for engine in made:
        engine.stop(within=40)


def find_ports(number: int) -> int:
    """The first of so many TCP ports in a row that are free now."""
    while True:
        first = find_port()
        try:
            for port in range(first, first + number):
                with socket.socket() as taken:
                    taken.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


async def until(true: Callable[[], bool]) -> None:
    """Wait for what other processes bring about; the test's own time-out bounds it."""
    for _ in itertools.takewhile(lambda _: not true(), itertools.count()):
        await asyncio.sleep(0.02)


def fetch(engine: Engine, page: str) -> tuple[int, str]:
    """A status page: code and text."""
    address = f"http://127.0.0.1:{engine.settings['IVR_STATUS_PORT']}/{page}"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with closing(refused):
            return refused.code, refused.read().decode()


async def metric(engine: Engine, sample: str) -> float:
    """The value of a sample, 0 when there is none."""
    _, text = await asyncio.to_thread(fetch, engine, "metrics")
    return next(
        (float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(sample)), 0
    )


async def reach(engine: Engine, sample: str, value: float) -> None:
    """Wait until a sample has this value: gauges are set four times a second."""
    for _ in itertools.count():
        if await metric(engine, sample) == value:
            return
        await asyncio.sleep(0.05)
