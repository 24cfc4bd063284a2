"""What processes have cost so far."""

from __future__ import annotations

import os
from pathlib import Path


def read_cpu(pid: int) -> float:
    """Seconds of user and system time that a process has used (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_tree(pid: int) -> float:
    """The same of a process and all that it started and that still run."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return read_cpu(pid) + sum(read_tree(int(child)) for child in children)
