"""`ivr serve --with-pbx` as an operator starts it, for the tests of this directory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from ivr.asterisk.pbx.ports import find_ports
from ivr.phone.script import CallReport, Handset, run_call
from tests.telephony.conftest import HOME, SHIPPED
from tests.telephony.engine import ROOT, SOUNDS, find_port


class Service:
    """`ivr serve --with-pbx` with a state of its own."""

    def __init__(self, state: Path, **settings: str) -> None:
        (state / "asterisk").mkdir(parents=True)
        (state / "asterisk" / "prefix").symlink_to(HOME / "prefix")
        SOUNDS.mkdir(parents=True, exist_ok=True)
        (state / "sounds").symlink_to(SOUNDS)
        self.ports = find_ports()
        self.pbx = state / "asterisk" / "instance"
        self.state = state
        self._told, self._log = state / "serve.txt", state / "serve.log"
        self.environment = {
            **os.environ,
            "IVR_FLOWS": str(SHIPPED),
            "IVR_AGI_PORT": str(find_port()),
            "IVR_STATUS_PORT": "0",
            "IVR_DRAIN": "10",
            **settings,
        }
        command = [sys.executable, "-m", "ivr", "--state", str(state), "serve", "--with-pbx"]
        command += ["--sip-port", str(self.ports.sip), "--ami-port", str(self.ports.ami)]
        command += ["--rtp", f"{self.ports.rtp_first}-{self.ports.rtp_last}"]
        with self._told.open("wb") as told, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=log,
            )

    @property
    def apologies(self) -> list[Path]:
        """The apology in each language: a caller hears the one that was spoken last."""
        return list((self.state / "last-words").glob("*/apology.ulaw"))

    @property
    def said(self) -> str:
        return self._told.read_text() + self.faults

    @property
    def faults(self) -> str:
        """What stands on standard error: the log, and the fault that ended it."""
        return self._log.read_text()

    @property
    def logged(self) -> list[dict[str, object]]:
        """The log, while it runs: nothing but JSON lines."""
        return [json.loads(line) for line in self.faults.splitlines()]

    async def say(self, words: str, within: float = 60.0) -> None:
        """Wait until it says this."""
        limit = time.monotonic() + within
        while words not in self.said:
            assert self.process.poll() is None, self.said[-2000:]
            assert time.monotonic() < limit, self.said[-2000:]
            await asyncio.sleep(0.01)

    async def end(self, within: float = 30.0) -> int:
        """Wait for its end; return the exit code."""
        return await asyncio.to_thread(self.process.wait, within)

    async def call(self, answered: asyncio.Event, heard: Path) -> CallReport:
        """Somebody who calls, presses nothing and stays until the far end hangs up."""
        handset = Handset(port=self.ports.sip, record=heard, stay=60.0)
        return await run_call("1500", "", handset, lambda line: answered.set())
