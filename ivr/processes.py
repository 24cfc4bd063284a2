"""The processes of a service, as the supervisor starts them: `python -m ivr.processes engine 1`.

Settings come from the environment. A fault is told in a sentence; exit codes are those of `ivr`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import uvloop
from prometheus_client import values

from ivr.app import serve_hotline
from ivr.asterisk.fastagi import FastAgiServer
from ivr.cli import PRIVATE
from ivr.cli.faults import explain
from ivr.config import Settings, read_settings
from ivr.flow.bundle import Bundle
from ivr.operations.instruments import Instruments
from ivr.operations.logs import configure_logs
from ivr.operations.pulse import Pulse
from ivr.operations.storage import StoreWatch
from ivr.releases.serving import read_serving
from ivr.shelf import Shelf
from ivr.sounds import prepare_slow_sounds, prepare_sounds
from ivr.spooling import open_store
from ivr.supervision.heartbeat import find_heart
from ivr.supervision.leash import die_with_supervisor
from ivr.supervision.signals import receive_signals

MULTIPLE = "PROMETHEUS_MULTIPROC_DIR"
"""Set by the supervisor: where the counts of every process lie (prometheus_client)."""


def main(arguments: Sequence[str]) -> int:
    """Run `writer`, `slow-sounds`, or `engine` with its number; returns the exit code."""
    os.umask(PRIVATE)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        die_with_supervisor()
        _allow_many_files()
        settings = read_settings()
        match arguments:
            case ["writer"]:
                _run_writer(settings)
            case ["engine", number]:
                _run_engine(settings, int(number))
            case ["slow-sounds"]:
                _render_slow_sounds(settings)
            case _:
                raise ValueError("what is started is a `writer`, `slow-sounds` or an `engine N`")
    except (Exception, KeyboardInterrupt) as error:
        return explain(error)
    return 0


def _allow_many_files() -> None:
    """Take as many file descriptors as the machine grants: each call needs some."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _introduce(settings: Settings, name: str) -> None:
    """Log and count under this name, which the process that follows this one bears too.

    So a program that is started again and again counts on in one file.
    """
    configure_logs(settings.log, name)
    if MULTIPLE in os.environ:
        values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]


def _run_engine(settings: Settings, number: int) -> None:
    name = f"engine-{number}" if settings.engines > 1 else "engine"
    _introduce(settings, name)
    bundle = _find_bundle(settings)
    library = prepare_sounds(settings, bundle)
    instruments = Instruments(heart=find_heart(), name=name, last=number == settings.engines)

    def ready(server: FastAgiServer) -> None:
        instruments.readiness.report("fastagi")

    gc.freeze()  # bundle and modules live as long as the process: no need to look at them again
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_hotline(settings, bundle, library, ready, instruments=instruments))


def _render_slow_sounds(settings: Settings) -> None:
    """Beside the calls, with what they leave of the processor."""
    configure_logs(settings.log, "slow-sounds")
    os.nice(15)
    prepare_slow_sounds(settings, _find_bundle(settings))


def _find_bundle(settings: Settings) -> Bundle:
    """What the supervisor serves. Raises SetupError when it is gone or damaged."""
    serving = read_serving(settings.serving)
    return Shelf(settings.shelf).load(serving.bundle if serving else "")


def _run_writer(settings: Settings) -> None:
    _introduce(settings, "writer")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(write_journal(settings, Instruments(heart=find_heart(), name="writer")))


async def write_journal(settings: Settings, instruments: Instruments) -> None:
    """Own the store and answer at its door until SIGINT or SIGTERM."""

    async def tell_step(seconds: float) -> None:
        """The engines tell it."""

    looks: list[Callable[[], None]] = []
    pulse = Pulse(instruments, lambda: 0, tell_step, looks=looks)
    async with AsyncExitStack() as stack:
        signals = stack.enter_context(receive_signals())
        await stack.enter_async_context(pulse.beating())  # to the end: closing may take its time
        journal = await open_store(settings, stack)
        looks.append(StoreWatch(instruments, journal.state).look)
        pulse.serving = True
        await signals.get()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
