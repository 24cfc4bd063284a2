"""Keep what was found: `python -m tests.fuzz.keep TARGET` copies what reaches something new.

Shortest first; a file is kept when it takes a step from line to line that no kept file takes.
Needs no fuzzer.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
OURS = str(ROOT / "ivr")
LONGEST = 1024
"""Bytes of a file that may be kept: the corpus is read by people too."""

Steps = set[tuple[str, int, int]]


def follow(name: str, data: bytes) -> Steps:
    """The steps from line to line that our code takes with these bytes."""
    steps: Steps = set()
    last: dict[int, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            place = (frame.f_code.co_filename, last.get(id(frame), 0), frame.f_lineno)
            steps.add(place)
            last[id(frame)] = frame.f_lineno
        elif event == "call":
            last[id(frame)] = 0
        return trace

    sys.settrace(trace)
    try:
        TARGETS[name](data)
    finally:
        sys.settrace(None)
    return steps


def main() -> None:
    """Copy what reaches something new."""
    name = sys.argv[1]
    kept, found = ROOT / "tests" / "data" / "fuzz" / name, ROOT / "var" / "fuzz" / name
    known: Steps = set()
    for file in kept.iterdir():
        known |= follow(name, file.read_bytes())
    for data in sorted((file.read_bytes() for file in found.iterdir()), key=len):
        if len(data) > LONGEST:
            break
        steps = follow(name, data)
        if not steps <= known:
            known |= steps
            (kept / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
