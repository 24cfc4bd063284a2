"""What the status pages say of a service: alive, ready, and its counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from ivr.operations.pages import TEXT, Page
from ivr.supervision.heartbeat import Beat


@dataclass(frozen=True, slots=True)
class Process:
    """A process as its supervisor sees it. `beat` is the last one, None before the first."""

    name: str
    engine: bool
    running: bool
    beat: Beat | None
    restarts: int

    @property
    def alive(self) -> bool:
        """Whether it runs and has beaten. One that stands still does not run for long."""
        return self.running and self.beat is not None

    @property
    def fault(self) -> str:
        """Why it is not ready; empty when it is."""
        if not self.running:
            return "down"
        if self.beat is None:
            return "starting"
        return _join(self.beat.faults)

    @property
    def told(self) -> str:
        """How it is, in words: its fault or that it is ready, and what is to be known of it."""
        notes = "" if self.beat is None or not self.running else _join(self.beat.notes)
        return "; ".join(part for part in (self.fault or "ready", notes) if part)


@dataclass(frozen=True, slots=True)
class View:
    """All processes of a service, in the order of their start."""

    processes: Sequence[Process]
    stopping: bool = False


def list_pages(look: Callable[[], View], metrics: Path) -> Mapping[str, Page]:
    """The pages by their path. `metrics` is the directory that the processes count in."""
    return {
        "/livez": lambda: _tell_alive(look()),
        "/readyz": lambda: _tell_ready(look()),
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, _render(look(), metrics)),
    }


def _tell_alive(view: View) -> tuple[int, str, bytes]:
    """Alive: every process runs and has beaten."""
    dead = [process.name for process in view.processes if not process.alive]
    if dead or not view.processes:
        return 503, TEXT, f"not alive: {', '.join(dead) or 'nothing is started'}\n".encode()
    return 200, TEXT, b"alive\n"


def _tell_ready(view: View) -> tuple[int, str, bytes]:
    """Ready: every writer and at least one engine are, and nobody asked the service to stop."""
    writers = all(not process.fault for process in view.processes if not process.engine)
    engines = any(not process.fault for process in view.processes if process.engine)
    ready = writers and engines and not view.stopping
    lines = [f"{process.name}: {process.told}\n" for process in view.processes]
    lines += ["stopping\n"] if view.stopping else []
    return (200 if ready else 503), TEXT, "".join(lines).encode()


def _render(view: View, metrics: Path) -> bytes:
    """What all processes have counted, together; counts outlive a process that was restarted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics))  # type: ignore[no-untyped-call]
    up = Gauge("ivr_process_up", "1: it beats", ["process"], registry=registry)
    restarts = Gauge("ivr_process_restarts", "Since start", ["process"], registry=registry)
    for process in view.processes:
        up.labels(process.name).set(process.alive)
        restarts.labels(process.name).set(process.restarts)
    return generate_latest(registry)


def _join(parts: Mapping[str, str]) -> str:
    return ", ".join(f"{part}: {words}" for part, words in sorted(parts.items()))
