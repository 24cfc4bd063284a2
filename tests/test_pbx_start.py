"""A start broken off between the fork of Asterisk and its pid file leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORKS = """\
#!{python}
import os, sys, time
if os.fork() == 0:
    os.setsid()
    with open({began!r}, "w") as began:
        began.write(str(os.getpid()))
time.sleep(60)
"""
"""A program that becomes a daemon and is not heard of again."""

STARTS = """\
import signal, sys
from pathlib import Path
from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import start_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.asterisk.pbx.versions import FLOOR
signal.signal(signal.SIGTERM, signal.default_int_handler)
here = Path(sys.argv[1])
asterisk = Asterisk(here / "asterisk", FLOOR, here, here, private=True)
try:
    start_instance(asterisk, here / "pbx", Settings(ports=find_ports()))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_daemon_without_a_pid_file_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    program, began = tmp_path / "asterisk", tmp_path / "began"
    os.mkfifo(began)
    program.write_text(FORKS.format(python=sys.executable, began=str(began)))
    program.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    daemon = int(began.read_text())
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "interrupted\n"
    # Dead, though nobody may have asked for its exit code yet: a zombie has no arguments.
    arguments = Path(f"/proc/{daemon}/cmdline")
    assert not arguments.exists() or arguments.read_bytes() == b""
