"""The README's newcomer: a caller is handed to `ivr officer`, and the journal tells of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ivr.asterisk.pbx.instance import stop_instance
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone.script import Handset, run_call
from ivr.phone.sockets import open_udp
from tests.telephony.engine import ROOT
from tests.telephony.served import Service

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(180)]

ANY_HOUR = "w0.5 1 8 2 4"
"""Keys to an officer by the way that knows no hours."""


def find_port() -> int:
    """A UDP port of the loopback that is free now."""
    with open_udp("127.0.0.1") as free:
        return int(free.getsockname()[1])


@pytest.fixture
def service(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose only officer is Ani."""
    service = Service(tmp_path_factory.mktemp("s"), IVR_OFFICERS=f"ani:{find_port()}")
    yield service
    service.process.kill()
    service.process.wait()
    stop_instance(service.pbx)


async def run(service: Service, *words: str) -> asyncio.subprocess.Process:
    """`ivr` with the state of the service, and its settings."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ivr", "--state", str(service.state), *words),
        cwd=ROOT,
        env=service.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


async def test_a_newcomer_hears_an_officer(service: Service) -> None:
    await service.say("Ctrl-C stops")
    officer = await run(service, "officer", "--rings", "0.5", "--talks", "3", "--calls", "1")
    assert officer.stdout is not None
    while b"on duty" not in (line := await officer.stdout.readline()):
        assert line, "the officer is not on duty"
    heard: list[str] = []
    handset = Handset(port=service.ports.sip, stay=60.0)
    report = await run_call("1500", ANY_HOUR, handset, heard.append)
    assert (report.status, report.ended_by) == (200, "far end")
    told = (await officer.communicate())[0].decode()
    assert officer.returncode == 0, told
    assert "path shared/opening.languages.indonesian" in told
    assert "health.main.mental" in told
    assert told.endswith("the officer hung up\nani is off duty\n")
    shown = (await (await run(service, "calls", "show", "last")).communicate())[0].decode()
    assert "handed to officers" in shown
    assert "an officer answered" in shown
    assert "engine is up" in [line["event"] for line in service.logged]


async def test_an_officer_whom_asterisk_does_not_know_is_told_so(service: Service) -> None:
    await service.say("Ctrl-C stops")
    service.environment["IVR_OFFICERS"] = f"budi:{find_port()}"
    told = (await (await run(service, "officer")).communicate())[0].decode()
    assert "the Asterisk that runs has no officer 'budi'" in told
    assert "Traceback" not in told
