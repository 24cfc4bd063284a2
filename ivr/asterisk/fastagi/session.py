"""One call's conversation with Asterisk: send a command, await its reply, interrupt it.

Must not decide what the caller hears, and must not log: commands and replies may be personal.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, assert_never

from ivr.asterisk.agi import (
    Answered,
    Command,
    Conversation,
    Ended,
    Environment,
    Event,
    HangupNotice,
    Interrupted,
    Opened,
    Reply,
    State,
    Stray,
    Sync,
    Synchronised,
)
from ivr.asterisk.fastagi.limits import Stats
from ivr.asterisk.fastagi.listening import Interruption, Listening, Pending
from ivr.errors import ChannelClosed, ChannelError, ProtocolError

RIPE_SECONDS: Final = 0.002
"""How old a command must be before it is interrupted: Asterisk must have read it.

Two lines in one read() leave the second unseen until a third. On an idle machine half of the syncs
sent at once were left so, none of those sent after 1 ms.
"""
MAX_STRAYS: Final = 100


class AgiSession:
    """The open conversation of one call. One task drives it; a second one gets RuntimeError.

    Every coroutine here raises ChannelClosed when the connection has ended, or when a command needs
    a caller who has hung up; ProtocolError when Asterisk refused a command or lost its step for
    good, after which the connection is closed. They may be cancelled at any time: the next command
    first waits for, or stops, what was left behind.
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
        self.hangup = asyncio.Event()
        """Set when the caller has hung up or the connection has ended."""
        self.longest_gap = 0.0
        """The longest time in seconds between a reply and our next line: keys get lost in it."""
        self._conversation = conversation
        self._transport = transport
        self._stats = stats
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._listening: Listening | None = None
        self._synced: Pending[tuple[str, ...]] | None = None
        self._driving = False
        self._strays = 0
        self._heard_at: float | None = None
        self._fault: ProtocolError | None = None

    @property
    def hung_up(self) -> bool:
        """Whether the caller has hung up or the connection has ended."""
        return self.hangup.is_set()

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
        if self._driving or not self._conversation.idle:
            with self._drive():
                await self._settle()
        if self.hung_up and not command.after_hangup:
            raise ChannelClosed("the caller has hung up", place=self.peer)
        self._write(self._conversation.send(command))
        self._listening = Listening(command, self._loop.time())
        return self._listening

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

    async def interrupt(self, *variables: str) -> Interruption:
        """Stop the command under way and read variables in the same round trip.

        Without a command under way it only reads; the reply is then that of the command that was
        started last, unless another one followed it. Raises RuntimeError when the command cannot be
        interrupted, ValueError when a name is not a variable's.
        """
        with self._drive():
            listening = self._listening
            if listening is not None and not listening.done:
                if not listening.command.interruptible:
                    raise RuntimeError(f"{listening.command.verb} cannot be interrupted")
                listening.abandoned = True
                await self._ripen(listening)
            values = await self._synchronise(variables)
            self._listening = None
            reply = None if listening is None else listening.outcome.result()
            if listening is not None and reply is not None:
                self._check(listening.command, reply)
            return Interruption(reply, values)

    async def read(self, *variables: str) -> tuple[str, ...]:
        """Return the values of variables, whatever is in them; empty for one that is unset.

        One round trip; works after a hangup. Raises ValueError when a name is not a variable's,
        RuntimeError when a command that was started is under way.
        """
        with self._drive():
            await self._settle()
            return await self._synchronise(variables)

    def close(self) -> None:
        """End the conversation: Asterisk's dialplan goes on. Harmless when it has ended."""
        for event in self._conversation.eof():
            self.hear(event)
        self._transport.close()

    def hear(self, event: Event) -> None:
        """Take one event of the conversation; called by the connection."""
        match event:
            case Answered():
                self._resolve(event.reply)
            case Interrupted():
                self._resolve(None)
            case Synchronised():
                self._heard_at = self._loop.time()
                if self._synced is not None:
                    self._synced.resolve(event.values)
            case HangupNotice():
                self.hangup.set()
            case Stray():
                self._stray()
            case Ended():
                self._end(event.fault)
            case Opened():
                pass
            case _:
                assert_never(event)

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
        if self._conversation.state is State.CLOSED:
            raise self._closed()
        listening = self._listening
        if listening is not None and not listening.done:
            if not listening.abandoned:
                raise RuntimeError(f"{listening.command.verb} is under way")
            if not listening.command.interruptible:
                await listening.outcome.wait(self._remaining(listening))
            if not listening.done:
                await self._ripen(listening)
                await self._synchronise(())
        elif not self._conversation.idle:
            await self._synchronise(())
        self._listening = None

    def _remaining(self, listening: Listening) -> float | None:
        limit = listening.command.timeout
        if limit is None:
            return None
        return max(0.0, listening.sent_at + limit - self._loop.time())

    async def _ripen(self, listening: Listening) -> None:
        missing = listening.sent_at + RIPE_SECONDS - self._loop.time()
        if missing > 0:
            await listening.outcome.wait(missing)

    async def _synchronise(self, variables: tuple[str, ...]) -> tuple[str, ...]:
        for patience in self._patience:
            sync = Sync(secrets.token_hex(8), variables)
            self._write(self._conversation.synchronise(sync))
            self._synced = Pending()
            if await self._synced.wait(patience):
                return self._synced.result()
            self._stats.pokes += 1
        self._break("Asterisk does not answer")
        raise self._closed()

    def _check(self, command: Command, reply: Reply) -> Reply:
        if reply.code == 200:
            return reply
        if reply.code == 511:
            self.hangup.set()
            raise ChannelClosed("the caller has hung up", place=self.peer)
        raise ProtocolError(
            f"Asterisk refused {command.verb} with code {reply.code}", place=self.peer
        )

    def _write(self, line: bytes) -> None:
        if self._transport.is_closing():
            raise self._closed()
        if self._heard_at is not None:
            self.longest_gap = max(self.longest_gap, self._loop.time() - self._heard_at)
            self._heard_at = None
        self._transport.write(line)

    def _resolve(self, reply: Reply | None) -> None:
        self._heard_at = self._loop.time()
        if self._listening is not None:
            self._listening.outcome.resolve(reply)

    def _stray(self) -> None:
        self._stats.strays += 1
        self._strays += 1
        if self._strays > MAX_STRAYS:
            self._break("Asterisk sends lines that answer nothing")

    def _break(self, sentence: str) -> None:
        self._fault = ProtocolError(sentence, place=self.peer)
        for event in self._conversation.eof():
            self.hear(event)
        self._transport.abort()

    def _end(self, fault: ProtocolError | None) -> None:
        self._fault = self._fault or fault
        self.hangup.set()
        if self._synced is not None:
            self._synced.fail(self._closed())
        if self._listening is not None:
            self._listening.outcome.fail(self._closed())

    def _closed(self) -> ChannelError:
        if self._fault is not None:
            return ProtocolError(self._fault.sentence, place=self.peer)
        return ChannelClosed("the AGI connection has ended", place=self.peer)
