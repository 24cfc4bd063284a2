"""SIGINT and SIGTERM as a queue, in the order in which they came."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

Signals = asyncio.Queue[signal.Signals]

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def receive_signals() -> Iterator[Signals]:
    """Receive the signals that ask this process to stop, while the block runs.

    Afterwards both raise KeyboardInterrupt, so that whatever cleans up can be cut short.
    """
    received: Signals = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, received.put_nowait, number)
    try:
        yield received
    finally:
        for number in STOPPING:
            with suppress(ValueError):
                loop.remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)
