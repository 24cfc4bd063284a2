"""What a supervisor keeps running. Plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ivr.errors import SetupError


@dataclass(frozen=True, slots=True)
class Program:
    """A program and the patience with it. Times in seconds.

    `environment` is added to the supervisor's own. Programs of a higher `level` are stopped before
    those of a lower one. A program that does not beat for `stall` is killed, before its first beat
    only after `start_limit`; one that does not end within `farewell` after a SIGTERM, or within
    `hurry` after a SIGINT, is killed too.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    level: int = 0
    stall: float = 5.0
    start_limit: float = 60.0
    farewell: float = 10.0
    hurry: float = 10.0


class ProgramFailed(SetupError):
    """A program ended before it was up for the first time. `code` is for the supervisor's exit."""

    def __init__(self, program: Program, ending: str, code: int) -> None:
        super().__init__(
            f"{program.name} could not be started ({ending})",
            place="ivr serve",
            remedy="What it said stands above.",
        )
        self.code = code
