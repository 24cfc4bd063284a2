"""What the configuration shows of a call to the manager interface and to the logs: no keys."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.phone.agent import Phone

pytestmark = pytest.mark.telephony

KEYS = "7391640825"

ANSWERS = {"FullyBooted", "CoreShowChannel", "CoreShowChannelsComplete"}
"""What Asterisk sends to whoever logs in or asks, and calls an event all the same."""


class Manager:
    """A session of the account that the engine uses, which keeps every line it hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heard = ""

    async def act(self, *lines: str, until: str = "Response: ") -> str:
        """Send an action, if any; return the first block that holds `until`."""
        if lines:
            self._writer.write("\r\n".join((*lines, "", "")).encode())
        while True:
            block = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            self.heard += block
            if until in block:
                return block


async def test_recording_is_muted_and_keys_stay_private(pbx: Instance, tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    recorded = asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readline()).strip():
            pass
        for command in ("ANSWER", f"EXEC MixMonitor {recording}", "GET DATA silence/1 5000 10"):
            if command.startswith("GET"):
                recorded.set()
            writer.write(command.encode() + b"\n")
            assert (await reader.readline()).startswith(b"200 ")
        writer.write(b"SET VARIABLE IVR_DONE finished\n")
        assert await reader.readline() == b"200 result=1\n"
        writer.close()

    server = await asyncio.start_server(engine, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.ports.ami)
    async with server, Phone() as phone:
        await asyncio.to_thread(
            point_at, pbx, f"agi://127.0.0.1:{server.sockets[0].getsockname()[1]}/call"
        )
        manager = Manager(reader, writer)
        await reader.readline()
        login = ("Action: Login", "Username: ivr", f"Secret: {pbx.ami_secret}")
        assert "Success" in await manager.act(*login)
        call = await phone.dial("1500", port=pbx.ports.sip)
        await call.answered()
        await recorded.wait()
        shown = await manager.act("Action: CoreShowChannels", until="Event: CoreShowChannel\r\n")
        channel = next(line for line in shown.splitlines() if line.startswith("Channel: "))
        mute = ("Action: MixMonitorMute", channel, "Direction: both", "State: 1")
        assert "Success" in await manager.act(*mute)
        await call.press(KEYS)
        await manager.act(until="Event: Hangup\r\n")
        await call.ended(within=3)
    writer.close()
    assert recording.stat().st_size > 44
    told = set(re.findall(r"^Event: (.*?)\r$", manager.heard, re.MULTILINE))
    assert told - ANSWERS == {"Hangup"}
    assert KEYS not in manager.heard
    logs = [path.read_text() for path in (pbx.directory / "log").rglob("*") if path.is_file()]
    assert logs
    assert not [text for text in logs if KEYS in text]
