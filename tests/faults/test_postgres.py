"""PostgreSQL is stopped as by a crash, started again, and cut off while it commits.

Whatever was acknowledged is in the database in the end, once, in order, and nobody waited for it
longer than the spool lets anybody wait. IVR_SOAK=1 does it more often and prints figures.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.phone.agent import Phone
from ivr.store.postgres_reader import PostgresReader
from tests.faults.acks import Ack, compare, hear, running, take_spooled, told_of
from tests.faults.proxy import running_proxy
from tests.faults.running import find_ports
from tests.faults.spool_process import CALLS, write_to_server
from tests.journal_samples import open_spooled
from tests.postgres import Cluster
from tests.telephony.conftest import SHORT
from tests.telephony.engine import SERVE, Engine
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SOAK = bool(os.environ.get("IVR_SOAK"))
SEEDS = 25 if SOAK else 2
STOPS = 3
CUTS = 30 if SOAK else 10
TURNS = 150


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.spool_process"])
    return context


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server that a test may stop."""
    cluster = Cluster()
    yield cluster
    cluster.close()


async def _compare(place: Path, server: Cluster, address: str, acks: Iterable[Ack]) -> int:
    """All that was acknowledged is there, see `compare`; returns how many outages there were."""
    async with open_spooled(place, address=address) as journal:
        assert journal.state().store == "here"
        assert journal.state().refused == 0
    told = server.ask(address, "SELECT seq, call, n FROM record ORDER BY seq").splitlines()
    rows = [
        (int(seq), call or None, int(n) if n else None)
        for seq, call, n in (line.split("|") for line in told)
    ]
    async with PostgresReader(address, place / "master.key") as reader:
        await compare(rows, reader, acks)
    return sum(1 for _, call, _ in rows if call is None) // 2


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_server_that_crashes_and_comes_back_loses_nothing(
    tmp_path: Path, context: ForkServerContext, server: Cluster, seed: int
) -> None:
    chance = random.Random(seed)
    address = server.new_database()
    acks: list[Ack] = []
    with running(context, write_to_server, tmp_path, address, 0, TURNS) as (_, ours):
        heard = hear(ours)
        for _ in range(STOPS):
            acks += [next(heard) for _ in range(chance.randint(20, 80))]
            server.stop()
            acks += take_spooled(heard, chance.randint(1, 60))
            server.start()
        acks += heard
    assert len(told_of(acks)) == 2 * TURNS * CALLS
    _report(acks, f"{STOPS} crashes")
    assert await _compare(tmp_path, server, address, told_of(acks)) >= 1


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_connection_that_is_cut_anywhere_stores_everything_once(
    tmp_path: Path, context: ForkServerContext, server: Cluster, seed: int
) -> None:
    """The server did what it was asked, and its answer is lost: to a commit as to any statement."""
    chance = random.Random(seed)
    address = server.new_database()
    async with running_proxy(server.port) as proxy:
        by_proxy = server.by_tcp(address, proxy.port)
        with running(context, write_to_server, tmp_path, by_proxy, 0, 10_000) as (process, ours):
            heard = hear(ours)
            acks = [await asyncio.to_thread(next, heard)]
            hearing = asyncio.create_task(asyncio.to_thread(list, heard))
            for _ in range(CUTS):
                came = len(proxy.began)
                proxy.cut_after(chance.choice((chance.randint(8, 60), chance.randint(60, 6000))))
                await proxy.reached(came + 1)
            process.kill()
            acks += await hearing
    assert told_of(acks)
    await _compare(tmp_path, server, address, told_of(acks))


async def test_kill_9_of_the_writer_while_the_server_is_away(
    tmp_path: Path, context: ForkServerContext, server: Cluster
) -> None:
    """The next writer begins without the server, and goes on with what the spool knows."""
    address = server.new_database()
    acks: list[Ack] = []
    for round_ in (0, 1):
        with running(context, write_to_server, tmp_path, address, round_, 10_000) as (
            process,
            ours,
        ):
            heard = hear(ours)
            if round_ == 0:
                acks += [next(heard) for _ in range(50)]
                server.stop()
            acks += take_spooled(heard, 50)
            process.kill()
            acks += heard
    server.start()
    await _compare(tmp_path, server, address, told_of(acks))


@pytest.mark.parametrize("engines", [1, 2])
async def test_calls_go_on_while_the_server_is_away(
    tmp_path: Path, server: Cluster, pbx: Instance, caller: Callable[[], str], engines: int
) -> None:
    """One call lives through the crash, one has its whole life in it; nobody hears of it.

    With two engines a writer process has the connection.
    """
    address = server.new_database()
    program = (*SERVE, "--engines", str(engines))
    settings = {"IVR_DATABASE": address}
    engine = Engine(tmp_path / "engine", SHORT, program, find_ports(engines), settings)
    point_at(pbx, engine.address)
    engine.start()
    first, second = caller(), caller()
    async with Phone() as phone:
        through = await call_up(phone, pbx, "1500", first)
        await engine.reached(first, "first")
        server.stop()
        await through.press("1")
        within = await call_up(phone, pbx, "1500", second)
        await within.press("11")
        assert (await within.ended(within=20)).by == "far end"
        await asyncio.to_thread(server.start)
        await through.press("2")
        assert (await through.ended(within=20)).by == "far end"
    stories = [await engine.story(one) for one in (first, second)]
    assert [story.summary.outcome for story in stories] == ["petang", "pagi"]
    assert [story.keys for story in stories] == ["12", "11"]
    assert all("call.taken_over" not in story.noted for story in stories)
    engine.stop()
    lost = "SELECT count(*) FROM record WHERE convert_from(leaf, 'UTF8') LIKE '%store.lost%'"
    assert server.ask(address, lost) == "1"
    assert "Traceback" not in engine.log.read_text()
    assert server.ask(address, "SELECT count(*) = max(seq) + 1 FROM record") == "t"


def _report(acks: Iterable[Ack], what: str) -> None:
    for kind, call, late, worst in acks:
        if kind == "took" and SOAK:
            sys.stderr.write(f"\n{what}: acknowledged after {late}, {worst} ({call})\n")
