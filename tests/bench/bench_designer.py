"""How long a designer waits for `ivr check` and `ivr test`: `python -m tests.bench.bench_designer`.

Each is a new process, imports included, over the shipped flows; the best and the middle of several.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

FLOWS = Path(__file__).parent.parent.parent / "flows"
RUNS = 5
WANTED = {"check": 1.0, "test": 5.0}
"""Seconds that a command may take on two cores."""


def measure(command: str) -> list[float]:
    """Seconds of each run; every one must find nothing wrong."""
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "ivr", command, str(FLOWS)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds.append(time.perf_counter() - begun)
    return seconds


def main() -> None:
    """Print the figures beside those that are wanted."""
    for command, wanted in WANTED.items():
        seconds = measure(command)
        print(
            f"ivr {command}: best {min(seconds):.2f} s, middle {statistics.median(seconds):.2f} s"
            f" of {RUNS} (wanted: under {wanted:.0f} s)"
        )


if __name__ == "__main__":
    main()
