"""A child dies with its supervisor, also with one that was killed, also when it stands still."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Mapping

SUPERVISOR = "IVR_SUPERVISOR"
"""The environment variable that tells a child the process id of its supervisor."""

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that the kernel sends when the thread that started this process ends."""


def die_with_supervisor(environment: Mapping[str, str] = os.environ) -> None:
    """Have the kernel kill this process when its supervisor ends; without one, do nothing.

    SIGKILL, since a process that stands still obeys nothing else. What was durable stays so: it is
    the death that every call survives. Raises ProcessLookupError when the supervisor is gone.
    """
    supervisor = environment.get(SUPERVISOR, "")
    if not supervisor:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != int(supervisor):
        raise ProcessLookupError("the supervisor ended while this process began")
