"""Finds out what `ivr doctor` judges: rights of files, limits, disks, the running Asterisk."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.asterisk.doctor.config import read_config
from ivr.asterisk.doctor.machine import Machine, Place
from ivr.asterisk.doctor.running import COMMANDS
from ivr.asterisk.pbx.prefix import find_asterisk
from ivr.config import Settings
from ivr.errors import SetupError
from ivr.flow.bundle import Bundle
from ivr.sounds import LAST_WORDS

_TIME_ERROR = 5
"""What adjtimex(2) returns while nobody keeps the clock."""

_TIMEX = 512
"""Bytes, more than struct timex has."""


def find_conf(settings: Settings) -> Path | None:
    """The configuration in use: the local instance's, else the system's, None without either."""
    for conf in (settings.pbx / "instance" / "etc", Path("/etc/asterisk")):
        if (conf / "asterisk.conf").exists():
            return conf
    return None


def directory_of(files: Mapping[str, str], name: str, otherwise: str) -> Path:
    """A directory that asterisk.conf names."""
    return Path(read_config("asterisk.conf", files).section("directories").get(name, otherwise))


def is_in_use(conf: Path, files: Mapping[str, str]) -> bool:
    """Whether this directory is the one that its own asterisk.conf names, and no copy."""
    named = directory_of(files, "astetcdir", "/etc/asterisk")
    return os.path.realpath(named) == os.path.realpath(conf)


def ask_asterisk(settings: Settings, conf: Path) -> dict[str, str] | None:
    """What the Asterisk of this configuration says; None when none answers."""
    try:
        program = find_asterisk(settings.pbx).program
    except SetupError:
        found = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if found is None:
            return None
        program = Path(found)
    said: dict[str, str] = {}
    for command in COMMANDS:
        arguments = [str(program), "-C", str(conf / "asterisk.conf"), "-rx", command]
        try:
            done = subprocess.run(
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=20,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode != 0:
            return None
        said[command] = done.stdout
    return said


def look_around(
    settings: Settings, conf: Path, files: Mapping[str, str], bundle: Bundle | None
) -> Machine:
    """The machine around this configuration; of a copy, the engine's part of it alone."""
    used = is_in_use(conf, files)
    ours = [settings.store, settings.key_file.parent, settings.recorded, settings.scratch]
    ours += [settings.ami_secret] if settings.ami_secret != Path() else []
    theirs = [
        directory_of(files, "astlogdir", "/var/log/asterisk"),
        directory_of(files, "astspooldir", "/var/spool/asterisk"),
        directory_of(files, "astrundir", "/var/run/asterisk"),
        directory_of(files, "astdbdir", "/var/lib/asterisk"),
    ]
    private = [*ours, *(theirs if used else ())]
    return Machine(
        private=[_look(path) for path in private],
        configuration={name: _look(conf / name) for name in files} if used else {},
        owners=frozenset(_owners()),
        free=dict(_free([settings.state, settings.recorded, *(theirs[:2] if used else ())])),
        core_limits=dict(_core_limits(files)) if used else {},
        swap=_swaps(),
        clock_kept=_is_clock_kept(),
        zones={} if bundle is None else {bundle.hotline.timezone: _has(bundle.hotline.timezone)},
        sounds=dict(_sounds(files, bundle)) if used else {},
    )


def _look(path: Path) -> Place:
    try:
        found = path.stat()
        above = tuple(stat.S_IMODE(one.stat().st_mode) for one in path.resolve().parents)
    except FileNotFoundError:
        return Place(str(path), None)
    except OSError:
        return Place(str(path), -1)
    return Place(str(path), stat.S_IMODE(found.st_mode), found.st_uid, above)


def _owners() -> Iterator[int]:
    yield from (0, os.geteuid())
    for line in Path("/etc/passwd").read_text(errors="replace").splitlines():
        name, _, rest = line.partition(":")
        if name in ("asterisk", "satu-pintu"):
            yield int(rest.split(":")[1])


def _free(directories: Sequence[Path]) -> Iterator[tuple[str, int]]:
    for directory in directories:
        with suppress(OSError):
            yield str(directory), shutil.disk_usage(directory).free


def _core_limits(files: Mapping[str, str]) -> Iterator[tuple[str, int | None]]:
    """Of the running Asterisk, whose pid file is where asterisk.conf says."""
    file = directory_of(files, "astrundir", "/var/run/asterisk") / "asterisk.pid"
    with suppress(OSError, ValueError):
        pid = int(file.read_text())
        limits = Path(f"/proc/{pid}/limits").read_text()
        if found := re.search(r"Max core file size\s+(\S+)", limits):
            yield "Asterisk", None if found[1] == "unlimited" else int(found[1])


def _swaps() -> bool | None:
    """An encrypted or compressed one in memory (dm-, zram) does not count."""
    try:
        lines = Path("/proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return None
    return any(not re.match(r"/dev/(dm-|mapper/|zram)", line) for line in lines)


def _is_clock_kept() -> bool | None:
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _has(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _sounds(files: Mapping[str, str], bundle: Bundle | None) -> Iterator[tuple[str, bool]]:
    variables = read_config("extensions.conf", files).section("globals")
    languages = {variables.get("IVR_LANGUAGE"), *(bundle.hotline.languages if bundle else ())}
    if not (folder := variables.get("IVR_SOUNDS")):
        return
    for language in sorted(languages):
        for name in LAST_WORDS:
            sound = Path(folder) / language / name
            yield str(sound), any(sound.parent.glob(f"{name}.*"))
