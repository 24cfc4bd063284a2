"""What is under way on a session, and what became of it. Must not know sockets or bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ivr.asterisk.agi import Command, Reply
from ivr.errors import ChannelError

T = TypeVar("T")


class Pending(Generic[T]):
    """A value that comes once, or never.

    Any number of tasks may wait for it, each with a patience of its own; a task that is cancelled
    meanwhile leaves it as it is. (`asyncio.wait()` does that too, one turn of the loop later.)
    """

    __slots__ = ("_error", "_value", "_waiters", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: ChannelError | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def resolve(self, value: T) -> None:
        """Give it its value; later ones are ignored."""
        self._settle(value, None)

    def fail(self, error: ChannelError) -> None:
        """Say that it never comes."""
        self._settle(None, error)

    def result(self) -> T:
        """Return the value, or raise what `fail()` was given. Only once it is done."""
        if self._error is not None:
            raise self._error
        if not self.done:
            raise RuntimeError("the value has not come yet")
        return self._value  # type: ignore[return-value]  # None only where T allows it

    @property
    def good(self) -> bool:
        """Whether the value has come."""
        return self.done and self._error is None

    async def wait(self, seconds: float | None) -> bool:
        """Wait until it is done, or the seconds have passed (None: no limit); return `done`."""
        if self.done:
            return True
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = None if seconds is None else loop.call_later(seconds, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
            if timer is not None:
                timer.cancel()
        return self.done

    def _settle(self, value: T | None, error: ChannelError | None) -> None:
        if not self.done:
            self.done = True
            self._value, self._error = value, error
            for waiter in self._waiters:
                _wake(waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


Then = Callable[[tuple[str, ...]], "Order | None"]
"""Says, from the values that were read, what to send in the same instant; None: nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command with what follows it without a pause.

    When it ends by itself, in good order, `reads` are read and what `then` says is sent, without a
    turn of the loop in between: in such a pause Asterisk has no command. `then` must not block and
    must not raise. None: nothing follows.
    """

    command: Command
    reads: tuple[str, ...] = ()
    then: Then | None = field(default=None, repr=False)


@dataclass(slots=True, eq=False)
class Listening:
    """A command that is under way: a handle for `AgiSession.finish()`, `wait()`, `interrupt()`."""

    order: Order
    sent_at: float
    """By the loop's clock."""
    outcome: Pending[Reply | None] = field(repr=False, default_factory=Pending)
    """The reply; None when the command was stopped."""
    values: Pending[tuple[str, ...]] = field(repr=False, default_factory=Pending)
    """What was read when it had ended; fails when nothing follows it."""
    abandoned: bool = False
    """Whether the next command may stop it, or wait for it, without being told to."""

    @property
    def command(self) -> Command:
        """The command itself."""
        return self.order.command

    @property
    def done(self) -> bool:
        """Whether the reply has come, or never will."""
        return self.outcome.done


@dataclass(slots=True, eq=False)
class Asking:
    """A sync that is under way."""

    values: Pending[tuple[str, ...]] = field(repr=False, default_factory=Pending)
    then: Then | None = None
    """Says what to send with the answer; None: nothing."""
    followed: Listening | None = None
    """The command that ended by itself before this sync."""
    sent: Listening | None = None
    """What `then` said, once it was sent."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """What was under way, and what the variables held just after it ended."""

    reply: Reply | None
    """The reply of the command that was under way, if it ended by itself; None: it was stopped."""
    values: tuple[str, ...] = field(repr=False)
    """One for each variable asked for; empty for one that is unset."""
    sent: Listening | None = None
    """What `then` said of the values; None when nothing was sent."""
