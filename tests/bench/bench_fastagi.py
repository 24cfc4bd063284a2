"""Our FastAGI server and a bare panoramisk loop under the same load: `python -m` this module.

Server and load are processes of their own. The runs alternate; each has two parts:
  flood    50 calls, every reply at once              → commands a second of server CPU
  steady   200 calls, a reply every 0.2 s per call  → turn-around: reply → next command
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

import uvloop
from panoramisk.fast_agi import Application, Request

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession, Limits, serve
from tests.fastagi_peer import HEADER

PLAY = command.stream_file("menu", "123", duration=3)
REPLY = b"200 result=49 endpos=8000\n"
SERVERS = ("ours", "panoramisk")


class Caller(asyncio.Protocol):
    """One call, seen from Asterisk: replies to every command after a pause."""

    def __init__(self, gaps: list[float], pause: float) -> None:
        self.gaps = gaps
        self.pause = pause
        self.replied_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self.transport.write(HEADER)

    def data_received(self, data: bytes) -> None:
        if self.replied_at:
            self.gaps.append(time.perf_counter() - self.replied_at)
        if self.pause:
            asyncio.get_running_loop().call_later(self.pause * random.uniform(0.5, 1.5), self.reply)
        else:
            self.reply()

    def reply(self) -> None:
        self.replied_at = time.perf_counter()
        self.transport.write(REPLY)


async def load(port: int, calls: int, pause: float, seconds: float) -> None:
    """Print the turn-arounds of one run as JSON."""
    loop = asyncio.get_running_loop()
    gaps: list[float] = []
    made = [
        await loop.create_connection(lambda: Caller(gaps, pause), "127.0.0.1", port)
        for _ in range(calls)
    ]
    await asyncio.sleep(0.3)
    gaps.clear()
    await asyncio.sleep(seconds)
    print(json.dumps(gaps))
    for transport, _ in made:
        transport.abort()


async def serve_ours() -> None:
    async def handler(session: AgiSession) -> None:
        while True:
            await session.command(PLAY)

    limits = Limits(calls_per_second=1e6, burst=10_000)
    async with serve(handler, port=0, limits=limits) as server:
        await stay(server.port)
        await server.drain(0)


async def serve_panoramisk() -> None:
    line = PLAY.line.decode().rstrip("\n")

    async def handler(request: Request) -> None:
        while True:
            await request.send_command(line)

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("hotline/tax?test=1", handler)
    async with await asyncio.start_server(
        application.handler, "127.0.0.1", 0, backlog=1024
    ) as server:
        await stay(server.sockets[0].getsockname()[1])


async def stay(port: int) -> None:
    """Tell the port, then answer every line of standard input with the CPU seconds used so far."""
    print(port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(time.process_time(), flush=True)


class Server:
    """A server process, and what it has cost."""

    def __init__(self, name: str, loop: str) -> None:
        arguments = [sys.executable, "-m", "tests.bench.bench_fastagi", "--serve", name]
        self.process = subprocess.Popen(
            [*arguments, "--loop", loop],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self.port = int(self.read())

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def cpu(self) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.read())

    def run(self, calls: int, pause: float, seconds: float) -> tuple[list[float], float]:
        """Return the turn-arounds and the commands a CPU second of one run."""
        before = self.cpu()
        arguments = [sys.executable, "-m", "tests.bench.bench_fastagi", "--load", str(self.port)]
        arguments += [str(calls), str(pause), str(seconds)]
        done = subprocess.run(
            arguments, capture_output=True, check=True, text=True, cwd=ROOT, timeout=30
        )
        gaps: list[float] = json.loads(done.stdout)
        return gaps, len(gaps) / (self.cpu() - before)

    def stop(self) -> None:
        try:
            self.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


ROOT = Path(__file__).parents[2]


def percentiles(gaps: list[float]) -> str:
    ordered = sorted(gaps)
    marks = [(f"p{m:g}", ordered[int(len(ordered) * m / 100)] * 1000) for m in (50, 99, 99.9)]
    return ", ".join(f"{name} {value:.2f} ms" for name, value in marks)


def measure(rounds: int, loop: str) -> None:
    floods: dict[str, list[float]] = {name: [] for name in SERVERS}
    wall: dict[str, list[float]] = {name: [] for name in SERVERS}
    steady: dict[str, list[float]] = {name: [] for name in SERVERS}
    servers = {name: Server(name, loop) for name in SERVERS}
    try:
        for turn in range(rounds):
            for name in SERVERS if turn % 2 == 0 else reversed(SERVERS):
                gaps, per_cpu = servers[name].run(50, 0, 2.0)
                floods[name].append(per_cpu)
                wall[name].append(len(gaps) / 2.0)
                steady[name] += servers[name].run(200, 0.2, 3.0)[0]
    finally:
        for server in servers.values():
            server.stop()
    print(f"{rounds} alternating runs, both servers on {loop}")
    for name in SERVERS:
        cpu = statistics.median(floods[name])
        print(f"{name:>11}  flood: {cpu:8,.0f} commands a CPU second, "
              f"{statistics.median(wall[name]):8,.0f} a second of wall clock")  # fmt: skip
        print(f"{'':>11}  steady: {percentiles(steady[name])} ({len(steady[name])} turns)")
    ratio = statistics.median(floods["ours"]) / statistics.median(floods["panoramisk"])
    print(f"      ratio  ours to panoramisk, commands a CPU second: {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    work: Coroutine[Any, Any, None]
    if chosen.serve:
        logging.disable()  # panoramisk logs a traceback for every call that ends
        work = serve_ours() if chosen.serve == "ours" else serve_panoramisk()
    elif chosen.load:
        port, calls, pause, seconds = chosen.load
        work = load(int(port), int(calls), float(pause), float(seconds))
    else:
        measure(chosen.rounds, chosen.loop)
        return
    if chosen.loop == "uvloop":
        uvloop.run(work)
    else:
        asyncio.run(work)


if __name__ == "__main__":
    main()
