"""A real Asterisk for the tests of this directory, on ports of its own for each worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import Instance, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk, install_asterisk

HOME = Path(__file__).resolve().parents[2] / "var" / "asterisk"
"""Kept between runs, so that Asterisk is fetched once."""


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
