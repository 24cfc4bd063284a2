"""The schema: numbered files for each kind of database; SQLite's file is opened here."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

from ivr.errors import SetupError


def open_database(path: Path) -> sqlite3.Connection:
    """The one connection that writes, in the thread that calls. Raises sqlite3.Error, SetupError.

    WAL with `synchronous=FULL` keeps a commit through a power cut (sqlite.org/pragma.html);
    `secure_delete` overwrites what is erased. The short time-out is for a reader that recovers the
    WAL after a crash; a second writer is kept out by the lock file.
    """
    path.touch(mode=0o600)  # SQLite gives its other files the mode of this one
    connection = sqlite3.connect(path, isolation_level=None, timeout=0.2)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT"
    )
    (present,) = connection.execute(
        "SELECT coalesce(max(version), 0) FROM schema_version"
    ).fetchone()
    for version, script in read_migrations("sqlite", present, str(path)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script};INSERT INTO schema_version VALUES ({version}); COMMIT;"
        )


def read_migrations(kind: str, present: int, place: str) -> list[tuple[int, str]]:
    """What brings a database of this kind up to date from version `present`, in order.

    Raises SetupError when it is of a newer release.
    """
    folder = resources.files("ivr.store").joinpath("migrations", kind)
    known = {int(entry.name[:4]): entry.read_text("utf-8") for entry in folder.iterdir()}
    if present > max(known):
        raise SetupError(
            f"this store has schema {present}, this program knows {max(known)}",
            place=place,
            remedy="Start the newer release that wrote it.",
        )
    return sorted((version, script) for version, script in known.items() if version > present)
