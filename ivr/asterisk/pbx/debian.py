"""Fetches the packages of Asterisk from Debian, without root and without touching the system.

apt does the work, with a state directory of its own: its signature checks, proxies and mirrors
stay in force, and the machine's package database, lists and hooks stay out of it. The files are
kept with a manifest of their SHA-256, so that the next installation needs no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr.asterisk.pbx.versions import WANTED, is_supported, parse_version
from ivr.errors import SetupError

SUITES = ("forky", "sid")
"""Where to look, in this order. Stable Debian has no Asterisk; testing may drop it for a while."""

DOWNLOAD = ".apt-"
"""How the name of a directory begins into which packages are fetched, beside `debs`."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

MINIMAL = (
    "asterisk",
    "asterisk-modules",
    "libbsd0",
    "libc6",
    "libcap2",
    "libcrypt1",
    "libedit2",
    "libgcc-s1",
    "libjansson4",
    "libmd0",
    "libnspr4",
    "libnss3",
    "libsqlite3-0",
    "libsrtp2-1",
    "libssl3t64",
    "libstdc++6",
    "libsystemd0",
    "libtinfo6",
    "liburiparser1",
    "libuuid1",
    "libxml2-16",
    "libxslt1.1",
    "libzstd1",
    "zlib1g",
)
"""What the program and the modules of `asterisk-conf/modules.conf` link to. The whole closure that
apt would install is five times as large."""

_RELEASE = re.compile(r"^'(?P<mirror>\S+)/dists/(?P<suite>[^/']+)/InRelease'", re.MULTILINE)
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory of packages whose hashes agree with its manifest."""

    directory: Path
    suite: str
    hashes: dict[str, str]
    """File name to SHA-256 in hexadecimal."""


def parse_mirror(uris: str) -> str | None:
    """The archive in the output of `apt-get update --print-uris`; None when there is none.

    Works for one-line and deb822 sources alike, before any update. Archives of security updates
    are passed over: they hold no whole suite.
    """
    for found in _RELEASE.finditer(uris):
        if not found["suite"].endswith("-security"):
            return found["mirror"]
    return None


def read_cache(directory: Path) -> Cache | None:
    """The packages of an earlier download; None when one is missing or was changed."""
    try:
        stored = json.loads((directory / _MANIFEST).read_text())
        cache = Cache(directory, stored["suite"], stored["hashes"])
        whole = all(_hash(directory / name) == wanted for name, wanted in cache.hashes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return cache if whole and cache.hashes else None


def fetch_packages(
    directory: Path,
    *,
    whole: bool = False,
    mirror: str | None = None,
    suites: Sequence[str] = SUITES,
) -> Cache:
    """Download Asterisk and its libraries into `directory`, replacing what is there.

    `whole` takes all that apt would install instead of `MINIMAL`. `mirror` is the address of a
    Debian archive; None takes the one that this machine uses. Raises `SetupError`.
    """
    _require("apt-get", "apt-cache", "apt-config", "dpkg")
    archive = mirror or parse_mirror(_run(["apt-get", "update", "--print-uris"], None).stdout)
    if archive is None:
        raise SetupError(
            "apt names no Debian archive on this machine",
            place="/etc/apt/sources.list",
            remedy="Set DEBIAN_MIRROR to the address of one.",
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=DOWNLOAD, dir=directory.parent) as scratch:
        apt = _Apt(Path(scratch), archive)
        suite = apt.select(suites)
        debs = apt.download(whole)
        hashes = {deb.name: _hash(deb) for deb in sorted(debs.glob("*.deb"))}
        cache = Cache(directory, suite, hashes)
        stored = {key: value for key, value in asdict(cache).items() if key != "directory"}
        (debs / _MANIFEST).write_text(json.dumps(stored, indent=1) + "\n")
        shutil.rmtree(directory, ignore_errors=True)
        debs.rename(directory)
    return cache


class _Apt:
    """apt with a configuration and a state of its own below `root`."""

    def __init__(self, root: Path, archive: str) -> None:
        self._root = root
        self._archive = archive
        self._environment = {**os.environ, "APT_CONFIG": str(root / "apt.conf"), "LC_ALL": "C"}
        for name in ("state/lists/partial", "cache/archives/partial", "debs"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "apt.conf").write_text(_configuration(root))

    def select(self, suites: Sequence[str]) -> str:
        """Read the indexes of the first suite that offers a supported Asterisk; return its name."""
        said = ""
        for suite in suites:
            (self._root / "private.sources").write_text(
                f"Types: deb\nURIs: {self._archive}\nSuites: {suite}\n"
                f"Components: main\nSigned-By: {KEYRING}\n"
            )
            update = _run(["apt-get", "-qq", "update"], self._environment)
            shown = _run(["apt-cache", "show", "asterisk"], self._environment).stdout
            offered = re.search(r"^Version: (.+)$", shown, re.MULTILINE)
            version = parse_version(offered[1]) if offered else None
            if version is not None and is_supported(version):
                return suite
            said = f"{suite} has {version}" if version else _cause(update.stderr) or said
        raise SetupError(
            f"no suite of {', '.join(suites)} offers {WANTED}" + (f" ({said})" if said else ""),
            place=self._archive,
            remedy="Check the network and the space on the disk, set DEBIAN_MIRROR, or install "
            f"{WANTED} yourself.",
        )

    def download(self, whole: bool) -> Path:
        """Fetch the packages; return the directory that holds them and nothing else."""
        debs = self._root / "debs"
        if whole:
            command = ["apt-get", "-qq", "-y", "--download-only", "install", "asterisk"]
        else:
            command = ["apt-get", "-qq", "download", *MINIMAL]
        done = _run(command, self._environment, debs)
        if done.returncode != 0:
            raise SetupError(
                f"the download failed: {_cause(done.stderr)}",
                place=self._archive,
                remedy="Check the network and the space on the disk, then run this again.",
            )
        for deb in (self._root / "cache/archives").glob("*.deb"):
            deb.rename(debs / deb.name)
        return debs


def _configuration(root: Path) -> str:
    dumped = _run(["apt-config", "dump"], None).stdout.splitlines()
    acquire = "\n".join(line for line in dumped if line.startswith("Acquire::"))
    architecture = _run(["dpkg", "--print-architecture"], None).stdout.strip()
    return f"""{acquire}
// None of the machine's hooks, sources, preferences and state.
Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "{root}/private.sources"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Dir::State "{root}/state"; Dir::State::status "{root}/status";
Dir::Log "{root}/log"; Dir::Cache "{root}/cache";
APT::Architecture "{architecture}"; APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User ""; Debug::NoLocking "1";
APT::Install-Recommends "0"; APT::Get::AllowUnauthenticated "0";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
Acquire::Retries "3"; Acquire::GzipIndexes "true";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
"""


def _require(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            raise SetupError(
                f"this machine has no {program}, which fetches Asterisk",
                remedy=f"Install {WANTED} yourself, then run this again.",
            )


def _run(
    command: list[str], environment: dict[str, str] | None, directory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _cause(said: str) -> str:
    """The first complaint of apt; what follows it are mostly its consequences."""
    complaints = (line[2:].strip() for line in said.splitlines() if line[:2] in ("E:", "W:"))
    return next(complaints, "")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
