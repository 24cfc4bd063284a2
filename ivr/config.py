"""Settings: one frozen object, read once, from options and `IVR_…` environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ivr.errors import UsageError

PREFIX = "IVR_"

LOG_FORMS = ("auto", "text", "json")
"""`auto`: text on a terminal, else JSON."""

Value = str | int | float | Path | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Every field is also an environment variable: `IVR_STATE`, `IVR_FLOWS` ….

    `state` holds all that the system writes: store, keys, recordings, prompts, the local Asterisk.
    `flows` and `prompts` are what people write. Asterisk reaches the engine at `agi_host` and
    `agi_port`, the second of several `engines` one port above. `recordings` is where Asterisk
    writes sound, `key` is the file of the vault's key, `spool` where records wait while the store
    is away (each process has `spool_megabytes` there), best on another disk; empty: all below
    `state`. `database` is the address of a PostgreSQL database, without a password; empty: the
    store is an SQLite file below `state`. An engine takes `max_calls` calls, and those to the
    numbers `always_admitted` beyond.
    Seconds: `drain` for calls to end after SIGTERM, `stall` that an engine may stand still.
    `status_port` serves /livez, /readyz and /metrics on loopback, 0: not. The manager interface is
    at `ami_host` and `ami_port`, its account `ami_user` with the secret in the file `ami_secret`;
    empty: that of the local Asterisk. `officers` says who takes calls there, as
    `ivr.asterisk.pbx.officers` reads it. Sources and webhooks may ask `source_hosts` only; their
    secrets are files in the directory `secrets`, empty: below `state`. A call to `test_number` has
    the flow directory as it is now, published or not; empty: there is none.
    """

    state: Path = Path("var")
    flows: Path = Path("flows")
    prompts: Path = Path("prompts")
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    recordings: Path = Path()
    key: Path = Path()
    engines: int = 1
    max_calls: int = 500
    always_admitted: tuple[str, ...] = ()
    drain: float = 120.0
    stall: float = 5.0
    status_port: int = 9573
    log: str = "auto"
    ami_host: str = "127.0.0.1"
    ami_port: int = 5038
    ami_user: str = "ivr"
    ami_secret: Path = Path()
    spool: Path = Path()
    spool_megabytes: int = 64
    officers: str = "officer-1:5091"
    database: str = ""
    source_hosts: tuple[str, ...] = ()
    secrets: Path = Path()
    test_number: str = ""

    def at(self, state: Path) -> Settings:
        """The same settings with everything written somewhere else."""
        return replace(self, state=_absolute(state))

    @property
    def alone(self) -> Path:
        """The lock file of the service: one serves from a state at a time."""
        return self.state / "serve.lock"

    @property
    def agi_ports(self) -> Sequence[int]:
        """The port of each engine, in the order in which the dialplan asks them."""
        return range(self.agi_port, self.agi_port + self.engines)

    @property
    def store(self) -> Path:
        """The directory of the journal: SQLite's database and lock, the writer's socket."""
        return self.state / "store"

    @property
    def journal(self) -> Path:
        """SQLite's database, unless there is another."""
        return self.store / "journal.db"

    @property
    def socket(self) -> Path:
        """The writer's door."""
        return self.store / "writer.sock"

    @property
    def key_file(self) -> Path:
        """The key that encrypts the keys of the calls."""
        return self.state / "keys" / "vault.key" if self.key == Path() else self.key

    @property
    def secret_directory(self) -> Path:
        """The secrets of sources and webhooks, a file for each."""
        return self.state / "secrets" if self.secrets == Path() else self.secrets

    @property
    def sounds(self) -> Path:
        """The cache of rendered prompts."""
        return self.state / "sounds"

    @property
    def scratch(self) -> Path:
        """Sounds about a person, a directory for each call, deleted with its end."""
        return self.state / "calls"

    @property
    def shelf(self) -> Path:
        """The bundles of all publications, and those that calls in progress may still need."""
        return self.state / "bundles"

    @property
    def history(self) -> Path:
        """Who published what and when."""
        return self.shelf / "history"

    @property
    def serving(self) -> Path:
        """What the service serves now."""
        return self.state / "serving.json"

    @property
    def recorded(self) -> Path:
        """Where recordings lie."""
        return self.state / "recordings" if self.recordings == Path() else self.recordings

    @property
    def metrics(self) -> Path:
        """Counts that the processes of a service share while it runs."""
        return self.state / "metrics"

    @property
    def spools(self) -> Path:
        """Where records wait while the store is away, a directory for each process."""
        return self.state / "spool" if self.spool == Path() else self.spool

    @property
    def pbx(self) -> Path:
        """The local Asterisk: its program, if it is ours, and its instance."""
        return self.state / "asterisk"


def write_settings(settings: Settings) -> dict[str, str]:
    """The environment that `read_settings` reads as these settings, for a process of ours."""
    values = ((field.name, getattr(settings, field.name)) for field in fields(Settings))
    return {
        PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else _written(value)
        for name, value in values
    }


def _written(value: Value) -> str:
    return "" if value == Path() else f"{value:g}" if isinstance(value, float) else str(value)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment asks for; what it leaves out or empty keeps its default.

    Raises UsageError for a value of the wrong form. Paths become absolute.
    """
    values: dict[str, Value] = {}
    for field in fields(Settings):
        written = environment.get(PREFIX + field.name.upper())
        if written:
            values[field.name] = _read(field.name, written)
    settings = Settings(**values)  # type: ignore[arg-type]
    return replace(
        settings,
        state=_absolute(settings.state),
        flows=_absolute(settings.flows),
        prompts=_absolute(settings.prompts),
        recordings=_absolute_unless_empty(settings.recordings),
        key=_absolute_unless_empty(settings.key),
        spool=_absolute_unless_empty(settings.spool),
        secrets=_absolute_unless_empty(settings.secrets),
        ami_secret=_absolute_unless_empty(settings.ami_secret),
    )


def _absolute(path: Path) -> Path:
    """Not `Path.resolve()`, which raises for links that lead in a circle."""
    return Path(os.path.realpath(path))


def _absolute_unless_empty(path: Path) -> Path:
    return path if path == Path() else _absolute(path)


def _read(name: str, written: str) -> Value:
    read, remedy = _READERS.get(name, (Path, ""))
    value = read(written)
    if value is None:
        kind = "port" if name.endswith("port") else "value for this setting"
        raise UsageError(f"{written!r} is no {kind}", place=PREFIX + name.upper(), remedy=remedy)
    return value


def _whole(least: int, most: int) -> Callable[[str], int | None]:
    def read(written: str) -> int | None:
        known = re.fullmatch("[0-9]{1,7}", written) is not None
        return int(written) if known and least <= int(written) <= most else None

    return read


def _seconds(least: float, most: float) -> Callable[[str], float | None]:
    def read(written: str) -> float | None:
        known = re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", written) is not None
        return float(written) if known and least <= float(written) <= most else None

    return read


def _numbers(written: str) -> tuple[str, ...] | None:
    numbers = tuple(re.split(" *, *", written.strip()))
    return numbers if all(re.fullmatch("[0-9+*#]{1,32}", one) for one in numbers) else None


def _hosts(written: str) -> tuple[str, ...] | None:
    hosts = tuple(re.split(" *, *", written.strip().lower()))
    form = r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
    return hosts if all(re.fullmatch(form, host) for host in hosts) else None


def _number(written: str) -> str | None:
    return written if re.fullmatch("[0-9+*#]{1,32}", written) else None


def _address(written: str) -> str | None:
    """Never shows what was written when there is a password in it."""
    try:
        parts = urlsplit(written)
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        return None
    if ("@" in parts.netloc and ":" in parts.netloc.rpartition("@")[0]) or "password" in query:
        raise UsageError(
            "there is a password in the address, where everybody can read it",
            place="IVR_DATABASE",
            remedy="Put it into a file of mode 0600 (HOST:PORT:DATABASE:USER:PASSWORD), and name"
            " that file with PGPASSFILE.",
        )
    known = parts.scheme in ("postgresql", "postgres") and parts.path.strip("/")
    return written if known else None


def _log_form(written: str) -> str | None:
    return written if written in LOG_FORMS else None


_READERS: Mapping[str, tuple[Callable[[str], Value | None], str]] = {
    "agi_host": (str, ""),
    "agi_port": (_whole(1, 65535), "Give a number from 1 to 65535."),
    "ami_host": (str, ""),
    "ami_port": (_whole(1, 65535), "Give a number from 1 to 65535."),
    "ami_user": (str, ""),
    "officers": (str, ""),
    "engines": (_whole(1, 8), "Give a number from 1 to 8."),
    "max_calls": (_whole(1, 5000), "Give a number from 1 to 5000."),
    "always_admitted": (_numbers, "Give dialled numbers with commas between them: 112,1500"),
    "source_hosts": (_hosts, "Give host names with commas between: api.example.go.id,127.0.0.1:80"),
    "drain": (_seconds(0, 7200), "Give seconds from 0 to 7200."),
    "stall": (_seconds(1, 600), "Give seconds from 1 to 600."),
    "status_port": (_whole(0, 65535), "Give a number from 1 to 65535, or 0 for no pages."),
    "spool_megabytes": (_whole(1, 999_999), "Give the megabytes of a spool, 1 or more."),
    "database": (_address, "Give postgresql://USER@HOST/NAME, or nothing for SQLite."),
    "test_number": (_number, "Give one number that can be dialled: 1599"),
    "log": (_log_form, f"Give one of {', '.join(LOG_FORMS)}."),
}
"""How a setting is read, None for a value of the wrong form, and what to give. Else: a path."""
