"""Settings: one frozen object, read once, from options and `IVR_…` environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ivr.errors import UsageError

PREFIX = "IVR_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Every field is also an environment variable: `IVR_STATE`, `IVR_FLOWS` ….

    `state` holds all that the system writes: store, keys, recordings, prompts, the local Asterisk.
    `flows` and `prompts` are what people write. Asterisk reaches the engine at `agi_host` and
    `agi_port`. `recordings` is where Asterisk writes sound; empty: below `state`.
    `spool` takes records while the store is away, and should lie on another disk; empty: below
    `state`. A spool has `spool_megabytes` from the beginning.
    """

    state: Path = Path("var")
    flows: Path = Path("flows")
    prompts: Path = Path("prompts")
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    recordings: Path = Path()
    spool: Path = Path()
    spool_megabytes: int = 64

    def at(self, state: Path) -> Settings:
        """The same settings with everything written somewhere else."""
        return replace(self, state=_absolute(state))

    @property
    def store(self) -> Path:
        """The directory of the journal: database, lock, socket."""
        return self.state / "store"

    @property
    def socket(self) -> Path:
        """The writer's door."""
        return self.store / "writer.sock"

    @property
    def key_file(self) -> Path:
        """The key that encrypts the keys of the calls."""
        return self.state / "keys" / "vault.key"

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
        """Flow directories that calls in progress may still need."""
        return self.state / "bundles"

    @property
    def recorded(self) -> Path:
        """Where recordings lie."""
        return self.state / "recordings" if self.recordings == Path() else self.recordings

    @property
    def spools(self) -> Path:
        """Where records wait while the store is away, a directory for each process."""
        return self.state / "spool" if self.spool == Path() else self.spool

    @property
    def pbx(self) -> Path:
        """The local Asterisk: its program, if it is ours, and its instance."""
        return self.state / "asterisk"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment asks for; what it leaves out or empty keeps its default.

    Raises UsageError for a value of the wrong form. Paths become absolute.
    """
    values: dict[str, str | int | Path] = {}
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
        spool=_absolute_unless_empty(settings.spool),
    )


def _absolute(path: Path) -> Path:
    """Not `Path.resolve()`, which raises for links that lead in a circle."""
    return Path(os.path.realpath(path))


def _absolute_unless_empty(path: Path) -> Path:
    return path if path == Path() else _absolute(path)


def _read(name: str, written: str) -> str | int | Path:
    if name == "agi_port":
        if not re.fullmatch("[0-9]{1,5}", written) or not 0 < int(written) < 65536:
            raise UsageError(
                f"{written!r} is no port",
                place=PREFIX + name.upper(),
                remedy="Give a number from 1 to 65535.",
            )
        return int(written)
    if name == "spool_megabytes":
        if not re.fullmatch("[0-9]{1,6}", written) or int(written) < 1:
            raise UsageError(
                f"{written!r} is no size",
                place=PREFIX + name.upper(),
                remedy="Give the megabytes of a spool, 1 or more.",
            )
        return int(written)
    return written if name == "agi_host" else Path(written)
