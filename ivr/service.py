"""The service as its supervisor sees it: which programs, and how they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace

from prometheus_client.multiprocess import mark_process_dead

from ivr.config import Settings, write_settings
from ivr.draining import SHORT_DRAIN
from ivr.operations.pages import serve_pages
from ivr.operations.status import Process, View, list_pages
from ivr.supervision.program import Program
from ivr.supervision.supervisor import Supervisor

CLOSING = 15.0
"""Seconds beyond its drain that an engine has for sealing and closing its files."""

WRITER, ENGINE = 0, 1
"""Levels: the writer ends when no engine needs it any more."""


def list_programs(settings: Settings) -> list[Program]:
    """The programs in the order in which they are started.

    One engine writes the store itself. Several have a writer beside them.
    """
    writer = [_program(settings, "writer", WRITER, "writer")] if settings.engines > 1 else []
    return [*writer, *(_engine(settings, n) for n in range(1, settings.engines + 1))]


def _engine(settings: Settings, number: int) -> Program:
    name = f"engine-{number}" if settings.engines > 1 else "engine"
    own = replace(settings, agi_port=settings.agi_ports[number - 1])
    return _program(own, name, ENGINE, "engine", str(number))


def _program(settings: Settings, name: str, level: int, *arguments: str) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-m", "ivr.processes", *arguments),
        environment={
            **write_settings(settings),
            "PROMETHEUS_MULTIPROC_DIR": str(settings.metrics),
        },
        level=level,
        stall=settings.stall,
        farewell=settings.drain + CLOSING if level == ENGINE else CLOSING,
        hurry=SHORT_DRAIN + CLOSING if level == ENGINE else CLOSING,
    )


class SlowSounds:
    """Renders the slow pace while calls are answered already; ends with the block."""

    def __init__(self, settings: Settings) -> None:
        self._program = _program(settings, "slow-sounds", ENGINE, "slow-sounds")
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SlowSounds:
        return self

    def start(self) -> None:
        """Begin, anew for other flows. The program ends by itself, and with its supervisor."""
        self._stop()
        self._child = subprocess.Popen(
            self._program.command,
            env={**os.environ, **self._program.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor
        )

    @property
    def running(self) -> bool:
        """Whether it renders now."""
        return self._child is not None and self._child.poll() is None

    def __exit__(self, *failure: object) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._child is not None:
            self._child.kill()  # what is written appears whole or not at all
            self._child.wait()


async def run_service(
    settings: Settings, beside: Callable[[], Coroutine[None, None, None]], up: Callable[[], None]
) -> bool:
    """Run the service until SIGINT or SIGTERM, and `beside` with it; `up` is called once it takes
    calls.

    Returns whether a second signal cut the stopping short. Raises ProgramFailed, SetupError.
    """
    shutil.rmtree(settings.metrics, ignore_errors=True)
    settings.metrics.mkdir(parents=True)

    def forget(name: str) -> None:
        mark_process_dead(name, str(settings.metrics))  # type: ignore[no-untyped-call]

    supervisor = Supervisor(list_programs(settings), forget, beside)
    async with AsyncExitStack() as stack:
        if settings.status_port:
            pages = list_pages(lambda: look_at(supervisor), settings.metrics)
            await stack.enter_async_context(serve_pages(pages, settings.status_port))
        return await supervisor.run(up)


def look_at(supervisor: Supervisor) -> View:
    """What the supervisor sees of its processes now."""
    seen = [
        Process(
            name=keeper.program.name,
            engine=keeper.program.level == ENGINE,
            running=keeper.child is not None and keeper.child.running,
            beat=None if keeper.child is None else keeper.child.beat,
            restarts=keeper.restarts,
        )
        for keeper in supervisor.keepers
    ]
    return View(seen, supervisor.stopping)
