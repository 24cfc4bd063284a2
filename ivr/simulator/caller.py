"""What a simulated caller does: acts, one after the other, as in a script of `ivr dial`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from ivr.engine.steps import Step


@dataclass(frozen=True, slots=True)
class Press:
    """The caller presses these keys now, one after the other, also in the middle of a prompt."""

    keys: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """The caller listens until something was said since the last key, and then nothing more."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The caller does nothing for so many milliseconds."""

    length: int


@dataclass(frozen=True, slots=True)
class Speak:
    """The caller speaks for so many milliseconds."""

    length: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller hangs up."""


Does: TypeAlias = Literal["answers", "busy", "no_answer", "full", "closed", "unreachable"]
"""What an officer does; `closed` is a queue that nobody serves."""


@dataclass(frozen=True, slots=True)
class Officer:
    """What the officers do from now on when a caller is handed to them; takes the caller no time.

    Of `answers`, `after` is how many milliseconds that takes, and `talks` how long the talk is
    until the officer hangs up.
    """

    does: Does = "closed"
    after: int = 5_000
    talks: int = 60_000


Act: TypeAlias = Press | Quiet | Wait | Speak | Leave | Officer


class Caller(Protocol):
    """Who plays the caller."""

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """What the caller does next while `step` is going on; None: nothing as long as it lasts.

        `playing` is True while a prompt is heard, False when the call waits for the caller.
        """


@dataclass
class ScriptedCaller:
    """A caller who does what a list says and then stays silent."""

    acts: list[Act] = field(default_factory=list)

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """The next act of the list."""
        return self.acts.pop(0) if self.acts else None
