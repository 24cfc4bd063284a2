"""Look for bytes that break a target, led by coverage: `python -m tests.fuzz.run TARGET SECONDS`.

Needs the extra `fuzz`. Begins with the kept corpus, keeps nothing by itself: what it finds goes to
var/fuzz/TARGET, and what breaks the target to var/fuzz/TARGET-broken-…; `tests.fuzz.keep` chooses.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests" / "data" / "fuzz"
FOUND = ROOT / "var" / "fuzz"
LONGEST = 4096
HANG = 10
"""Seconds after which a target counts as hanging."""


def main() -> None:
    """Run one target for some seconds."""
    name, seconds = sys.argv[1], int(sys.argv[2])
    kept, found = KEPT / name, FOUND / name
    for directory in (kept, found):
        directory.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={HANG}",
        f"-artifact_prefix={FOUND}/{name}-broken-",
        "-print_final_stats=1",
        str(found),
        str(kept),
    ]
    with atheris.instrument_imports(include=["ivr"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
