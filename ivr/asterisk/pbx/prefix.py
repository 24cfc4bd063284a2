"""Finds the Asterisk of this machine, or installs a private one below a directory.

The private one needs no root: packages are unpacked, not installed, and the program runs with its
own dynamic loader and libraries. Nothing outside of `home` is written.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.asterisk.pbx.config import CONF
from ivr.asterisk.pbx.debian import DOWNLOAD, Cache, fetch_packages, read_cache
from ivr.asterisk.pbx.versions import WANTED, Version, is_supported, parse_version
from ivr.errors import SetupError

_UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian")
SCRATCH = ".prefix-"
"""How the name of a directory begins in which a prefix is built."""

_LOAD = re.compile(r"^load\s*=>?\s*(\S+\.so)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asterisk:
    """An Asterisk that can be started."""

    program: Path
    version: Version
    modules: Path
    data: Path
    """The directory that holds `documentation/`, without which Asterisk refuses its modules."""
    private: bool


def find_asterisk(home: Path, *, path: str | None = None) -> Asterisk:
    """The Asterisk to use: the system's when it is supported, else the private one of `home`.

    `path` is a search path like `$PATH`; None takes `$PATH` and /usr/sbin. Raises `SetupError` when
    there is neither.
    """
    system = _system_program(path)
    version = _ask_version(system) if system else None
    if system and version and is_supported(version):
        modules = _first(
            Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules")
        )
        return Asterisk(system, version, modules, Path("/usr/share/asterisk"), private=False)
    installed = _private(home / "prefix")
    if installed:
        return installed
    found = f"{system} is {version or 'of an unknown version'}; " if system else ""
    raise SetupError(
        f"{found}this needs {WANTED}", remedy="Run `ivr pbx install`: it needs no root."
    )


def install_asterisk(
    home: Path, *, mirror: str | None = None, path: str | None = None, conf: Path = CONF
) -> Asterisk:
    """Install a private Asterisk below `home` unless there is a supported one already.

    `home/debs` keeps the packages; when it is whole, no network is needed. `mirror` and `path` as
    in `fetch_packages` and `find_asterisk`; `conf` names the modules that must be able to load.
    Raises `SetupError`.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _lock(home / "install.lock"):
            _sweep(home)
            try:
                return find_asterisk(home, path=path)
            except SetupError:
                return _install(home, mirror, conf)
    except OSError as error:
        raise SetupError(
            f"Asterisk could not be installed: {error.strerror or error}",
            place=str(error.filename or home),
            remedy="Name a directory that can be written, on a disk with 300 MB free.",
        ) from error


def _sweep(home: Path) -> None:
    """Delete what installations left that were killed. Only under the lock."""
    for pattern in (f"{SCRATCH}*", f"{DOWNLOAD}*"):
        for scratch in home.glob(pattern):
            shutil.rmtree(scratch, ignore_errors=True)


def _install(home: Path, mirror: str | None, conf: Path) -> Asterisk:
    modules = _LOAD.findall((conf / "modules.conf").read_text())
    cache = read_cache(home / "debs") or fetch_packages(home / "debs", mirror=mirror)
    fault = _build(cache, home, modules)
    if fault:
        cache = fetch_packages(home / "debs", mirror=mirror, whole=True)
        fault = _build(cache, home, modules)
    installed = _private(home / "prefix")
    if fault or installed is None:
        raise SetupError(
            f"the packages of {cache.suite} do not run here: {fault}",
            place=str(cache.directory),
            remedy=f"Install {WANTED} yourself, then run this again.",
        )
    return installed


def _build(cache: Cache, home: Path, modules: list[str]) -> str:
    """Unpack beside the prefix and move into place; return what does not work, or nothing."""
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=home) as scratch:
        root = Path(scratch) / "prefix"
        root.mkdir()
        for name in cache.hashes:
            done = _call("dpkg-deb", "--extract", str(cache.directory / name), str(root))
            if done.returncode != 0:
                return done.stderr.strip()
        for name in _UNUSED:
            shutil.rmtree(root / name, ignore_errors=True)
        _relink(root)
        try:
            loader = next(root.glob("usr/lib*/ld-linux*.so.*"))
            libraries = next(root.glob("usr/lib/*/asterisk/modules")).parent.parent
        except StopIteration:
            return "the loader or the modules are missing"
        _write_program(root, loader, libraries)
        fault = _unresolved(root, loader, libraries, modules)
        if not fault:
            shutil.rmtree(home / "prefix", ignore_errors=True)
            root.rename(home / "prefix")
        return fault


def _relink(root: Path) -> None:
    """Make links that lead to the root of the system lead to the root of the prefix."""
    for link in root.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/"):
            target = root / os.readlink(link).lstrip("/")
            link.unlink()
            link.symlink_to(os.path.relpath(target, link.parent))


def _write_program(root: Path, loader: Path, libraries: Path) -> None:
    program = root / "bin" / "asterisk"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        "# Asterisk with the libraries of this directory, which may be moved.\n"
        'root=$(cd "$(dirname "$0")/.." && pwd)\n'
        f'exec "$root/{loader.relative_to(root)}" --inhibit-cache \\\n'
        f'  --library-path "$root/{libraries.relative_to(root)}" "$root/usr/sbin/asterisk" "$@"\n'
    )
    program.chmod(0o755)


def _unresolved(root: Path, loader: Path, libraries: Path, modules: list[str]) -> str:
    """The first library that would not come from inside the prefix, or nothing.

    Without this a library that is missing here is silently taken from the machine, and fails on
    the next machine.
    """
    for file in (
        root / "usr/sbin/asterisk",
        *(libraries / "asterisk/modules" / m for m in modules),
    ):
        listed = _call(
            str(loader), "--inhibit-cache", "--library-path", str(libraries), "--list", str(file)
        )
        for line in (listed.stdout + listed.stderr).splitlines():
            if str(root) not in line and not re.search("linux-vdso|statically linked", line):
                return f"{file.name}: {line.strip()}"
    return ""


def _private(prefix: Path) -> Asterisk | None:
    program = prefix / "bin" / "asterisk"
    version = _ask_version(program) if program.exists() else None
    if version is None or not is_supported(version):
        return None
    modules = next(prefix.glob("usr/lib/*/asterisk/modules"), None)
    if modules is None:
        return None
    return Asterisk(program, version, modules, prefix / "usr/share/asterisk", private=True)


def _system_program(path: str | None) -> Path | None:
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")) if path is None else path
    found = shutil.which("asterisk", path=search)
    return Path(found) if found else None


def _ask_version(program: Path) -> Version | None:
    try:
        return parse_version(_call(str(program), "-V").stdout)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=120
    )


def _first(candidates: Iterator[Path], otherwise: Path) -> Path:
    return next(candidates, otherwise)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Wait until no other process installs below this directory."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
