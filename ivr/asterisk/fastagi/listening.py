"""A command under way, and what became of it when it was interrupted. Plain data, no behaviour."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ivr.asterisk.agi import Command, Reply


@dataclass(slots=True, eq=False)
class Listening:
    """A command that is under way: a handle for `AgiSession.finish()`, `wait()`, `interrupt()`."""

    command: Command
    sent_at: float
    """By the loop's clock."""
    future: asyncio.Future[Reply | None] = field(repr=False)
    """The reply; None when the command was stopped. The session's, not to be awaited directly."""
    abandoned: bool = False
    """Whether the next command may stop it, or wait for it, without being told to."""

    @property
    def done(self) -> bool:
        """Whether the reply has come, or never will."""
        return self.future.done()


@dataclass(frozen=True, slots=True)
class Interruption:
    """What was under way, and what the variables held just after it ended."""

    reply: Reply | None
    """The reply of the command that was under way, if it ended by itself; None: it was stopped."""
    values: tuple[str, ...] = field(repr=False)
    """One for each variable asked for; empty for one that is unset."""
