"""One connection to the manager interface: bytes in, messages out, an answer for each action.

panoramisk's protocol loses a character that is split over two segments, sends what was never
answered once more after the next login, and writes values as they come. This one does not.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from ivr.errors import ManagerAway

_log = logging.getLogger(__name__)

END = b"\r\n\r\n"
BANNER = b"Asterisk Call Manager/"

LONGEST = 1 << 20
"""Bytes without the end of a message after which the peer is no Asterisk."""

LINE = 1024
"""Bytes of a line that Asterisk reads (main/manager.c); what is longer it refuses or cuts."""


class ManagerProtocol(AMIProtocol):  # type: ignore[misc]
    """A connection. `deliver` takes each event, and must return at once."""

    def __init__(self, deliver: Callable[[Message], None]) -> None:
        self._deliver = deliver
        self._rest = b""
        self._pending: dict[str, Action] = {}
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        self.transport = transport

    def send(self, data: Mapping[str, str], as_list: bool | None = None) -> asyncio.Future[Any]:
        """Send an action; the future gets its answer, or ManagerAway when the connection breaks.

        An action is sent once. Raises ValueError for a value with a line break in it, or too long:
        whatever follows the break would be an action of its own.
        """
        if self.gone.is_set():
            raise away()
        action = Action(dict(data), as_list=as_list)
        for name, value in action.items():
            _check(name, value)
        self._pending[action.id] = action
        action.future.add_done_callback(lambda _: self._pending.pop(action.id, None))
        self.transport.write(str(action).encode())
        return action.future  # type: ignore[no-any-return]

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        *messages, self._rest = (self._rest + data).split(END)
        for message in messages:
            self._read(message)
        if self._rest.startswith(BANNER) and b"\r\n" in self._rest:
            self._rest = self._rest.partition(b"\r\n")[2]
        if len(self._rest) > LONGEST:
            _log.error("the manager interface sent a message without an end")
            self.close()

    def _read(self, data: bytes) -> None:
        if data.startswith(BANNER):
            data = data.partition(b"\r\n")[2]
        try:
            message = Message.from_line(data.decode("utf-8", "replace").strip())
        except ValueError:
            message = None
        if message is not None:
            self.handle_message(message)

    def handle_message(self, message: Message) -> None:
        """Answer the action that the message belongs to; an event goes to whoever listens, too."""
        name = message.action_id  # a list: named twice
        action = self._pending.get(name) if isinstance(name, str) else None
        if action is not None:
            action.add_message(message)
        if "event" in message:
            self._deliver(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol. Whoever waits for an answer learns that none will come."""
        self.close()

    def close(self) -> None:
        """Break the connection, at once. Harmless a second time."""
        self.gone.set()
        self.transport.abort()
        for action in list(self._pending.values()):
            if not action.future.done():
                action.future.set_exception(away())
                action.future.exception()  # nobody may be waiting any more


def away() -> ManagerAway:
    """The error of an action that cannot be sent or answered."""
    return ManagerAway("the manager interface (AMI) is away")


def _check(name: str, value: object) -> None:
    for part in value if isinstance(value, list | tuple) else (value,):
        if re.search(r"[\r\n\0]", f"{name}{part}") or len(f"{name}: {part}".encode()) > LINE - 2:
            raise ValueError(f"the value of {name} cannot be sent to the manager interface")
