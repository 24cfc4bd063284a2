"""What a running Asterisk answers is judged, whatever its files say. Answers are of 22.10.1."""

from __future__ import annotations

import pytest

from ivr.asterisk.doctor.running import COMMANDS, check_running

GOOD = {
    "core show version": "Asterisk 22.10.1+dfsg built by nobody on a x86_64 running Linux\n",
    "core show settings": (
        "  Root console verbosity:      0\n  Debug level:                 0\n"
        "  Dump core on crash:          No\n  Shell on remote consoles:    Disabled\n"
    ),
    "logger show channels": (
        "Channel                             Type     Formatter  Status    Configuration\n"
        "/log/messages.log    File     default    Enabled    - NOTICE WARNING ERROR \n"
        "                                    Console  default    Enabled    - NOTICE VERBOSE \n"
    ),
    "module show like .so": "res_agi.so   Asterisk Gateway Interface   3   Running   core\n",
    "http show status": "HTTP Server Status:\nServer Disabled\n",
    "manager show settings": (
        "  TCP Bindaddress:           127.0.0.1:5038\n  Debug:                     No\n"
    ),
    "cel show status": "CEL Logging: Disabled\n",
    "dialplan show hotline": (
        "5. StoreDTMF(RX,IVR_KEYS)  [extensions.conf:35]\n 9. AGI(${IVR_ENGINE})\n"
    ),
}

CHANGED = [
    ("version", "core show version", "22.10.1", "22.9.0"),
    ("version", "core show version", "22.10.1", "23.0.0"),
    ("version", "core show version", "22.10.1", "GIT-master"),
    ("running-options", "core show settings", "verbosity:      0", "verbosity:      3"),
    ("running-options", "core show settings", "level:                 0", "level:      1"),
    ("running-options", "core show settings", "No", "Yes"),
    ("running-options", "core show settings", "Disabled", "Enabled"),
    ("running-options", "core show settings", "Debug level", "Other"),
    ("running-logs", "logger show channels", "NOTICE WARNING ERROR", "NOTICE DTMF"),
    ("modules-unwanted", "module show like .so", "res_agi", "res_hep"),
    ("running-doors", "http show status", "Server Disabled", "Server Enabled"),
    ("running-doors", "manager show settings", "127.0.0.1", "0.0.0.0"),
    ("running-doors", "manager show settings", "               No", "               Yes"),
    ("running-doors", "cel show status", "Disabled", "Enabled"),
    ("running-dialplan", "dialplan show hotline", "StoreDTMF", "NoOp"),
]


def test_a_good_one_is_right() -> None:
    assert set(GOOD) == set(COMMANDS)
    assert {one.level for one in check_running(GOOD)} == {"right"}


@pytest.mark.parametrize(("check", "command", "old", "new"), CHANGED)
def test_a_change_is_caught(check: str, command: str, old: str, new: str) -> None:
    assert old in GOOD[command]
    told = check_running({**GOOD, command: GOOD[command].replace(old, new, 1)})
    wrong = [one for one in told if one.level == "wrong"]
    assert [one.check for one in wrong] == [check]
    assert all(one.remedy and one.place for one in wrong)
