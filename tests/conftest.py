"""What all tests share: hypothesis without deadlines, tiny bundles, `--update` for golden files."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from ivr.flow.bundle import Bundle
from tests.postgres import Cluster
from tests.talk import Talk, load_texts, write_flow

# A shell's background job ignores SIGINT, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run; new ones where time is spent on finding faults.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("soak", deadline=None)
settings.load_profile("soak" if os.environ.get("IVR_SOAK") else "steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="Rewrite the golden calls.")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this worker's own, started when somebody asks for a database."""
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def load() -> Callable[..., Bundle]:
    """Bundles from nodes as YAML text: `load(MAIN, other=OTHER)` has the flows main and other."""

    def build(main: str, *, hotline: str = "", **flows: str) -> Bundle:
        files = {f"{name}.yaml": write_flow(name, nodes) for name, nodes in flows.items()}
        return load_texts({"main.yaml": write_flow("main", main), **files}, hotline)

    return build


@pytest.fixture
def talk(load: Callable[..., Bundle]) -> Callable[..., Talk]:
    """A call that has begun, on a bundle from nodes as YAML text."""

    def begin(main: str, *, hotline: str = "", **flows: str) -> Talk:
        return Talk(load(main, hotline=hotline, **flows))

    return begin
