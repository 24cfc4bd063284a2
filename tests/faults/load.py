"""Load by SIPp: many calls that press keys, and what they cost.

SIPp is a program of its own (Debian's sip-tester, GPL). As an ordinary user it may not open the raw
socket that its `play_dtmf` needs, so the keys travel as SIP INFO; its `rtp_stream` uses ordinary
sockets, so sound flows in both directions as in any call.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.asterisk.pbx.config import CONF

DIGITS = "123456789"
FRAME = b"\xff" * 160

_REQUEST = """{method} sip:1501@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]t[call_number]
To: <sip:1501@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/{kind}
Content-Length: [len]

{body}"""

_SDP = """v=0
o=load 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000"""


@dataclass(frozen=True)
class Load:
    """`calls` in all, `rate` new ones in a second, each of `keys` keys and a last #, `pause`
    milliseconds apart."""

    calls: int
    rate: int
    keys: int = 8
    pause: int = 1000

    @property
    def seconds(self) -> float:
        """From the first INVITE to the last BYE, when nothing is late."""
        return self.calls / self.rate + (self.keys + 1) * self.pause / 1000


@dataclass(frozen=True)
class Result:
    """What became of it: SIPp's exit code (0: every call went as it should) and its complaints."""

    code: int
    said: str
    pressed: dict[str, str]
    """The keys by caller."""


async def run_load(load: Load, port: int, directory: Path, seed: int = 1) -> Result:
    """Have the calls made to the Asterisk at `port` of the loopback."""
    pressed = _draw(load, random.Random(seed), seed)
    _prepare(load, pressed, directory)
    process = await asyncio.create_subprocess_exec(
        *_command(load, port),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TERM": "dumb"},
    )
    try:
        async with asyncio.timeout(load.seconds + 40):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Result(process.returncode or 0, _complaints(directory) or said.decode()[-2000:], pressed)


def copy_conf(directory: Path) -> Path:
    """The configuration as it is shipped, but for the module that reads keys from SIP INFO."""
    shutil.copytree(CONF, directory)
    modules = directory / "modules.conf"
    text, module = modules.read_text(), "load = res_pjsip_dtmf_info.so"
    assert f"\n;{module}" in text
    modules.write_text(text.replace(f"\n;{module}", f"\n{module}"))
    return directory


def _prepare(load: Load, pressed: Mapping[str, str], directory: Path) -> None:
    directory.mkdir()
    rows = [";".join((caller, *keys)) for caller, keys in pressed.items()]
    (directory / "calls.csv").write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
    (directory / "call.xml").write_text(_write_scenario(load))
    (directory / "silence.ulaw").write_bytes(FRAME * 50)


def _complaints(directory: Path) -> str:
    return "".join(path.read_text()[:2000] for path in directory.glob("*_errors.log"))


def _draw(load: Load, chance: random.Random, seed: int) -> dict[str, str]:
    callers = (f"0813{seed:03}{number:06}" for number in range(load.calls))
    return {caller: "".join(chance.choices(DIGITS, k=load.keys)) + "#" for caller in callers}


def _command(load: Load, port: int) -> Sequence[str]:
    return (
        *("sipp", f"127.0.0.1:{port}", "-sf", "call.xml", "-inf", "calls.csv"),
        *("-i", "127.0.0.1", "-mi", "127.0.0.1"),
        *("-m", str(load.calls), "-r", str(load.rate), "-l", str(load.calls)),
        *("-nostdin", "-trace_err", "-timeout", f"{load.seconds + 30:.0f}s", "-timeout_error"),
    )


def _write_scenario(load: Load) -> str:
    presses = "".join(_press(number, load.pause) for number in range(1, load.keys + 2))
    invite = _REQUEST.format(method="INVITE", tag="", cseq=1, kind="sdp", body=_SDP)
    ack = _REQUEST.format(method="ACK", tag="[peer_tag_param]", cseq=1, kind="sdp", body="")
    return f"""<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="load">
<send retrans="500"><![CDATA[
{invite}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="true"/>
<send><![CDATA[
{ack}
]]></send>
<nop><action><exec rtp_stream="silence.ulaw,-1,0"/></action></nop>
{presses}<recv request="BYE" timeout="15000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


def _press(number: int, pause: int) -> str:
    body = f"Signal=[field{number}]\nDuration=100"
    info = _REQUEST.format(
        method="INFO", tag="[peer_tag_param]", cseq=number + 1, kind="dtmf-relay", body=body
    )
    return f"""<pause milliseconds="{pause}"/>
<send retrans="500"><![CDATA[
{info}
]]></send>
<recv response="200"/>
"""
