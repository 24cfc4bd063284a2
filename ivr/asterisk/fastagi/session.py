"""One call's conversation with Asterisk: send a command, await its reply, interrupt it.

Must not decide what the caller hears, and must not log: commands and replies may be personal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ivr.asterisk.agi import Command, Conversation, Environment, Event, Reply
from ivr.asterisk.fastagi.limits import Stats
from ivr.asterisk.fastagi.listening import Asking, Interruption, Listening, Order, Then
from ivr.asterisk.fastagi.wire import Wire
from ivr.errors import ChannelClosed, ChannelError, ProtocolError

RIPE_SECONDS: Final = 0.002
"""How old a command must be before it is interrupted: Asterisk must have read it.

Two lines in one read() leave the second unseen until a third. On an idle machine half of the syncs
sent at once were left so, none of those sent after 1 ms; on a busy one a few are, and the sync that
is sent again when the first patience is over is the third line.
"""


class AgiSession:
    """The open conversation of one call. One task drives it; a second one gets RuntimeError.

    Every coroutine here raises ChannelClosed when a command needs a caller who has hung up, and
    ChannelLost when the connection broke without a word of that; ProtocolError when Asterisk
    refused a command or lost its step for good, after which the connection is closed. They may be
    cancelled at any time: the next command first waits for, or stops, what was left behind.
    """

    def __init__(
        self,
        environment: Environment,
        conversation: Conversation,
        transport: asyncio.Transport,
        *,
        stats: Stats,
        patience: tuple[float, ...],
        peer: str,
    ) -> None:
        self.environment = environment
        self.peer = peer
        """The address that the call came from, for messages."""
        self._wire = Wire(conversation, transport, stats, peer)
        self._stats = stats
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._driving = False

    @property
    def hangup(self) -> asyncio.Event:
        """Set when the caller has hung up or the connection has ended."""
        return self._wire.hangup

    @property
    def hung_up(self) -> bool:
        """Whether Asterisk has said that the caller is gone."""
        return self._wire.hung_up

    @property
    def longest_gap(self) -> float:
        """The longest time in seconds between a reply and our next line: keys get lost in it."""
        return self._wire.longest_gap

    @property
    def listening(self) -> Listening | None:
        """The command that is under way, or that ended and was not followed by another."""
        return self._wire.listening

    async def command(self, command: Command, limit: float | None = None) -> Reply:
        """Send a command and return its reply, whose code is 200.

        `limit` is in seconds; None: the command's own. When it passes, the step is found again
        and a plain ChannelError is raised: the session can still be used. When it cannot be found,
        ProtocolError.
        """
        return await self.finish(await self.start(command), limit)

    async def start(self, command: Command) -> Listening:
        """Send a command and return without waiting for its reply.

        Raises RuntimeError when another one that was started is still under way.
        """
        if self._driving or not self._wire.idle:
            with self._drive():
                await self._settle()
        return self._wire.send(Order(command))

    async def finish(self, listening: Listening, limit: float | None = None) -> Reply:
        """Wait for the reply of a command that was started; see `command()`.

        When it is cancelled, the command counts as left behind. Raises ChannelError when the
        command was interrupted.
        """
        seconds = listening.command.timeout if limit is None else limit
        try:
            await listening.outcome.wait(seconds)
        except asyncio.CancelledError:
            listening.abandoned = True
            raise
        if not listening.done:
            with self._drive():
                listening.abandoned = True
                await self._synchronise(())
            if listening.outcome.result() is None:
                raise ChannelError(
                    f"{listening.command.verb} was not answered within {seconds:g} s",
                    place=self.peer,
                )
        reply = listening.outcome.result()
        if reply is None:
            raise ChannelError(f"{listening.command.verb} was interrupted", place=self.peer)
        return self._check(listening.command, reply)

    async def wait(self, listening: Listening, seconds: float) -> bool:
        """Wait until a command ends or the seconds have passed; return whether it ended.

        It may be cancelled without harm: the command stays under way.
        """
        return await listening.outcome.wait(seconds)

    async def interrupt(self, *variables: str, then: Then | None = None) -> Interruption:
        """Stop the command under way and read variables in the same round trip.

        What `then` says of the values is sent in the instant in which they come, unless it needs a
        caller who has hung up. Without a command under way this only
        reads; the reply is then that of the command that was started last, unless another one
        followed it. Raises RuntimeError when the command cannot be interrupted, ValueError when a
        name is not a variable's.
        """
        with self._drive():
            before = self._wire.listening
            await self._ripen()
            asking = await self._synchronise(variables, then)
            reply = None if before is None else before.outcome.result()
            if before is not None and reply is not None:
                self._check(before.command, reply)
            return Interruption(reply, asking.values.result(), asking.sent)

    async def read(self, *variables: str) -> tuple[str, ...]:
        """Return the values of variables, whatever is in them; empty for one that is unset.

        One round trip; works after a hangup. Raises ValueError when a name is not a variable's,
        RuntimeError when a command that was started is under way.
        """
        with self._drive():
            await self._settle()
            return (await self._synchronise(variables)).values.result()

    def close(self) -> None:
        """End the conversation: Asterisk's dialplan goes on. Harmless when it has ended."""
        self._wire.close()

    def hear(self, event: Event) -> None:
        """Take one event of the conversation; called by the connection."""
        self._wire.hear(event)

    @contextmanager
    def _drive(self) -> Iterator[None]:
        if self._driving:
            raise RuntimeError("another task is driving this AGI session")
        self._driving = True
        try:
            yield
        finally:
            self._driving = False

    async def _settle(self) -> None:
        """Bring the conversation to rest: nothing outstanding, no matter what was cancelled."""
        if self._wire.over:
            raise self._wire.closed()
        listening = self._wire.listening
        if listening is not None and not listening.done:
            if not listening.abandoned:
                raise RuntimeError(f"{listening.command.verb} is under way")
            if listening.command.interruptible:
                await self._ripen()
            else:
                await listening.outcome.wait(self._remaining(listening))
            if not self._wire.idle:
                await self._synchronise(())
        elif not self._wire.idle:
            await self._synchronise(())

    def _remaining(self, listening: Listening) -> float | None:
        limit = listening.command.timeout
        if limit is None:
            return None
        return max(0.0, listening.sent_at + limit - self._loop.time())

    async def _ripen(self) -> None:
        """Wait until what is under way may be interrupted, also when it is followed by another."""
        while (listening := self._wire.listening) is not None and not listening.done:
            if not listening.command.interruptible:
                raise RuntimeError(f"{listening.command.verb} cannot be interrupted")
            listening.abandoned = True
            missing = listening.sent_at + RIPE_SECONDS - self._loop.time()
            if missing <= 0:
                return
            await listening.outcome.wait(missing)

    async def _synchronise(self, variables: tuple[str, ...], then: Then | None = None) -> Asking:
        for patience in self._patience:
            asking = self._wire.ask(variables, then)
            try:
                answered = await asking.values.wait(patience)
            except asyncio.CancelledError:
                asking.then = None
                raise
            if answered:
                asking.values.result()
                return asking
            self._stats.pokes += 1
        raise self._wire.give_up("Asterisk does not answer")

    def _check(self, command: Command, reply: Reply) -> Reply:
        if reply.code == 200:
            return reply
        if reply.code == 511:
            self._wire.note_hangup()
            raise ChannelClosed("the caller has hung up", place=self.peer)
        raise ProtocolError(
            f"Asterisk refused {command.verb} with code {reply.code}", place=self.peer
        )
