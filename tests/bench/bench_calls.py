"""Whole telephone calls with our engine and with a bare panoramisk loop: `python -m` this module.

Real SIP calls by `ivr.phone`, many at once, to a private Asterisk. In each the caller hears a short
prompt, presses a key when it is over, and hears the prompt again. Three servers take turns:
  recorded     our engine; Asterisk records the whole call (MixMonitor, three files)
  unrecorded   our engine, the same menu without a recording
  panoramisk   a `panoramisk.fast_agi.Application` on uvloop: ANSWER, then one GET DATA a key
Asterisk, dialplan, telephone, sound and number of keys are the same. What is done is not: our
engine makes every turn durable (fsync) before it acts, encrypts and hashes it, reads the store of
keys around each command and listens between two commands; the bare loop does nothing of this, and
loses a key that comes between two commands. Its row is the floor under ours, not another product.

Printed:
  key → sound   from the last packet of the key to the first audible packet of the next prompt, both
                at the telephone: with Asterisk's time in it, and a grain of 20 ms
  CPU a call    user and system time of a process and its children in a run (/proc/<pid>/stat, grain
                10 ms) by its calls, idle time of the run included
The engine's own part of key → sound is not in the journal, whose turns have one time only; the
difference between two rows is the nearest to it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from panoramisk.fast_agi import Application, Request

from ivr.asterisk.pbx.config import Settings as PbxSettings
from ivr.asterisk.pbx.instance import Instance, point_at, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import install_asterisk
from ivr.config import Settings
from ivr.engine.engine import advance, begin
from ivr.engine.outcomes import Started
from ivr.engine.steps import Menu
from ivr.flow.loader import load_directory
from ivr.phone.agent import Phone
from ivr.sounds import open_library
from tests.bench.cpu import read_cpu, read_tree
from tests.telephony.conftest import HOME
from tests.telephony.engine import ROOT, Engine, find_port

FLOWS = ROOT / "tests" / "data" / "flows" / "kill"
APART = 0.1
"""Seconds between the beginnings of two calls."""

SETTLE = 1.5
"""Seconds after the last call in which its server may finish: recordings are sealed."""


@dataclass
class Server:
    """Who answers, and what was measured. `last` is the key that ends a call.

    `pid` None: nobody but Asterisk.
    """

    name: str
    number: str
    address: str
    pid: int | None
    last: str
    waits: list[float] = field(default_factory=list)
    calls: int = 0
    cpu: float = 0.0
    pbx_cpu: float = 0.0


async def call_up(
    server: Server, phone: Phone, port: int, keys: int, seed: int, pause: float
) -> None:
    """One call; notes the seconds from each key to the next sound. `pause` seconds before a key."""
    chance = random.Random(seed)
    await asyncio.sleep(APART * seed)
    call = await phone.dial(server.number, port=port, caller=f"0811{seed:06}")
    await call.answered(within=20)
    await call.wait_sound(since=0)
    for _ in range(keys):
        await call.wait_quiet(200)
        await call.wait(pause + chance.uniform(0.05, 0.3))
        (press,) = await call.press("1")
        server.waits.append(await call.wait_sound(since=press.ended) - press.ended)
    await call.wait_quiet(200)
    await call.press(server.last)
    await call.ended(within=20)


async def run(server: Server, pbx: Instance, calls: int, keys: int, pause: float = 0.0) -> None:
    """Calls at once to one server, with what they cost."""
    point_at(pbx, server.address)
    asterisk = int(pbx.pid_file.read_text())
    cpu, pbx_cpu = _read_server(server), read_cpu(asterisk)
    async with Phone() as phone, asyncio.TaskGroup() as group:
        for seed in range(calls):
            group.create_task(call_up(server, phone, pbx.ports.sip, keys, seed, pause))
    await asyncio.sleep(SETTLE)
    server.cpu += _read_server(server) - cpu
    server.pbx_cpu += read_cpu(asterisk) - pbx_cpu
    server.calls += calls


def _read_server(server: Server) -> float:
    return 0.0 if server.pid is None else read_tree(server.pid)


@contextmanager
def local_pbx(directory: Path) -> Iterator[Instance]:
    asterisk = install_asterisk(HOME, mirror=os.environ.get("DEBIAN_MIRROR"))
    yield start_instance(asterisk, directory, PbxSettings(ports=find_ports(), name="bench"))
    stop_instance(directory)


@contextmanager
def our_engine(state: Path) -> Iterator[Engine]:
    engine = Engine(state, FLOWS)
    engine.start()
    yield engine
    engine.stop()


@contextmanager
def bare_loop(sound: Path, keys: int) -> Iterator[tuple[str, int]]:
    """The address and the process of a panoramisk server."""
    port = find_port()
    arguments = ["-m", "tests.bench.bench_calls", "--bare", str(port), str(sound), str(keys)]
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    process.stdout.readline()
    yield f"agi://127.0.0.1:{port}/call", process.pid
    process.kill()
    process.communicate()


async def serve_bare(port: int, sound: str, keys: int) -> None:
    async def handler(request: Request) -> None:
        await request.send_command("ANSWER")
        for _ in range(keys + 1):
            await request.send_command(f'GET DATA "{sound}" 20000 1')
        await request.send_command("SET VARIABLE IVR_DONE done")

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("call", handler)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=1024)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def find_sound(engine: Engine, number: str, *, tail: bool = False) -> Path:
    """The prompt that our engine plays to who dials the number, or with `tail` the file with it."""
    bundle = load_directory(FLOWS)
    started = Started(number)
    now = datetime.now(UTC)
    step = advance(bundle, begin(bundle, "bench", started, now), started, now).step
    assert isinstance(step, Menu)
    settings = Settings(state=engine.state, flows=FLOWS, prompts=ROOT / "prompts")
    return open_library(settings).join(step.utterances, tail=tail).path


def measure(calls: int, keys: int, rounds: int) -> None:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        pbx = stack.enter_context(local_pbx(home / "pbx"))
        engine = stack.enter_context(our_engine(home / "engine"))
        address, pid = stack.enter_context(bare_loop(find_sound(engine, "1507"), keys))
        servers = [
            Server("recorded", "1506", engine.address, engine.pid, "#"),
            Server("unrecorded", "1507", engine.address, engine.pid, "#"),
            Server("panoramisk", "1507", address, pid, "1"),
        ]
        for turn in range(rounds):
            for server in servers if turn % 2 == 0 else reversed(servers):
                asyncio.run(run(server, pbx, calls, keys))
        engine.check_store()
        [(ended,)] = engine.query("SELECT count(*) FROM call WHERE outcome = 'tangga'")
        assert ended == sum(server.calls for server in servers[:-1])
    report(servers, f"{rounds} alternating runs of {calls} calls at once, {keys + 1} keys in each")


def report(servers: list[Server], what: str) -> None:
    print(what)
    print(f"{'':>12}{'key → sound, ms':>32}{'':>12}{'CPU a call, ms':>20}")
    print(
        f"{'':>12}{'p50':>8}{'p95':>8}{'p99':>8}{'p99.9':>8}{'keys':>8}{'server':>12}{'Asterisk':>12}"
    )
    for one in servers:
        waits = sorted(one.waits)
        marks = [1000 * waits[int(len(waits) * part)] for part in (0.5, 0.95, 0.99, 0.999)]
        costs = [1000 * cost / one.calls for cost in (one.cpu, one.pbx_cpu)]
        print(f"{one.name:>12}" + "".join(f"{mark:8.0f}" for mark in marks)
              + f"{len(waits):8}" + "".join(f"{cost:12.1f}" for cost in costs))  # fmt: skip
    bare = servers[-1]
    for one in servers[:-1]:
        print(f"{one.name} to panoramisk: {median(one) / median(bare):.2f} key → sound (p50), "
              f"{one.cpu / bare.cpu:.1f} server CPU, "
              f"{one.pbx_cpu / bare.pbx_cpu:.2f} Asterisk CPU")  # fmt: skip


def median(server: Server) -> float:
    return sorted(server.waits)[len(server.waits) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20, help="at once")
    parser.add_argument("--keys", type=int, default=15, help="in each call, before the last one")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        logging.disable()  # panoramisk logs a traceback for every call that ends
        port, sound, keys = chosen.bare
        uvloop.run(serve_bare(int(port), sound, int(keys)))
    else:
        measure(chosen.calls, chosen.keys, chosen.rounds)


if __name__ == "__main__":
    main()
