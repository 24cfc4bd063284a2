"""The lines whose calls this engine leads, and a word on those that another engine leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ivr.errors import JournalConflict
from ivr.operations.claims import LineClaims


class HeldLines:
    """Lines that are held here, each claimed against other engines as long as it is."""

    def __init__(self, claims: LineClaims) -> None:
        self._claims = claims
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, line: str) -> bool:
        return line in self._held

    @contextmanager
    def holding(self, line: str) -> Iterator[None]:
        """Hold a line. Raises JournalConflict when another engine has it: the fence between two."""
        if not self._claims.take(line):
            raise JournalConflict(
                "another engine leads the call on this line",
                remedy="It ends by itself; the dialplan asks again meanwhile.",
            )
        self._held[line] += 1
        try:
            yield
        finally:
            self._held[line] -= 1
            self._held += Counter()  # forgets lines that nobody holds
            if line not in self._held:
                self._claims.drop(line)

    def is_led(self, line: str) -> bool:
        """Whether this engine or another one leads the call on a line."""
        return line in self._held or self._claims.is_elsewhere(line)
