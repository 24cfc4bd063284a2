"""The supervisor with small children: started again when they die, stopped in order."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.supervision.heartbeat import Beat, Ear, Heart
from ivr.supervision.program import Program, ProgramFailed
from ivr.supervision.supervisor import Supervisor

ROOT = Path(__file__).parent.parent


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def make(manner: str, name: str = "child", **fields: float) -> Program:
        command = [sys.executable, "-m", "tests.child_program", manner, str(tmp_path / name)]
        path = f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"
        times = {"stall": 3.0, **fields}
        return Program(name, command, {"PYTHONPATH": path}, **times)  # type: ignore[arg-type]

    return make


def lives(tmp_path: Path, name: str = "child") -> list[int]:
    """The process ids of a child, one for each life."""
    return [int(line) for line in (tmp_path / name).read_text().split()]


async def until(true: Callable[[], bool]) -> None:
    """Wait for what other processes bring about; the test's own time-out bounds it."""
    for _ in itertools.takewhile(lambda _: not true(), itertools.count()):
        await asyncio.sleep(0.01)


async def run_until(supervisor: Supervisor, enough: Callable[[], bool]) -> None:
    """Run until the children have done enough, then stop as Ctrl-C does."""

    async def stop() -> None:
        await until(enough)
        os.kill(os.getpid(), signal.SIGINT)

    async with asyncio.TaskGroup() as group:
        group.create_task(stop())
        await supervisor.run()


@pytest.mark.parametrize("manner", ["dies-once", "stuck-once"])
async def test_a_child_that_dies_or_stands_still_is_started_again(
    manner: str, program: Callable[..., Program], tmp_path: Path
) -> None:
    ended: list[str] = []
    supervisor = Supervisor([program(manner, stall=1.0)], ended.append)
    await run_until(supervisor, lambda: ended != [] and _is_well(supervisor))
    assert ended == [supervisor.keepers[0].program.name] * 2
    assert len(lives(tmp_path)) == 2
    assert supervisor.keepers[0].restarts == 1


def _is_well(supervisor: Supervisor) -> bool:
    child = supervisor.keepers[0].child
    return child is not None and child.running and child.beat == Beat()


async def test_one_is_started_when_the_one_before_is_up(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    ups: list[list[int]] = []
    names = ["writer", "engine"]
    programs = [program("well", name, level=level) for level, name in enumerate(names)]
    supervisor = Supervisor(programs)

    def up() -> None:
        ups.append([len(lives(tmp_path, name)) for name in names])
        os.kill(os.getpid(), signal.SIGTERM)

    await supervisor.run(up)
    assert ups == [[1, 1]]
    assert [keeper.child is not None and keeper.child.code for keeper in supervisor.keepers] == [
        0,
        0,
    ]


async def test_a_child_that_never_was_up_ends_all(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    ended: list[str] = []
    ups: list[str] = []
    programs = [program("well", "writer"), program("never", "engine")]
    with pytest.raises(ProgramFailed, match="engine could not be started") as failed:
        await Supervisor(programs, ended.append).run(lambda: ups.append("up"))
    assert failed.value.code == 7
    assert ups == []
    assert sorted(ended) == ["engine", "writer"]


async def test_a_child_that_obeys_no_signal_is_killed(program: Callable[..., Program]) -> None:
    supervisor = Supervisor([program("deaf", hurry=0.3)])
    await supervisor.run(lambda: os.kill(os.getpid(), signal.SIGINT))
    [keeper] = supervisor.keepers
    assert keeper.child is not None
    assert keeper.child.code == -signal.SIGKILL


async def test_a_second_signal_makes_haste(program: Callable[..., Program]) -> None:
    """It comes to the children as SIGINT, and is told to the caller as an interruption."""

    async def insist() -> None:
        await until(lambda: supervisor.stopping)
        os.kill(os.getpid(), signal.SIGTERM)

    supervisor = Supervisor([program("deaf", farewell=30.0)])
    async with asyncio.TaskGroup() as group:
        running = group.create_task(supervisor.run(lambda: os.kill(os.getpid(), signal.SIGTERM)))
        group.create_task(insist())
    assert running.result()
    [keeper] = supervisor.keepers
    assert keeper.child is not None
    assert keeper.child.code == 0


KILLED = """\
import asyncio, sys
from ivr.supervision.program import Program
from ivr.supervision.supervisor import Supervisor
command = [sys.executable, "-m", "tests.child_program", "well", sys.argv[1]]
asyncio.run(Supervisor([Program("child", command)]).run(lambda: print("up", flush=True)))
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "standing still"])
def test_a_killed_supervisor_leaves_no_child_behind(tmp_path: Path, stopped: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "child")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    [child] = lives(tmp_path)
    handle = os.pidfd_open(child)
    if stopped:
        os.kill(child, signal.SIGSTOP)
    process.kill()
    process.communicate()
    _wait_for_end(handle)


def _wait_for_end(handle: int) -> None:
    """A pidfd can be read from once its process has ended (pidfd_open(2))."""

    async def wait() -> None:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(handle, ended.set)
        await ended.wait()
        asyncio.get_running_loop().remove_reader(handle)

    asyncio.run(wait())
    os.close(handle)


async def test_beats_come_through_whole_or_not_at_all() -> None:
    heard: list[Beat] = []
    listen, speak = os.pipe()
    ear, heart = Ear(listen), Heart(speak)
    ear.listen(heard.append)
    sent = [Beat({"ami": f"not logged in ({n})"}, live=n) for n in range(5000)]
    for beat in sent:  # more than a pipe takes: the rest is dropped
        heart.beat(beat)
    await until(lambda: len(heard) >= 10)
    os.close(speak)
    assert heard == sent[: len(heard)]
    ear.close()
    ear.close()


async def test_a_beat_that_cannot_be_read_is_a_beat() -> None:
    heard: list[Beat] = []
    listen, speak = os.pipe()
    ear = Ear(listen)
    ear.listen(heard.append)
    os.write(speak, b"[]\n")
    await until(lambda: heard != [])
    assert heard == [Beat({"heartbeat": "cannot be read"})]
    os.close(speak)
    ear.close()
