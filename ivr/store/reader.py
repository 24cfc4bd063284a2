"""Reading the store back, read-only: any number of processes beside the one that writes."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiosqlite

from ivr.audit.leaf import ERASED, open_disclosures, read_leaf
from ivr.audit.vault import DataKey, Vault, open_vault
from ivr.errors import JournalBroken
from ivr.ports import CallSummary, Fact, Turn
from ivr.store.plain import fact_from_leaf, from_micros, turn_from_leaf


class StoredReader(ABC):
    """The CallReader of `ivr.ports` on a database; open it with `async with`.

    It needs the master key's file to show personal values. Opening raises JournalBroken when the
    store cannot be opened, SetupError when the key is not there or there is no journal yet.
    """

    _vault: Vault

    def __init__(self, key: Path) -> None:
        self._key = key

    async def __aenter__(self) -> Self:
        await self._open()
        try:
            self._vault = open_vault(self._key, create=False)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    @abstractmethod
    async def _open(self) -> None:
        """Connect, to read only."""

    @abstractmethod
    async def _close(self) -> None:
        """End the connection."""

    @abstractmethod
    async def _fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        """The rows of a statement, in which `?` stands for the next value."""

    async def calls(self, *, limit: int = 50, prefix: str = "") -> Sequence[CallSummary]:
        """The newest calls first, see `CallReader`."""
        rows = await self._fetch(
            "SELECT id, started_us, ended_us, dialled, caller, turns, outcome, wrapped"
            " FROM call LEFT JOIN data_key ON subject = id"
            f" {'WHERE id >= ? AND id < ?' if prefix else ''}"
            " ORDER BY started_us DESC, id DESC LIMIT ?",
            *((prefix, prefix + chr(0x10FFFF)) if prefix else ()),
            limit,
        )
        return [self._summarise(*row) for row in rows]

    async def turns(self, call: str) -> Sequence[Turn]:
        """The turns of a call in order, see `CallReader`."""
        leaves = await self._read(call, "n IS NOT NULL")
        return [turn_from_leaf(leaf, opened) for leaf, opened in leaves]

    async def facts(self, call: str) -> Sequence[Fact]:
        """The facts about a call in order, see `CallReader`."""
        return [
            fact_from_leaf(leaf, opened) for leaf, opened in await self._read(call, "n IS NULL")
        ]

    async def _read(
        self, call: str, which: str
    ) -> list[tuple[dict[str, Any], dict[str, str | int]]]:
        rows = await self._fetch(
            "SELECT seq, leaf, sealed, wrapped FROM record LEFT JOIN disclosure USING (seq)"
            " LEFT JOIN data_key ON data_key.subject = record.call"
            f" WHERE call = ? AND {which} ORDER BY seq",
            call,
        )
        keys: dict[bytes, DataKey] = {}
        leaves = []
        for seq, leaf, sealed, wrapped in rows:
            opened: dict[str, str | int] = {}
            if sealed is not None and wrapped is not None:
                key = keys.get(wrapped) or self._vault.unwrap(call, wrapped)
                keys[wrapped] = key
                opened = open_disclosures(json.loads(key.unseal(f"record/{seq}", sealed)))
            leaves.append((read_leaf(leaf), opened))
        return leaves

    def _summarise(
        self,
        call: str,
        started: int,
        ended: int | None,
        dialled: str,
        caller: bytes | None,
        turns: int,
        outcome: str | None,
        wrapped: bytes | None,
    ) -> CallSummary:
        if caller is None:
            number = None
        elif wrapped is None:
            number = ERASED
        else:
            number = self._vault.unwrap(call, wrapped).unseal("caller", caller).decode()
        over = None if ended is None else from_micros(ended)
        return CallSummary(call, from_micros(started), over, dialled, number, turns, outcome)


class SqliteReader(StoredReader):
    """The reader of an SQLite file."""

    _connection: aiosqlite.Connection

    def __init__(self, path: Path, key: Path) -> None:
        super().__init__(key)
        self._path = path

    async def _open(self) -> None:
        place = f"file:{quote(str(self._path))}?mode=ro"
        try:
            # A connection of aiosqlite that fails leaves a thread behind, so this one fails first.
            sqlite3.connect(place, uri=True).close()
            self._connection = await aiosqlite.connect(place, uri=True, isolation_level=None)
        except sqlite3.Error as error:
            raise self._broken(error) from None

    async def _close(self) -> None:
        await self._connection.close()

    async def _fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        try:
            return list(await self._connection.execute_fetchall(statement, values))
        except sqlite3.Error as error:
            raise self._broken(error) from None

    def _broken(self, error: sqlite3.Error) -> JournalBroken:
        return JournalBroken(
            f"the store cannot be read ({error})",
            place=str(self._path),
            remedy="Check that this is the journal's file and that its directory can be read.",
        )
