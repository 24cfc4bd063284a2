"""The service as its supervisor sees it: which programs, and the pages that tell of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from ivr.app import SHORT_DRAIN
from ivr.config import Settings, write_settings
from ivr.operations.pages import TEXT, Page, serve_pages
from ivr.supervision.keeper import Keeper
from ivr.supervision.program import Program
from ivr.supervision.supervisor import Supervisor

CLOSING = 15.0
"""Seconds beyond its drain that an engine has for sealing and closing its files."""

WRITER, ENGINE = 0, 1
"""Levels: the writer ends when no engine needs it any more."""


def list_programs(settings: Settings, flows: Path) -> list[Program]:
    """The programs in the order in which they are started. `flows` is a copy that nobody edits.

    One engine writes the store itself. Several have a writer beside them.
    """
    settings = replace(settings, flows=flows)
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


async def run_service(settings: Settings, flows: Path, up: Callable[[], None]) -> bool:
    """Run the service until SIGINT or SIGTERM; `up` is called once it takes calls.

    Returns whether a second signal cut the stopping short. Raises ProgramFailed, SetupError.
    """
    shutil.rmtree(settings.metrics, ignore_errors=True)
    settings.metrics.mkdir(parents=True)

    def forget(pid: int) -> None:
        mark_process_dead(pid, str(settings.metrics))  # type: ignore[no-untyped-call]

    supervisor = Supervisor(list_programs(settings, flows), forget)
    async with AsyncExitStack() as stack:
        if settings.status_port:
            pages = list_pages(supervisor, settings.metrics)
            await stack.enter_async_context(serve_pages(pages, settings.status_port))
        return await supervisor.run(up)


def list_pages(supervisor: Supervisor, metrics: Path) -> Mapping[str, Page]:
    """The pages of a service by their path."""
    return {
        "/livez": lambda: _tell_alive(supervisor),
        "/readyz": lambda: _tell_ready(supervisor),
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, _render(supervisor, metrics)),
    }


def _fault(keeper: Keeper) -> str:
    """Why a process is not ready; empty when it is."""
    child = keeper.child
    if child is None or not child.running:
        return "down"
    if child.beat is None:
        return "starting"
    return ", ".join(f"{part}: {reason}" for part, reason in sorted(child.beat.faults.items()))


def _tell_alive(supervisor: Supervisor) -> tuple[int, str, bytes]:
    """Alive: every process runs and has beaten."""
    dead = [k.program.name for k in supervisor.keepers if _fault(k) in ("down", "starting")]
    told = f"not alive: {', '.join(dead)}\n" if dead else "alive\n"
    return (503 if dead or not supervisor.keepers else 200), TEXT, told.encode()


def _tell_ready(supervisor: Supervisor) -> tuple[int, str, bytes]:
    """Ready: every writer and at least one engine are, and nobody asked the service to stop."""
    faults = {keeper: _fault(keeper) for keeper in supervisor.keepers}
    writers = all(not fault for k, fault in faults.items() if k.program.level == WRITER)
    engines = any(not fault for k, fault in faults.items() if k.program.level == ENGINE)
    ready = writers and engines and not supervisor.stopping
    lines = [f"{k.program.name}: {fault or 'ready'}\n" for k, fault in faults.items()]
    lines += ["stopping\n"] if supervisor.stopping else []
    return (200 if ready else 503), TEXT, "".join(lines).encode()


def _render(supervisor: Supervisor, metrics: Path) -> bytes:
    """What all processes have counted, together; counts outlive a process that was restarted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics))  # type: ignore[no-untyped-call]
    up = Gauge("ivr_process_up", "1: it beats", ["process"], registry=registry)
    restarts = Gauge("ivr_process_restarts", "Since start", ["process"], registry=registry)
    for keeper in supervisor.keepers:
        up.labels(keeper.program.name).set(_fault(keeper) not in ("down", "starting"))
        restarts.labels(keeper.program.name).set(keeper.restarts)
    return generate_latest(registry)
