"""How many calls one machine carries, and what gives way first: `python -m` this module.

SIPp calls at a rate that grows step by step (`tests/faults/load.py`); each call lasts about 11 s,
is recorded, presses nine keys, each of which is a turn. Beside them five telephones press keys as
RTP events with their thumbs. SIPp, telephones, Asterisk and engine share the machine. A step holds
when SIPp counts no failure, no call is missing in the journal, and no key is missing or double.

CPU is in processors: 1.00 is one of them all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    point_at,
    read_problems,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import install_asterisk
from ivr.phone.agent import Phone
from tests.bench.cpu import read_tree
from tests.faults.load import Load, copy_conf, run_load
from tests.faults.test_load import FLOWS, THUMBS, press_slowly
from tests.telephony.conftest import HOME
from tests.telephony.engine import Engine

RTP = 4000
"""Sound ports: two a call."""


async def climb(pbx: Instance, engine: Engine, directory: Path, rates: list[int]) -> None:
    print(f"{'rate':>5}{'calls':>7}{'failed':>8}{'missing':>9}{'lost':>6}{'double':>8}"
          f"{'Asterisk':>10}{'engine':>8}")  # fmt: skip
    for step, rate in enumerate(rates):
        if not await try_rate(pbx, engine, directory, step, rate):
            print("which gives way; the first complaints of Asterisk and of the engine:")
            tell_complaints(pbx, engine)
            return
    print("all of them hold")


def tell_complaints(pbx: Instance, engine: Engine) -> None:
    problems = [line for line in engine.log.read_text().splitlines() if '"info"' not in line]
    for line in (*read_problems(pbx)[:5], *problems[:5]):
        print(f"  {line[:300]}")


async def try_rate(pbx: Instance, engine: Engine, directory: Path, step: int, rate: int) -> bool:
    load = Load(10 * rate, rate, pause=1200)
    asterisk = int(pbx.pid_file.read_text())
    before, began = (read_tree(asterisk), read_tree(engine.pid)), time.monotonic()
    callers = [f"0815{step:03}{number:03}" for number in range(THUMBS)]
    async with Phone() as phone, asyncio.TaskGroup() as group:
        slow = [
            group.create_task(press_slowly(phone, pbx.ports.sip, caller, seed))
            for seed, caller in enumerate(callers)
        ]
        result = await run_load(load, pbx.ports.sip, directory / str(step), seed=step)
    took = time.monotonic() - began
    asterisk_cpu = (read_tree(asterisk) - before[0]) / took
    engine_cpu = (read_tree(engine.pid) - before[1]) / took
    pressed = result.pressed | {
        caller: one.result() for caller, one in zip(callers, slow, strict=True)
    }
    missing, lost, double = await compare(engine, pressed)
    failed = 0 if result.code == 0 else result.said.count("Aborting call") or 1
    print(f"{rate:5}{load.calls:7}{failed:8}{missing:9}{lost:6}{double:8}"
          f"{asterisk_cpu:10.2f}{engine_cpu:8.2f}", flush=True)  # fmt: skip
    if failed:
        print(f"  {result.said[:400]}")
    return not failed + missing + lost + double


async def compare(engine: Engine, pressed: Mapping[str, str]) -> tuple[int, int, int]:
    """Calls that are not whole in the journal; keys that are missing and that are too many."""
    await asyncio.sleep(3)
    read = {one.summary.caller: one.keys for one in await engine.stories() if one.summary.ended}
    missing = [caller for caller in pressed if caller not in read]
    more = [len(read[caller]) - len(keys) for caller, keys in pressed.items() if caller in read]
    return len(missing), -sum(min(one, 0) for one in more), sum(max(one, 0) for one in more)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 20, 30, 40, 50])
    rates = parser.parse_args().rates
    with tempfile.TemporaryDirectory(prefix="load") as home:
        directory, found = Path(home), find_ports()
        ports = replace(found, rtp_last=min(found.rtp_first + RTP, 65000))
        settings = Settings(ports=ports, name="load")
        conf = copy_conf(directory / "conf")
        pbx = start_instance(install_asterisk(HOME), directory / "pbx", settings, conf=conf)
        try:
            engine = Engine(directory / "engine", FLOWS, settings={"IVR_SPOOL_MEGABYTES": "64"})
            engine.start()
            point_at(pbx, engine.address)
            asyncio.run(climb(pbx, engine, directory, rates))
            engine.stop()
        finally:
            stop_instance(pbx.directory)


if __name__ == "__main__":
    main()
