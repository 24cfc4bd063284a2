"""The half of a session that acts at once: it sorts what Asterisk says and sends what must follow.

While Asterisk has no command it may take a key twice, so the next line leaves in the very callback
that brought the reply, before any other call has its turn. Must not wait for anything.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final, assert_never

from ivr.asterisk.agi import (
    Answered,
    Conversation,
    Ended,
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
from ivr.asterisk.fastagi.listening import Asking, Listening, Order, Then
from ivr.errors import ChannelClosed, ChannelError, ChannelLost, ProtocolError

MAX_STRAYS: Final = 100


class Wire:
    """What is under way with Asterisk on one connection."""

    def __init__(
        self, conversation: Conversation, transport: asyncio.Transport, stats: Stats, peer: str
    ) -> None:
        self.hangup = asyncio.Event()
        """Set when nothing more may be asked of a caller: hung up, or the connection has ended."""
        self.hung_up = False
        """Whether Asterisk has said that the caller is gone."""
        self.longest_gap = 0.0
        self.listening: Listening | None = None
        """The command that was sent last, until a sync after it was answered."""
        self._conversation = conversation
        self._transport = transport
        self._stats = stats
        self._peer = peer
        self._clock = asyncio.get_running_loop().time
        self._asking: Asking | None = None
        self._strays = 0
        self._heard_at: float | None = None
        self._fault: ProtocolError | None = None

    @property
    def idle(self) -> bool:
        """Whether a command may be sent."""
        return self._conversation.idle

    @property
    def over(self) -> bool:
        """Whether the conversation has ended."""
        return self._conversation.state is State.CLOSED

    def send(self, order: Order) -> Listening:
        """Send a command. Raises ChannelClosed or ChannelLost when it needs a caller."""
        if self.hangup.is_set() and not order.command.after_hangup:
            raise self.closed()
        self._write(self._conversation.send(order.command))
        self.listening = Listening(order, self._clock())
        return self.listening

    def ask(self, variables: tuple[str, ...], then: Then | None) -> Asking:
        """Stop what is under way and read variables; `then` says what to send with the answer."""
        if self.over:
            raise self.closed()
        sync = Sync(secrets.token_hex(8), variables)
        self._write(self._conversation.synchronise(sync))
        followed = None if self._asking is None else self._asking.followed
        self._asking = Asking(then=then, followed=followed)
        return self._asking

    def hear(self, event: Event) -> None:
        """Take one event of the conversation."""
        match event:
            case Answered():
                self._answered(event.reply)
            case Interrupted():
                self._interrupted()
            case Synchronised():
                self._synchronised(event.values)
            case HangupNotice():
                self.note_hangup()
            case Stray():
                self._stray()
            case Ended():
                self._end(event.fault)
            case Opened():
                pass
            case _:
                assert_never(event)

    def note_hangup(self) -> None:
        """Learn that the caller is gone."""
        self.hung_up = True
        self.hangup.set()

    def close(self) -> None:
        """End the conversation. Harmless when it has ended."""
        for event in self._conversation.eof():
            self.hear(event)
        self._transport.close()

    def give_up(self, sentence: str) -> ChannelError:
        """End a conversation that cannot be followed any more; returns what to raise."""
        self._fault = ProtocolError(sentence, place=self._peer)
        for event in self._conversation.eof():
            self.hear(event)
        self._transport.abort()
        return self.closed()

    def closed(self) -> ChannelError:
        """What to raise when the conversation has ended."""
        if self._fault is not None:
            return ProtocolError(self._fault.sentence, place=self._peer)
        if self.hung_up:
            return ChannelClosed("the caller has hung up", place=self._peer)
        return ChannelLost("the AGI connection was lost", place=self._peer)

    def _answered(self, reply: Reply) -> None:
        self._heard_at = self._clock()
        listening = self.listening
        if listening is None:
            return
        order = listening.order
        if order.then is not None and self._is_good(reply):
            # A sync that is under way already has a line to follow it.
            asking = self._asking or self.ask(order.reads, order.then)
            asking.followed = listening
        else:
            listening.values.fail(ChannelError("nothing was read", place=self._peer))
        listening.outcome.resolve(reply)

    def _is_good(self, reply: Reply) -> bool:
        """Whether the line may go on; -1 is a hangup, a missing file, or another refusal."""
        return reply.code == 200 and reply.result != "-1" and not self._transport.is_closing()

    def _interrupted(self) -> None:
        self._heard_at = self._clock()
        if self.listening is not None:
            self.listening.values.fail(ChannelError("nothing was read", place=self._peer))
            self.listening.outcome.resolve(None)

    def _synchronised(self, values: tuple[str, ...]) -> None:
        self._heard_at = self._clock()
        self.listening = None
        asking, self._asking = self._asking, None
        if asking is None:
            return
        order = None if asking.then is None else asking.then(values)
        if order is not None and self._may_send(order):
            asking.sent = self.send(order)
        if asking.followed is not None:
            asking.followed.values.resolve(values)
        asking.values.resolve(values)

    def _may_send(self, order: Order) -> bool:
        here = order.command.after_hangup or not self.hangup.is_set()
        return here and not self._transport.is_closing()

    def _write(self, line: bytes) -> None:
        if self._transport.is_closing():
            raise self.closed()
        if self._heard_at is not None:
            self.longest_gap = max(self.longest_gap, self._clock() - self._heard_at)
            self._heard_at = None
        self._transport.write(line)

    def _stray(self) -> None:
        self._stats.strays += 1
        self._strays += 1
        if self._strays > MAX_STRAYS:
            self.give_up("Asterisk sends lines that answer nothing")

    def _end(self, fault: ProtocolError | None) -> None:
        self._fault = self._fault or fault
        self.hangup.set()
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.values.fail(self.closed())
        for listening in (self.listening, None if asking is None else asking.followed):
            if listening is not None:
                listening.outcome.fail(self.closed())
                listening.values.fail(self.closed())
