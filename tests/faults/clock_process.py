"""An engine in a process whose calendar clock the test can set, as `date -s` does.

The clock stands in front of the interpreter's own, since to set the machine's takes rights that no
test should have; libfaketime breaks sleeps on the monotonic clock (0.9.10), which is never set.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


def set_clock(offset: Path) -> None:
    """From now on the time of this process is so many seconds from the true one."""
    true = time.time
    time.time = lambda: true() + float(offset.read_text())


def main() -> None:
    set_clock(Path(os.environ["TEST_CLOCK"]))
    from tests.telephony.engine_process import main as serve

    serve()


if __name__ == "__main__":
    main()
