"""What a simulated caller does: acts, one after the other, as in a script of `ivr dial`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

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


Act: TypeAlias = Press | Quiet | Wait | Speak | Leave


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
