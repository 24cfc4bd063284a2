"""What it costs Asterisk to listen for keys in the sound: `python -m tests.bench.bench_inband`.

Calls that only speak, held by an engine that waits, on `dtmf_mode` rfc4733 and inband; prints
Asterisk's CPU time for each second of a call.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from ivr.asterisk.pbx.config import CONF, Settings
from ivr.asterisk.pbx.instance import start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import install_asterisk
from ivr.asterisk.pbx.process import read_pid
from ivr.phone.agent import Phone
from ivr.phone.voice import make_voice
from tests.telephony.conftest import HOME

CALLS = 30
SECONDS = 8.0


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An engine that answers and waits for a key."""
    while (await reader.readline()).strip():
        pass
    writer.write(b"ANSWER\n")
    await reader.readline()
    writer.write(b"WAIT FOR DIGIT 60000\n")
    await reader.readline()
    writer.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(mode: str, place: Path) -> float:
    """Asterisk's CPU milliseconds for each second of a call."""
    conf = place / "conf"
    shutil.copytree(CONF, conf)
    pjsip = conf / "pjsip.conf"
    pjsip.write_text(pjsip.read_text().replace("dtmf_mode = rfc4733", f"dtmf_mode = {mode}"))
    asterisk = install_asterisk(HOME, mirror=os.environ.get("DEBIAN_MIRROR"))
    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    engine = f"agi://127.0.0.1:{server.sockets[0].getsockname()[1]}/call"
    settings = Settings(ports=find_ports(), engines=(engine,), name=f"bench-{mode}")
    pbx = start_instance(asterisk, place / "pbx", settings, conf=conf)
    try:
        async with server, Phone() as phone:
            calls = [await phone.dial("1500", port=pbx.ports.sip) for _ in range(CALLS)]
            for call in calls:
                await call.answered(within=20)
            pid = read_pid(pbx.directory)
            assert pid is not None
            begun = cpu_seconds(pid)
            voice = make_voice(SECONDS)
            await asyncio.gather(*(call.speak(voice) for call in calls))
            return (cpu_seconds(pid) - begun) / SECONDS / CALLS * 1000
    finally:
        await asyncio.to_thread(stop_instance, pbx.directory)


def main() -> None:
    for mode in ("rfc4733", "inband"):
        with tempfile.TemporaryDirectory(prefix="bench-") as place:
            spent = asyncio.run(measure(mode, Path(place)))
        print(f"{mode}: {spent:.2f} ms of CPU for each second of a call ({CALLS} calls)")


if __name__ == "__main__":
    main()
