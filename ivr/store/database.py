"""What the ledger and the committer need of a database: SQLite and PostgreSQL give the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ivr.errors import JournalBroken


class BatchLost(Exception):
    """The store failed: what was not committed is lost. `told` is for everybody who waits.

    When a commit fails, it may have been done nonetheless.
    """

    def __init__(self, told: JournalBroken) -> None:
        super().__init__(told.sentence)
        self.told = told


class Database(Protocol):
    """One connection that writes, and the right to be the only one. Belongs to one thread.

    Every method but `roll_back`, `scrub` and `close` may raise BatchLost.
    """

    place: str
    """Where it is, for messages."""

    def fetch(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        """The rows of a statement, in which `?` stands for the next value.

        Raises JournalConflict when a rule of the schema refuses it; another exception when a value
        cannot be stored. After either, a savepoint must be rewound.
        """

    def begin(self) -> None:
        """Begin a transaction, after a loss with a new connection. A savepoint comes next."""

    def mark(self, savepoint: str) -> None:
        """Set a savepoint."""

    def release(self, savepoint: str) -> None:
        """Keep what came after a savepoint; the next one may be set, or the transaction ended."""

    def rewind(self, savepoint: str) -> None:
        """Undo what came after a savepoint. It stays."""

    def commit(self) -> None:
        """Make the transaction durable; it is on the disk when this returns."""

    def roll_back(self) -> None:
        """End the transaction after BatchLost."""

    def scrub(self) -> bool:
        """Remove erased bytes from where the database still has them; False: try again later."""

    def close(self) -> None:
        """Let the next writer in."""
