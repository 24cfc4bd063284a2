"""What a running Asterisk says is in effect: files may have been changed since, or by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.asterisk.doctor.config import Setting
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import TELLING
from ivr.asterisk.doctor.manager import is_loopback
from ivr.asterisk.doctor.modules import judge_modules
from ivr.asterisk.pbx.versions import WANTED, is_supported, parse_version

COMMANDS = (
    "core show version",
    "core show settings",
    "logger show channels",
    "module show like .so",
    "http show status",
    "manager show settings",
    "cel show status",
    "dialplan show hotline",
)
"""What is asked: each only shows."""

_RESTART = "Correct the file, then restart Asterisk."
_SETTINGS = (
    ("Root console verbosity", "0", "core set verbose 0"),
    ("Debug level", "0", "core set debug 0"),
    ("Dump core on crash", "No", ""),
    ("Shell on remote consoles", "Disabled", ""),
)


def check_running(said: Mapping[str, str]) -> list[Finding]:
    """Judge the answers to `COMMANDS`."""
    modules = re.findall(r"^(\S+)\.so .*Running", said["module show like .so"], re.MULTILINE)
    return [
        *_check_version(said["core show version"]),
        *conclude("running-options", "no debugging is on", _options(said["core show settings"])),
        *conclude("running-logs", "no log that is open takes keys", _logs(said)),
        *judge_modules(Setting(name, "", "the running Asterisk") for name in modules),
        *conclude("running-doors", "AMI is on loopback, HTTP and CEL are off", _doors(said)),
        *conclude("running-dialplan", "[hotline] is loaded", _dialplan(said)),
    ]


def _wrong(check: str, sentence: str, remedy: str) -> Finding:
    return Finding(check, "wrong", sentence, "the running Asterisk", remedy)


def _check_version(text: str) -> list[Finding]:
    version = parse_version(text)
    if version is not None and is_supported(version):
        return [Finding("version", "right", f"Asterisk {version} runs")]
    sentence = f"it is {version or 'of an unknown version'}; this needs {WANTED}"
    return [_wrong("version", sentence, "Install a supported one: ivr pbx install")]


def _options(text: str) -> Iterator[Finding]:
    for name, wanted, command in _SETTINGS:
        found = re.search(rf"^\s*{re.escape(name)}:\s*(.*?)\s*$", text, re.MULTILINE)
        if found is None or found[1] != wanted:
            told = found[1] if found else "unknown"
            remedy = f"Run on its console: {command}" if command else _RESTART
            yield _wrong("running-options", f"{name.lower()} is {told}, not {wanted}", remedy)


def _logs(said: Mapping[str, str]) -> Iterator[Finding]:
    """The console's own row does not count: it is a screen, which no file keeps."""
    for line in said["logger show channels"].splitlines():
        row = re.match(r"(\S+)\s+(File|Syslog|SyslogBSD)\b.*?(?:Enabled|Disabled)\s+- (.*)", line)
        telling = sorted({word.lower() for word in row[3].split()} & set(TELLING)) if row else []
        if row and telling:
            sentence = f"{row[1]} takes {', '.join(telling)}, which carry callers' keys"
            yield _wrong("running-logs", sentence, "Correct logger.conf; run: logger reload")


def _doors(said: Mapping[str, str]) -> Iterator[Finding]:
    address = re.search(r"TCP Bindaddress:\s*(\S+):\d+", said["manager show settings"])
    if address and not is_loopback(address[1]):
        sentence = f"the manager interface listens on {address[1]}"
        yield _wrong("running-doors", sentence, "Set bindaddr = 127.0.0.1 in manager.conf.")
    if re.search(r"^Debug:\s+Yes|^\s+Debug:\s+Yes", said["manager show settings"], re.MULTILINE):
        yield _wrong("running-doors", "AMI is being debugged", "Run: manager set debug off")
    if "Server Disabled" not in said["http show status"]:
        yield _wrong("running-doors", "Asterisk's own web server is on", _RESTART)
    if "CEL Logging: Disabled" not in said["cel show status"]:
        yield _wrong("running-doors", "channel events (CEL) are on", _RESTART)


def _dialplan(said: Mapping[str, str]) -> Iterator[Finding]:
    text = said["dialplan show hotline"]
    if "StoreDTMF(RX,IVR_KEYS)" not in text or "AGI(" not in text:
        sentence = "[hotline] is not the one of asterisk-conf/extensions.conf"
        yield _wrong("running-dialplan", sentence, "Correct it; run: dialplan reload")
