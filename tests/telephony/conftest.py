"""A real Asterisk and real engines for the tests of this directory, on ports of their own.

Each worker has its own Asterisk, its own engines and its own state; only what does not change is
shared: the program of Asterisk and the rendered prompts.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import Instance, point_at, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk, install_asterisk
from tests.telephony.engine import ROOT, SLOW, Engine, manager_settings

HOME = ROOT / "var" / "asterisk"
"""Kept between runs, so that Asterisk is fetched once."""

SHORT = ROOT / "tests" / "data" / "flows" / "telephony"
"""Flows with short prompts and short waits."""

SHIPPED = ROOT / "flows"

RENDERING = 150.0
"""Seconds until an engine with the shipped flows listens, when none of its clips is there yet."""

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    """The Asterisk of this machine, installed privately when there is none."""
    return install_asterisk(HOME, mirror=os.environ.get("DEBIAN_MIRROR"))


@pytest.fixture(scope="session")
def pbx(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running Asterisk, shared by the tests of one worker.

    A test that brings an engine sends calls to it with `point_at(pbx, "agi://127.0.0.1:PORT/call")`.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    directory = tmp_path_factory.mktemp("pbx")
    yield start_instance(asterisk, directory, Settings(ports=find_ports(), name=f"test-{worker}"))
    stop_instance(directory)


@pytest.fixture
def caller() -> Callable[[], str]:
    """Numbers that have not called yet."""
    return lambda: f"08{os.getpid():08}{next(_numbers):05}"


@pytest.fixture(scope="session")
def _short(pbx: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    state = tmp_path_factory.mktemp("short")
    yield from _running(Engine(state, SHORT, SLOW, settings=manager_settings(pbx)))


@pytest.fixture(scope="session")
def _shipped(pbx: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    state = tmp_path_factory.mktemp("shipped")
    engine = Engine(state, SHIPPED, settings=manager_settings(pbx))
    yield from _running(engine, within=RENDERING)


def _running(engine: Engine, *, within: float = 60.0) -> Iterator[Engine]:
    engine.start(within)
    yield engine
    engine.stop()


@pytest.fixture
def engine(_short: Engine, pbx: Instance) -> Engine:
    """An engine with the short flows; calls go to it."""
    point_at(pbx, _short.address)
    return _short


@pytest.fixture
def shipped(_shipped: Engine, pbx: Instance) -> Engine:
    """An engine with the flows that come with the source; calls go to it."""
    point_at(pbx, _shipped.address)
    return _shipped


@pytest.fixture
def own_engine(tmp_path: Path, pbx: Instance) -> Iterator[Engine]:
    """An engine of this test alone, which it may kill; calls go to it."""
    engine = Engine(tmp_path / "engine", SHORT, SLOW, settings=manager_settings(pbx))
    point_at(pbx, engine.address)
    yield from _running(engine)
