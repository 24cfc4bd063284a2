"""Reading the PostgreSQL store back, read-only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

from ivr.errors import SetupError
from ivr.store.postgres_server import (
    FAULTS,
    connect,
    explain,
    explain_opening,
    has_journal,
    number_values,
)
from ivr.store.reader import StoredReader


class PostgresReader(StoredReader):
    """The reader of the database at `address`. One question at a time."""

    _connection: asyncpg.Connection

    def __init__(self, address: str, key: Path) -> None:
        super().__init__(key)
        self._address = address
        self._turn = asyncio.Lock()

    async def _open(self) -> None:
        try:
            self._connection = await connect(
                self._address, "reader", default_transaction_read_only="on"
            )
            known = await has_journal(self._connection)
        except FAULTS as error:
            raise explain_opening(error, self._address) from None
        if not known:
            await self._close()
            raise SetupError(
                "there is no journal yet",
                place=self._address,
                remedy="It begins when the service is first started: ivr serve --with-pbx",
            )

    async def _close(self) -> None:
        try:
            await self._connection.close(timeout=1)
        except FAULTS:
            self._connection.terminate()

    async def _fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        async with self._turn:
            try:
                rows: list[Sequence[Any]] = await self._connection.fetch(
                    number_values(statement), *values
                )
            except FAULTS as error:
                raise explain(error, self._address) from None
        return rows
