"""What a check found: one plain sentence, its place, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["right", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check.

    `right`: as it should be. `note`: could not be judged, or a matter for the operator to weigh.
    `wrong`: to be put right. `place` is a file with its line, a directory or a program; empty when
    the whole is meant. `remedy` is empty for what is right.
    """

    check: str
    level: Level
    sentence: str
    place: str = ""
    remedy: str = ""

    def tell(self) -> str:
        """The finding for a person, in the form of every other message."""
        head = f"{self.place}: {self.sentence}" if self.place else self.sentence
        tail = f"\n  {self.remedy}" if self.remedy else ""
        return f"{self.level}: {head} [{self.check}]{tail}"


def conclude(check: str, sentence: str, found: Iterable[Finding]) -> list[Finding]:
    """What a check found; when that is nothing, that all is right."""
    return list(found) or [Finding(check, "right", sentence)]
