"""No room for recordings while calls are recorded: one that is cut off never counts as whole.

Asterisk's files may not grow beyond a size (RLIMIT_FSIZE, which is inherited): its writes then fail
as they do on a full disk, without the rights that a small disk of its own would take.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import Instance, point_at, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.agent import Phone
from tests.faults.running import metric
from tests.telephony.conftest import SHORT
from tests.telephony.engine import Engine, find_port
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

ROOM = 160 << 10
"""Bytes of a file: ten seconds of a recording, and more than Asterisk writes elsewhere."""

ENOUGH = 14.0
"""Seconds of a call that is recorded for longer."""


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """What is started in the block gets an error where a file would grow beyond `most` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def full(asterisk: Asterisk, tmp_path: Path) -> Iterator[tuple[Instance, Engine]]:
    """An Asterisk whose recordings end early, and its engine."""
    with small_files(ROOM):
        pbx = start_instance(asterisk, tmp_path / "pbx", Settings(ports=find_ports(), name="full"))
    engine = Engine(tmp_path / "engine", SHORT, settings={"IVR_STATUS_PORT": str(find_port())})
    engine.start()
    point_at(pbx, engine.address)
    yield pbx, engine
    stop_instance(pbx.directory)
    engine.stop()


async def test_a_recording_that_was_cut_off_is_called_short(full: tuple[Instance, Engine]) -> None:
    pbx, engine = full
    async with Phone() as phone:
        call = await call_up(phone, pbx, "1505", "081200000002")
        await call.wait(ENOUGH)
        await call.press("1")
        assert (await call.ended(within=20)).by == "far end"
    story = await engine.story("081200000002", noted="recording.short", within=30)
    assert story.summary.outcome == "rekaman"
    assert "recording.sealed" not in story.noted
    [short] = story.all("recording.short")
    assert all(leg["length"] < short["expected"] - 1000 for leg in short["legs"].values())
    assert await metric(engine, 'ivr_recordings_total{state="short"}') == 1
    engine.check_store()
