"""How a local Asterisk ends: never left behind by a start that was broken off, never with a caller
cut off in the middle of a word."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import load_instance, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone import g711
from tests.telephony.conftest import HOME
from tests.telephony.engine import ROOT
from tests.telephony.served import Service

pytestmark = pytest.mark.telephony

STARTS = """\
import sys
from pathlib import Path
from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import start_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import find_asterisk
asterisk = find_asterisk(Path(sys.argv[1]))
print("starting", flush=True)
try:
    start_instance(asterisk, Path(sys.argv[2]), Settings(ports=find_ports()))
    print("started")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("after", [0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3])
def test_a_start_that_is_broken_off_leaves_nothing(
    asterisk: Asterisk, tmp_path: Path, after: float
) -> None:
    """Also in the moments between the fork of Asterisk and its pid file."""
    directory = tmp_path / "pbx"
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(HOME), str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "starting\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    if said == "started\n":  # it was too late
        assert stop_instance(directory)
    else:
        assert said == "interrupted\n"
    assert _processes(directory) == []
    again = start_instance(asterisk, directory, Settings(ports=find_ports()))
    assert load_instance(directory) == again
    stop_instance(directory)


@pytest.fixture
def service(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("s"))  # a socket's path is short
    yield service
    service.process.kill()
    service.process.wait()
    stop_instance(service.pbx)


async def test_callers_hear_the_apology_before_asterisk_is_stopped(
    service: Service, tmp_path: Path
) -> None:
    await service.say("Ctrl-C stops")
    answered = asyncio.Event()
    call = asyncio.create_task(service.call(answered, tmp_path / "heard.wav"))
    await answered.wait()
    service.process.send_signal(signal.SIGTERM)
    await service.say("stopping: waiting for 1 call, Ctrl-C again to stop now")
    assert (await call).ended_by == "far end"
    assert await service.end() == 0
    assert _processes(service.pbx) == []
    with wave.open(str(tmp_path / "heard.wav")) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    assert max(_likeness(heard, apology) for apology in service.apologies) > 0.95


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_second_signal_stops_at_once(
    service: Service, tmp_path: Path, number: signal.Signals
) -> None:
    await service.say("Ctrl-C stops")
    answered = asyncio.Event()
    call = asyncio.create_task(service.call(answered, tmp_path / "heard.wav"))
    await answered.wait()
    service.process.send_signal(number)
    await service.say("stopping: waiting for 1 call")
    service.process.send_signal(number)
    assert await service.end(within=8.0) == 130
    assert (await call).ended_by == "far end"
    assert service.faults.endswith("stopped\n")
    assert "Traceback" not in service.said
    assert _processes(service.pbx) == []


def _likeness(heard: NDArray[np.float64], apology: Path) -> float:
    """How alike the last half second of an apology is to the best place in what was heard."""
    last = g711.decode(g711.PCMU, apology.read_bytes())[-g711.RATE // 2 :].astype(np.float64)
    match = np.correlate(heard, last, "valid")
    power = np.convolve(heard**2, np.ones(len(last)), "valid") + 1.0
    return float(np.max(match / np.sqrt(power * np.sum(last**2))))


def _processes(directory: Path) -> list[str]:
    """The processes that were started with the configuration of this directory."""
    wanted = os.fsencode(directory / "etc" / "asterisk.conf")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            pass
    return found
