"""What operators see of an engine: metrics, readiness, the pulse, steps of the clock, claims."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ivr.asterisk.fastagi import Refusal, Stats
from ivr.driver import run_call
from ivr.engine.outcomes import Started
from ivr.engine.run import Frame, Run
from ivr.engine.steps import RECOVERY, Collect, Hangup, Lookup, Menu, Record, Say, Step, Timing
from ivr.engine.values import Personal
from ivr.errors import JournalBroken, JournalConflict
from ivr.operations.claims import LineClaims
from ivr.operations.clock import ClockWatch, steady_clock
from ivr.operations.instruments import Instruments
from ivr.operations.lines import HeldLines
from ivr.operations.meters import OUTCOMES, Meters, ServerCounts
from ivr.operations.observing import ObservedChannel, ObservedJournal
from ivr.operations.pulse import Pulse
from ivr.operations.readiness import Readiness
from ivr.operations.turns import PROMPTS, SHORT, TurnWatch, longest
from ivr.ports import Fact, LiveRow, Secrets, Turn
from ivr.store.memory import MemoryJournal
from ivr.supervision.heartbeat import Beat, Ear, Heart
from tests.message_call import ACTS, NPWP, load
from tests.service import Service, Stopping
from tests.talk import START

CALLER = "+6281234567890"
TIMING = Timing(8_000, 4_000, 60_000)


def read(registry: CollectorRegistry) -> dict[str, float]:
    """Every sample that is not 0, by its name and labels as they are scraped."""
    lines = generate_latest(registry).decode().splitlines()
    told = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in told if float(value)}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def meters(registry: CollectorRegistry) -> Meters:
    return Meters(registry)


# Metrics


def turn(n: int, *events: dict[str, object], call: str = "call-1") -> Turn:
    return Turn(call, n, START, {"type": "played"}, list(events), {"type": "say"})


async def test_a_journal_is_counted_by_its_events(
    meters: Meters, registry: CollectorRegistry
) -> None:
    journal = ObservedJournal(MemoryJournal(), meters, TurnWatch(lambda: 0.0))
    await journal.append(turn(1, {"type": "call.started"}), None)
    await journal.append(
        turn(2, {"type": "step.failed", "step": "say"}, {"type": "call.ended", "outcome": "ok"}),
        None,
    )
    for kind in ("call.taken_over", "recording.sealed", "recording.eaten", "call.abandoned"):
        await journal.note(Fact("call-1", START, "engine", {"type": kind}))
    told = read(registry)
    assert told["ivr_calls_started_total"] == 1
    assert told['ivr_calls_ended_total{outcome="ok"}'] == 1
    assert told['ivr_step_faults_total{step="say"}'] == 1
    assert told["ivr_calls_taken_over_total"] == 1
    assert told['ivr_recordings_total{state="sealed"}'] == 1
    assert told['ivr_recordings_total{state="other"}'] == 1
    assert told["ivr_journal_append_seconds_count"] == 6
    assert "ivr_journal_waiting" not in told


async def test_what_is_not_durable_is_not_counted(
    meters: Meters, registry: CollectorRegistry
) -> None:
    broken = Stopping(MemoryJournal(), JournalBroken("the disk is full"), turn=1)
    journal = ObservedJournal(broken, meters, TurnWatch(lambda: 0.0))
    with pytest.raises(JournalBroken):
        await journal.append(turn(1, {"type": "call.started"}), None)
    told = read(registry)
    assert told["ivr_journal_faults_total"] == 1
    assert "ivr_calls_started_total" not in told
    assert "ivr_journal_append_seconds_count" not in told


def test_outcomes_are_bounded(meters: Meters, registry: CollectorRegistry) -> None:
    for n in range(OUTCOMES + 20):
        meters.calls.count_event({"type": "call.ended", "outcome": f"outcome-{n}"})
    ended = {name for name in read(registry) if name.startswith("ivr_calls_ended_total")}
    assert len(ended) == OUTCOMES + 1
    assert read(registry)['ivr_calls_ended_total{outcome="other"}'] == 20


def test_a_server_is_counted_once(meters: Meters, registry: CollectorRegistry) -> None:
    counts = ServerCounts(meters)
    counts.stats = Stats(live=3, lost=2, failed=1)
    counts.stats.refused[Refusal.SLOW] = 4
    assert counts.take() == 3
    counts.stats.refused[Refusal.SLOW] = 5
    counts.stats.lost = 3
    counts.take()
    told = read(registry)
    assert told["ivr_calls_live"] == 3
    assert told["ivr_calls_lost_total"] == 3
    assert told["ivr_calls_failed_total"] == 1
    assert told['ivr_connections_refused_total{reason="slow"}'] == 5


async def test_no_label_holds_anything_of_a_caller(
    meters: Meters, registry: CollectorRegistry
) -> None:
    """A whole call with a number, a secret and two cases, measured all the way."""
    service = Service(load(), ACTS)
    started = Started("1", Personal(CALLER))
    journal = ObservedJournal(service.journal, meters, TurnWatch(lambda: 0.0))
    service.change(journal=journal)
    channel = ObservedChannel(service.channel(), meters)
    await run_call(service.desk, channel, "line-1", started)
    scraped = generate_latest(registry).decode()
    told = read(registry)
    assert told["ivr_calls_started_total"] == 1
    assert told['ivr_step_seconds_count{step="collect"}'] >= 3
    assert told["ivr_step_latency_seconds_count"] >= 3
    numbers = [await journal.case(turn.call, turn.n) for turn in await service.turns()]
    cases = [number for number in numbers if number is not None]
    assert len(cases) == 2
    for canary in (CALLER, NPWP, *cases):
        assert canary not in scraped


# Readiness and the pulse


def test_parts_report_themselves() -> None:
    readiness = Readiness()
    assert (readiness.faults, readiness.parts) == ({}, {})
    readiness.report("ami", "not logged in")
    readiness.report("fastagi")
    assert readiness.faults == {"ami": "not logged in"}
    assert readiness.parts == {"ami": False, "fastagi": True}
    readiness.report("ami")
    assert readiness.faults == {}


class Clocks:
    """Two clocks of a machine: `set` moves the wall alone, `pass_` both."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.elapsed = 50.0

    def set(self, seconds: float) -> None:
        self.wall += seconds

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds


async def test_a_beat_tells_faults_calls_and_a_step_of_the_clock(
    meters: Meters, registry: CollectorRegistry
) -> None:
    heard: list[Beat] = []
    stepped: asyncio.Queue[float] = asyncio.Queue()
    clocks = Clocks()
    listen, speak = os.pipe()
    ear = Ear(listen)
    ear.listen(heard.append)
    instruments = Instruments(meters, heart=Heart(speak))
    instruments.readiness.report("ami", "not logged in")
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.elapsed)
    pulse = Pulse(instruments, lambda: 7, stepped.put, watch)
    clocks.set(-3600.0)
    async with asyncio.TaskGroup() as group:
        pulse.beat(group)  # nobody is told before the engine serves
        pulse.serving = True
        pulse.beat(group)
    assert await stepped.get() == -3600.0
    assert stepped.empty()
    os.close(speak)
    for _ in itertools.takewhile(lambda _: not heard, itertools.count()):
        await asyncio.sleep(0)
    ear.close()
    assert heard == [Beat({"ami": "not logged in"}, live=7)]
    told = read(registry)
    assert told["ivr_clock_steps_total"] == 1
    assert 'ivr_part_ready{part="ami"}' not in told  # it is 0


async def test_a_pulse_measures_the_loop(meters: Meters, registry: CollectorRegistry) -> None:
    beats = asyncio.Semaphore(0)

    async def tell(seconds: float) -> None: ...

    def count() -> int:
        beats.release()
        return 0

    async with Pulse(Instruments(meters), count, tell).beating():
        await beats.acquire()
        await beats.acquire()
    assert read(registry)["ivr_event_loop_lag_seconds_count"] >= 1


# The clock


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_of_the_clock_bends_no_call(step: float) -> None:
    clocks = Clocks()
    clock = steady_clock(lambda: datetime.fromtimestamp(clocks.wall, UTC), lambda: clocks.elapsed)
    begun = clock()
    clocks.pass_(60.0)
    clocks.set(step)
    clocks.pass_(30.0)
    assert clock() - begun == timedelta(seconds=90)


def test_a_slewed_clock_is_no_step() -> None:
    clocks = Clocks()
    watch = ClockWatch(lambda: clocks.wall, lambda: clocks.elapsed)
    for _ in range(100):
        clocks.pass_(0.25)
        clocks.set(0.000125)  # 500 ppm
        assert watch.look() == 0.0
    clocks.set(3600.0)
    assert watch.look() == pytest.approx(3600.0, abs=0.01)
    assert watch.look() == 0.0


# Claims on lines

OTHER = """\
import sys
from pathlib import Path
from ivr.operations.claims import LineClaims
claims = LineClaims(Path(sys.argv[1]))
print(claims.take("line-1"), flush=True)
sys.stdin.read()
"""


def test_two_engines_never_lead_one_call(tmp_path: Path) -> None:
    path = tmp_path / "lines.lock"
    claims = LineClaims(path)
    lines = HeldLines(claims)
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert lines.is_led("line-1")
    with pytest.raises(JournalConflict, match="another engine leads"), lines.holding("line-1"):
        pass
    assert not lines.is_led("line-2")
    other.kill()
    other.communicate()
    assert not lines.is_led("line-1")
    with lines.holding("line-1"), lines.holding("line-1"):
        assert len(lines) == 1
        assert lines.is_led("line-1")
    assert "line-1" not in lines
    assert not lines.is_led("line-1")
    claims.close()


# Calls that stand still


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Say(()), PROMPTS),
        (Hangup(), PROMPTS),
        (Menu((), ("1", "22"), TIMING), PROMPTS + 16),
        (Menu((), (), TIMING), PROMPTS + 12),
        (Collect((), 1, 5, "#", (), TIMING), PROMPTS + 68),
        (Record((), 120_000, 3_000, "#"), PROMPTS + 123),
        (Lookup("s", {}), SHORT),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_how_long_a_step_can_last(step: Step, seconds: float) -> None:
    assert longest(step) == seconds
    assert step.type in RECOVERY


def row(line: str, step: Step) -> LiveRow:
    run = Run("call-1", "b", "1", None, "id", 1, (Frame("f", "n"),), step=step)
    return LiveRow("call-1", line, run, {}, Secrets(), START)


async def test_a_call_that_stands_still_is_ended_once(meters: Meters) -> None:
    time = 0.0
    watch = TurnWatch(lambda: time)
    journal = ObservedJournal(MemoryJournal(), meters, watch)
    stands, ends = asyncio.Event(), asyncio.Event()

    async def lead() -> None:
        await journal.append(turn(1), row("line-1", Lookup("s", {})))
        stands.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(lead())
        await stands.wait()
        time = SHORT
        assert list(watch.end_stuck()) == []
        time = SHORT + 0.1
        [stuck] = watch.end_stuck()
        assert (stuck.call, stuck.step.type) == ("call-1", "lookup")
        assert list(watch.end_stuck()) == []
        await ends.wait()


async def test_a_line_that_was_left_is_not_watched() -> None:
    time = 0.0
    watch = TurnWatch(lambda: time)
    watch.begin("line-1", "call-1", Lookup("s", {}))
    watch.end("line-1")
    watch.end("line-1")
    time = 1e6
    ended: Sequence[object] = list(watch.end_stuck())
    assert ended == []
