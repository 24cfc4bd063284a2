"""The end of an engine: no more calls, and time for those that go on."""

from __future__ import annotations

import asyncio
import logging
import signal

from ivr.asterisk.fastagi import FastAgiServer
from ivr.supervision.signals import Signals

_log = logging.getLogger(__name__)

SHORT_DRAIN = 10.0
"""Seconds that calls get to end by themselves after Ctrl-C. What is left goes on with the next
engine: the dialplan keeps the caller."""


async def drain(
    server: FastAgiServer, number: signal.Signals, limit: float, signals: Signals
) -> None:
    """Take no more calls; wait for the others, after SIGTERM `limit` seconds, else SHORT_DRAIN.

    Another signal ends the waiting.
    """
    seconds = limit if number is signal.SIGTERM else min(limit, SHORT_DRAIN)
    server.close()
    if server.stats.live:
        _log.info("stopping: %d calls may go on for %.0f s", server.stats.live, seconds)
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(server.drain(seconds))
        hurried = group.create_task(signals.get())
        await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
        in_time = draining.done()
        draining.cancel()
        hurried.cancel()
    late = draining.result() if in_time else await server.drain(0)
    if late:
        _log.warning("stopping: %d calls are handed over", late)
