"""One AGI conversation as a state machine: bytes in, events out, and the bytes of each command.

    HEADER ──blank line──▶ OPEN ──end of file──▶ CLOSED
       └───── not AGI ──────┴─ reply too long ─────▲

In OPEN at most one command is outstanding. Only a `Sync` may follow it before its reply: it stops
an interruptible command and its answer is unmistakable, so it settles what replies alone cannot
settle: whether the stopped command had printed its reply just before, or never will.

    send(command)            ──▶ Answered(command, reply)
    send(command), sync(…)   ──▶ Answered(command, reply), Synchronised(values)    it had ended
                             ──▶ Interrupted(command),     Synchronised(values)    it was stopped
    sync(…)                  ──▶ Synchronised(values)                              plain reading

Asterisk reads lines through a buffer that its poll() does not see, so two lines in one segment can
leave the second unread until a third comes. A further `Sync` is that third: synchronising again
is always safe, and only the answer to the newest one counts.

Must not know sockets, clocks or randomness: the nonce is a parameter.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, assert_never

from ivr.asterisk.agi.command import Command
from ivr.asterisk.agi.environment import Environment, EnvironmentReader
from ivr.asterisk.agi.reply import (
    BadLine,
    FenceReply,
    HangupNotice,
    ReaderEvent,
    Reply,
    ReplyReader,
    Sync,
    TooLong,
    Trying,
)
from ivr.errors import ChannelClosed, ProtocolError

MAX_SYNCS: Final = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """The header is complete: commands may be sent."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class Answered:
    """Asterisk answered this command."""

    command: Command
    reply: Reply


@dataclass(frozen=True, slots=True)
class Interrupted:
    """This command was stopped, or its reply was lost: there will be none."""

    command: Command


@dataclass(frozen=True, slots=True)
class Synchronised:
    """The newest `Sync` was answered, and nothing is outstanding."""

    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that answers nothing was skipped."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The peer closed, or cannot be followed any more. The last event of a conversation.

    `fault` is the error; None when the peer closed after a complete header, as it may at any time.
    """

    fault: ProtocolError | None


Event = Opened | Answered | Interrupted | Synchronised | HangupNotice | Stray | Ended


class State(Enum):
    """Where the conversation stands."""

    HEADER = "header"
    OPEN = "open"
    CLOSED = "closed"


class Conversation:
    """The state machine. `receive()` and `eof()` feed it, and never raise for what they bring."""

    def __init__(self) -> None:
        self._state = State.HEADER
        self._header = EnvironmentReader()
        self._replies = ReplyReader()
        self._pending: deque[Command | Sync] = deque()

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._state

    @property
    def idle(self) -> bool:
        """Whether a command may be sent."""
        return self._state is State.OPEN and not self._pending

    @property
    def started(self) -> bool:
        """Whether the peer has sent anything at all."""
        return self._header.started

    def send(self, command: Command) -> bytes:
        """Return the bytes of a command, which is outstanding from now on.

        Raises ChannelClosed after the end, RuntimeError when something is outstanding.
        """
        self._require_open()
        if self._pending:
            raise RuntimeError("an AGI command is outstanding")
        self._pending.append(command)
        return command.line

    def synchronise(self, sync: Sync) -> bytes:
        """Return the bytes that interrupt and find the step again; allowed at any time.

        Raises ChannelClosed after the end, ProtocolError when MAX_SYNCS are unanswered.
        """
        self._require_open()
        if len(self._pending) > MAX_SYNCS:
            raise ProtocolError("Asterisk has stopped answering")
        line = sync.command.line
        self._pending.append(sync)
        self._replies.expect(sync)
        return line

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the peer and return what they mean, in order."""
        events: list[Event] = []
        try:
            if self._state is State.HEADER:
                data = self._open(data, events)
            if self._state is State.OPEN:
                for event in self._replies.feed(data):
                    self._hear(event, events)
        except ProtocolError as fault:
            self._end(events, fault)
        return events

    def eof(self) -> list[Event]:
        """Take the end of the stream. A second one changes nothing."""
        events: list[Event] = []
        if self._state is State.HEADER:
            self._end(events, ProtocolError("the connection ended within the header"))
        elif self._state is State.OPEN:
            self._end(events, None)
        return events

    def _require_open(self) -> None:
        match self._state:
            case State.HEADER:
                raise RuntimeError("the AGI header has not come yet")
            case State.CLOSED:
                raise ChannelClosed("the AGI connection has ended")
            case State.OPEN:
                pass

    def _open(self, data: bytes, events: list[Event]) -> bytes:
        environment = self._header.feed(data)
        if environment is None:
            return b""
        self._state = State.OPEN
        events.append(Opened(environment))
        return self._header.rest

    def _end(self, events: list[Event], fault: ProtocolError | None) -> None:
        self._state = State.CLOSED
        self._pending.clear()
        events.append(Ended(fault))

    def _hear(self, event: ReaderEvent, events: list[Event]) -> None:
        match event:
            case Reply():
                self._answer(event, events)
            case FenceReply():
                self._settle(event, events)
            case HangupNotice():
                events.append(event)
            case BadLine():
                events.append(Stray(event.reason))
            case TooLong():
                self._end(events, ProtocolError("a reply is too long"))
            case Trying():
                pass
            case _:
                assert_never(event)

    def _answer(self, reply: Reply, events: list[Event]) -> None:
        first = self._pending[0] if self._pending else None
        if isinstance(first, Command):
            self._pending.popleft()
            events.append(Answered(first, reply))
        else:
            events.append(Stray("a reply answers no command"))

    def _settle(self, fence: FenceReply, events: list[Event]) -> None:
        while self._pending:
            item = self._pending.popleft()
            if isinstance(item, Command):
                events.append(Interrupted(item))
            elif item.nonce == fence.nonce:
                break
        if not self._pending:
            events.append(Synchronised(fence.values))
