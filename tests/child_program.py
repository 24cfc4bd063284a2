"""A small child for the supervisor's tests: `python -m tests.child_program MANNER [FILE]`.

It appends a line to FILE with each start, so that a test can count its lives.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from ivr.supervision.heartbeat import Beat, find_heart
from ivr.supervision.leash import die_with_supervisor
from ivr.supervision.signals import receive_signals


def main(manner: str, lives: Path) -> None:
    """Live in a manner: `well`, `stuck-once`, `dies-once`, `never`, `deaf`."""
    die_with_supervisor()
    with lives.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if manner == "never":
        sys.exit(7)
    asyncio.run(_live(manner, first=lives.read_text().count("\n") == 1))


async def _live(manner: str, first: bool) -> None:
    heart = find_heart()
    assert heart is not None
    with receive_signals() as signals:
        heart.beat(Beat({"line": "not there"}, live=3))
        if first and manner == "dies-once":
            os._exit(3)
        if first and manner == "stuck-once":
            time.sleep(60)  # noqa: ASYNC251 - the loop stands still
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(_beat_on(manner))
            number = await signals.get()
            if manner == "deaf":
                number = await signals.get()
            beating.cancel()
    sys.stdout.write(f"{number.name}\n")


async def _beat_on(manner: str) -> None:
    heart = find_heart()
    assert heart is not None
    while True:
        heart.beat(Beat())
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
