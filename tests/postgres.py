"""A PostgreSQL of the tests' own: made in a new directory, on loopback, gone with the test run."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
ROLE = "ivr"
"""The user of the service: no superuser, owner of its databases."""

PASSWORD = "only-for-tests"
STARTING = 30.0
"""Seconds until a server that was started answers."""

_USER = "nobody"
"""PostgreSQL does not run as root (initdb refuses), so root's server is this user's."""


def find_programs() -> Path:
    """Where Debian's package has the newest server; it puts none of it into PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4])
    )
    assert found, "PostgreSQL is missing; install the Debian package postgresql"
    return found[-1].parent


@dataclass
class Cluster:
    """One server. It is made and started when the first database is asked for.

    Through its Unix socket everybody is let in, on loopback only ROLE with PASSWORD.
    """

    port: int = 0
    _place: Path | None = None
    _process: subprocess.Popen[bytes] | None = None
    _names: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def place(self) -> Path:
        """The directory of data, socket, log and password file."""
        assert self._place is not None
        return self._place

    def new_database(self) -> str:
        """The address of an empty database, through the Unix socket."""
        if self._place is None:
            self._make()
        name = f"calls_{next(self._names)}"
        self.ask("postgres", f'CREATE DATABASE {name} OWNER "{ROLE}"')
        return f"postgresql://{ROLE}@/{name}?host={self.place}&port={self.port}"

    def by_tcp(self, address: str, port: int = 0) -> str:
        """The same database on loopback; `port` when there is a proxy."""
        name = address.partition("?")[0].rpartition("/")[2]
        passfile = self.place / "pgpass"
        return f"postgresql://{ROLE}@{HOST}:{port or self.port}/{name}?passfile={passfile}"

    def ask(self, database: str, statement: str) -> str:
        """What a superuser is told; the name of a database or its address."""
        name = database.partition("?")[0].rpartition("/")[2]
        return self._run(
            "psql", "-h", str(self.place), "-p", str(self.port), "-U", "postgres", "-d", name,
            "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", statement, runner=(),
        )  # fmt: skip

    def copy(self, address: str, empty: str) -> None:
        """Copy a database into an empty one as the handbook says."""
        dump = self.place / "calls.dump"
        self._run("pg_dump", "--format=custom", f"--file={dump}", address)
        self._run("pg_restore", "--no-owner", f"--dbname={empty}", str(dump))

    def start(self) -> None:
        """Start the server again. It ends with this process, whatever becomes of it."""
        log = (self.place / "server.log").open("ab")
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self.place),
            "shared_buffers": "16MB",
        }
        command = [*_as_user("--pdeathsig", "QUIT"), str(find_programs() / "postgres")]
        command += ["-D", str(self.place / "data")]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        limit = time.monotonic() + STARTING
        while not self._answers():
            assert time.monotonic() < limit, (self.place / "server.log").read_text()
            time.sleep(0.02)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` as if it had crashed, `fast` in order."""
        assert self._process is not None
        self._run("pg_ctl", "stop", "-D", str(self.place / "data"), "-m", mode, "-s", "-w")
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """Stop the server, if it runs, and remove all that is its own."""
        if self._process is not None:
            self.stop()
        if self._place is not None:
            shutil.rmtree(self._place)

    def _make(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="ivr-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self._place, _USER)
        self.port = _free_port()
        self._run(
            "initdb", "-D", str(self.place / "data"), "-U", "postgres", "-E", "UTF8",
            "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
        )  # fmt: skip
        passfile = self.place / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:{ROLE}:{PASSWORD}\n")
        self.start()
        self.ask("postgres", f"CREATE ROLE \"{ROLE}\" LOGIN PASSWORD '{PASSWORD}'")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.place / "server.log").read_text()
        command = [str(find_programs() / "pg_isready"), "-q", "-h", str(self.place)]
        return subprocess.run([*command, "-p", str(self.port)], check=False).returncode == 0

    def _run(self, program: str, *arguments: str, runner: tuple[str, ...] | None = None) -> str:
        command = [*(_as_user() if runner is None else runner), str(find_programs() / program)]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _as_user(*more: str) -> list[str]:
    """How another program runs it: as an unprivileged user (setpriv(1))."""
    user = ["--reuid", _USER, "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, *more, "--"] if user or more else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
