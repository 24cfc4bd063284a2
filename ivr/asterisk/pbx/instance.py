"""One running Asterisk on loopback: start, talk to, look at, stop.

Everything of an instance lies in its directory, so several run side by side.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr.asterisk.pbx.config import CONF, Settings, read_conf, render_conf
from ivr.asterisk.pbx.ports import Ports, check_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.asterisk.pbx.process import end_process, kill_processes, main_conf, read_pid
from ivr.asterisk.pbx.sounds import link_announcements, write_sounds
from ivr.asterisk.pbx.versions import Version, parse_version
from ivr.errors import SetupError

AMI_USER = "ivr"

_SOCKET_PATH = 100
"""Characters that Linux allows for the path of a Unix socket, with some to spare."""

_PROBLEM = re.compile(r"\] (WARNING|ERROR)\[")


@dataclass(frozen=True, slots=True)
class Instance:
    """Where a started Asterisk is, and how to reach it."""

    directory: Path
    program: Path
    ports: Ports
    ami_secret: str
    """The password of the AMI account `AMI_USER`, drawn anew at each start."""

    @property
    def pid_file(self) -> Path:
        """Written by Asterisk itself."""
        return self.directory / "run" / "asterisk.pid"

    @property
    def log(self) -> Path:
        """Warnings and errors; the callers' keys are never in it."""
        return self.directory / "log" / "messages.log"

    @property
    def cdr(self) -> Path:
        """One line for each ended call."""
        return self.directory / "log" / "cdr-custom" / "Master.csv"

    @property
    def recordings(self) -> Path:
        """Where MixMonitor puts files that are given without a directory."""
        return self.directory / "spool" / "monitor"


@dataclass(frozen=True, slots=True)
class Status:
    """What a running instance says of itself."""

    version: Version | None
    pid: int
    uptime: int
    """Seconds since the start."""
    ports: Ports
    calls: int
    """Calls in progress."""


def start_instance(
    asterisk: Asterisk,
    directory: Path,
    settings: Settings,
    *,
    conf: Path = CONF,
    timeout: float = 20.0,
) -> Instance:
    """Start an Asterisk in `directory`, and return when it is ready for calls.

    Logs and recordings of an earlier run stay; its configuration is written anew from `conf`.
    `timeout` in seconds. Raises `SetupError`: already running, a port in use, not ready in
    time, an error in its log. What does not become ready, or is interrupted, does not run on.
    """
    directory = directory.resolve()
    _check_place(directory)
    check_ports(settings.ports)
    instance = Instance(directory, asterisk.program, settings.ports, secrets.token_urlsafe(24))
    _prepare(instance, asterisk, settings, conf)
    begun = _log_size(instance)
    try:
        done = _asterisk(instance)
        ready = done.returncode == 0 and _wait_booted(instance, timeout)
        errors = [line for line in read_problems(instance, begun) if "] ERROR[" in line]
        if not ready or errors:
            raise SetupError(
                f"Asterisk did not start cleanly: {'; '.join(errors[:3]) or done.stderr.strip()}",
                place=str(instance.log),
                remedy="Read the log beside it and put the configuration right.",
            )
    except BaseException:
        kill_processes(directory)
        raise
    return instance


def load_instance(directory: Path) -> Instance | None:
    """The instance that was started in this directory; None when none is running."""
    directory = directory.resolve()
    if read_pid(directory) is None:
        return None
    stored = json.loads((directory / "instance.json").read_text())
    return Instance(
        directory, Path(stored["program"]), Ports(**stored["ports"]), stored["ami_secret"]
    )


def stop_instance(directory: Path, *, timeout: float = 5.0) -> bool:
    """Stop the Asterisk of this directory and its calls; False when none was running.

    It has `timeout` seconds to hang up and write its records; then it is killed.
    """
    directory = directory.resolve()
    if read_pid(directory) is None:
        return False
    end_process(directory, timeout)
    (directory / "run" / "asterisk.pid").unlink(missing_ok=True)
    return True


def read_status(instance: Instance) -> Status | None:
    """What the instance says of itself; None when it is not running."""
    pid = read_pid(instance.directory)
    if pid is None:
        return None
    calls = re.search(r"(\d+) active call", run_command(instance, "core show channels count"))
    uptime = re.search(r"System uptime: (\d+)", run_command(instance, "core show uptime seconds"))
    return Status(
        version=parse_version(run_command(instance, "core show version")),
        pid=pid,
        uptime=int(uptime[1]) if uptime else 0,
        ports=instance.ports,
        calls=int(calls[1]) if calls else 0,
    )


def run_command(instance: Instance, command: str) -> str:
    """Run a console command in the instance and return what it prints. Raises `SetupError`."""
    done = _asterisk(instance, "-rx", command)
    if done.returncode != 0:
        raise SetupError(
            f"Asterisk does not answer: {(done.stdout or done.stderr).strip()}",
            place=str(instance.directory),
            remedy="Start it with `ivr pbx start`.",
        )
    return done.stdout


def set_patience(instance: Instance, seconds: int) -> None:
    """Let callers without an engine hear the apology after so long, from now on. 0: at once.

    Raises `SetupError`.
    """
    run_command(instance, f"dialplan set global IVR_PATIENCE {seconds}")


def point_at(instance: Instance, *engines: str) -> None:
    """Send calls to these AGI addresses (`agi://127.0.0.1:4573/call`) from now on, in this order.

    Calls that are with an engine stay there until it closes. Raises `SetupError`.
    """
    run_command(instance, f"dialplan set global IVR_AGI {'&'.join(engines)}")


def read_problems(instance: Instance, begun: int = 0) -> list[str]:
    """The warnings and errors in the log from byte `begun` on."""
    if not instance.log.exists():
        return []
    with instance.log.open(errors="replace") as file:
        file.seek(begun)
        return [line.rstrip() for line in file if _PROBLEM.search(line)]


def _check_place(directory: Path) -> None:
    if read_pid(directory):
        raise SetupError(
            "an Asterisk is already running here",
            place=str(directory),
            remedy="Run `ivr pbx stop` first, or name another directory.",
        )
    if len(str(directory / "run" / "asterisk.ctl")) > _SOCKET_PATH:
        raise SetupError(
            "the path is too long for a Unix socket",
            place=str(directory),
            remedy=f"Choose a directory of less than {_SOCKET_PATH - 17} characters.",
        )


def _prepare(instance: Instance, asterisk: Asterisk, settings: Settings, conf: Path) -> None:
    directory = instance.directory
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    for name in ("run", "log/cdr-custom", "spool/monitor", "lib/keys", "data"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    documentation = directory / "data" / "documentation"
    documentation.unlink(missing_ok=True)
    documentation.symlink_to(asterisk.data / "documentation")
    write_sounds(directory / "data")
    link_announcements(directory / "data" / "sounds", settings.sounds, settings.languages)
    directories = {
        "astetcdir": directory / "etc",
        "astmoddir": asterisk.modules,
        "astvarlibdir": directory / "lib",
        "astdbdir": directory / "lib",
        "astkeydir": directory / "lib",
        "astdatadir": directory / "data",
        "astagidir": directory / "data",
        "astspooldir": directory / "spool",
        "astrundir": directory / "run",
        "astlogdir": directory / "log",
        "astsbindir": asterisk.program.parent,
    }
    texts = render_conf(read_conf(conf), directories, settings, instance.ami_secret)
    for name, text in texts.items():
        _write_private(directory / "etc" / name, text)
    stored = {key: value for key, value in asdict(instance).items() if key != "directory"}
    _write_private(directory / "instance.json", json.dumps(stored, default=str))


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _asterisk(
    instance: Instance, *arguments: str, timeout: float = 20.0
) -> subprocess.CompletedProcess[str]:
    """Run the program with this instance's configuration; without arguments it becomes a daemon."""
    command = [str(instance.program), "-C", str(main_conf(instance.directory)), *arguments]
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=instance.directory,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {timeout:g} seconds")


def _wait_booted(instance: Instance, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        if _asterisk(instance, "-rx", "core waitfullybooted", timeout=left).returncode == 0:
            return True
        time.sleep(0.05)
    return False


def _log_size(instance: Instance) -> int:
    return instance.log.stat().st_size if instance.log.exists() else 0
