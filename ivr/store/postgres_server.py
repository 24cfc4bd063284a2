"""A connection to PostgreSQL: how it is made, what the server must be, what its faults mean."""

from __future__ import annotations

import re
from functools import cache
from itertools import count

import asyncpg

from ivr.errors import IvrError, JournalBad, JournalBroken, SetupError

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises when a server is away or refuses; a time-out is an OSError."""

CONNECTING = 3.0
"""Seconds to reach the server."""

ANSWERING = 5.0
"""Seconds for one statement. Whoever waits is served by the spool long before."""

OLDEST = 13
"""The oldest version of which the community still cared when this was written."""

ALIVE = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "11000",
}
"""The server finds out within 11 seconds that a client's machine is gone, and drops its lock."""


async def connect(address: str, name: str, **settings: str) -> asyncpg.Connection:
    """A connection that says who it is; `settings` are the server's, for this session.

    A password comes from a password file (`passfile=` in the address, PGPASSFILE, ~/.pgpass).
    Raises FAULTS.
    """
    return await asyncpg.connect(
        address,
        timeout=CONNECTING,
        command_timeout=ANSWERING,
        server_settings={"application_name": f"satu-pintu {name}", **ALIVE, **settings},
    )


async def check_server(connection: asyncpg.Connection, place: str) -> None:
    """Make sure that what is committed lasts. Raises SetupError when the server is not made so.

    A session in which a commit would not wait for the disk is told to wait.
    """
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise SetupError(
            f"this is PostgreSQL {version.major}",
            place=place,
            remedy=f"PostgreSQL {OLDEST} or newer is needed; 15 is what the tests run on.",
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise SetupError(
            f"this database is encoded in {encoding}, which cannot hold every name",
            place=place,
            remedy="Make one with: createdb --encoding=UTF8 --template=template0",
        )
    if await connection.fetchval("SHOW fsync") != "on":
        raise SetupError(
            "this server does not write to its disk when it says so (fsync is off)",
            place=place,
            remedy="Set `fsync = on` in postgresql.conf and reload it.",
        )
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        await connection.execute("SET synchronous_commit = on")


async def has_journal(connection: asyncpg.Connection) -> bool:
    """Whether a writer has been here. Raises FAULTS."""
    return bool(await connection.fetchval("SELECT to_regclass('master') IS NOT NULL"))


async def look_at_server(address: str) -> bool:
    """Whether the database at `address` has a journal.

    Raises SetupError and JournalBroken as opening the journal does.
    """
    try:
        connection = await connect(address, "doctor")
        try:
            await check_server(connection, address)
            return await has_journal(connection)
        finally:
            await connection.close(timeout=CONNECTING)
    except FAULTS as error:
        raise explain_opening(error, address) from None


def explain(error: Exception, place: str) -> JournalBroken:
    """What a fault of FAULTS means to a store that was open before."""
    if isinstance(error, asyncpg.DataCorruptedError | asyncpg.IndexCorruptedError):
        return JournalBad(
            f"the store is bad and is not used any more ({_said(error)})",
            place=place,
            remedy="Look at the server's disk, restore the database from its backup, start again.",
        )
    return JournalBroken(
        f"the store failed ({_said(error)})",
        place=place,
        remedy="Look at the PostgreSQL server and at the way to it; nothing was acknowledged.",
    )


def explain_opening(error: Exception, place: str) -> IvrError:
    """What a fault of FAULTS means at the first try: SetupError when waiting changes nothing."""
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            remedy = "Look at the user's password file (PGPASSFILE, mode 0600) and at pg_hba.conf."
        case asyncpg.InvalidCatalogNameError():
            remedy = "Make it: createdb --encoding=UTF8 --template=template0 --owner=USER NAME"
        case asyncpg.InsufficientPrivilegeError():
            remedy = "Make the user of the address the owner of the database."
        case asyncpg.ClientConfigurationError():
            remedy = "Correct the address (IVR_DATABASE)."
        case _:
            return explain(error, place)
    return SetupError(f"the server says: {_said(error)}", place=place, remedy=remedy)


def _said(error: Exception) -> str:
    """Without the detail of a server's message: that holds values."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)


@cache
def number_values(statement: str) -> str:
    """The statement with `$1`, `$2` … where `?` stands for a value."""
    numbers = count(1)
    return re.sub(r"\?", lambda found: f"${next(numbers)}", statement)
