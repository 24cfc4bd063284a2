"""The manager: stays connected, and knows whether it is.

A hardened panoramisk Manager. Actions are `send_action`, events are `register_event`, as there; a
connection is kept by `run()` instead of timers of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import panoramisk
from panoramisk.message import Message

from ivr.asterisk.manager.protocol import ManagerProtocol, away
from ivr.errors import ManagerAway

_log = logging.getLogger(__name__)

FIRST, LONGEST, REFUSED = 0.1, 5.0, 5.0
"""Seconds until the next try: after the first loss, at most, and after a login that was refused."""

ANSWER = 3.5
"""Seconds that an action may take."""

PING, MISSES = 4.0, 2
"""Seconds between two pings, and how many may stay without an answer: a connection that is only
half open is found after PING + MISSES * ANSWER = 11 seconds."""

QUEUE = 10_000
"""Events that may wait for their handlers; more are counted and dropped. Asterisk breaks with a
client that does not read for 100 ms (main/manager.c), so the reader never waits."""


class _LoginRefused(ManagerAway):
    """Asterisk does not accept the account."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without the manager interface, in seconds since 1970; `dropped` events were missed
    for want of room since the connection before."""

    since: float
    until: float
    dropped: int


@dataclass(frozen=True, slots=True)
class Account:
    """Where Asterisk listens for managers, and as whom to log in."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)


class AmiManager(panoramisk.Manager):  # type: ignore[misc]
    """`find` is asked for the account before each try, since a local Asterisk draws a new secret at
    each start; None: there is none now. It may read files: it is asked in a thread.

    `on_up` is called after each login, with the gap before it (None the first time), `on_state`
    with each change: `up`, `away`, `refused`. `pause` is how many seconds it leaves Asterisk alone
    after a refusal.
    """

    def __init__(
        self,
        find: Callable[[], Account | None],
        on_up: Callable[[Gap | None], None] = lambda gap: None,
        on_state: Callable[[str], None] = lambda state: None,
        *,
        pause: float = REFUSED,
    ) -> None:
        super().__init__()
        self._pause = pause
        self._find = find
        self._on_up = on_up
        self._on_state = on_state
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(QUEUE)
        self._since = time.time()
        self._known = False
        self.connected = False
        self.refused = False
        self.dropped = 0

    def register_event(self, pattern: str, callback: Any = None) -> Any:
        """As panoramisk's, but for its own handler, which sends old actions a second time."""
        if callback == self.send_awaiting_actions:
            return None
        return super().register_event(pattern, callback)

    def send_action(
        self, action: Mapping[str, str], as_list: bool | None = None, **more: str
    ) -> asyncio.Future[Any]:
        """Send an action once. Raises ManagerAway; ValueError for a value that cannot be sent."""
        if not self.connected:
            raise away()
        return self.protocol.send({**action, **more}, as_list)

    async def ask(self, action: Mapping[str, str], seconds: float = ANSWER) -> Any:
        """Send an action and wait for its answer. Raises ManagerAway, also when none comes."""
        return await _answered(self.send_action(action), seconds)

    async def run(self) -> None:
        """Stay connected, and hand events over, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hand_over())
            group.create_task(self._stay())

    async def _stay(self) -> None:
        delay = FIRST
        while True:
            was_up = False
            try:
                was_up = await self._session()
            except _LoginRefused:
                _log.error("the manager interface refuses the account")
            except (OSError, ValueError, ManagerAway, TimeoutError) as error:
                _log.debug("the manager interface is away: %s", type(error).__name__)
                self._forget_refusal()
            if was_up:
                _log.warning("the connection to the manager interface broke")
            delay = FIRST if was_up else min(delay * 2, LONGEST)
            await asyncio.sleep(self._pause if self.refused else delay * random.uniform(0.5, 1))

    async def _session(self) -> bool:
        """Connect, log in, stay; True once the connection breaks after it was up."""
        account = await asyncio.to_thread(self._find)
        if account is None:
            raise away()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER):
            _, self.protocol = await loop.create_connection(
                lambda: ManagerProtocol(self.dispatch), account.host, account.port
            )
        try:
            await self._log_in(account)
            self._up()
            await self._ping()
        finally:
            self.protocol.close()
            self._down()
        return True

    def _forget_refusal(self) -> None:
        """Nobody was asked this time: whether the account is still refused is not known."""
        if self.refused:
            self.refused = False
            self._on_state("away")

    async def _log_in(self, account: Account) -> None:
        login = {"Action": "Login", "Username": account.username, "Secret": account.secret}
        answer = await _answered(self.protocol.send({**login, "Events": "on"}), ANSWER)
        self.refused = not answer.success
        if self.refused:
            self._on_state("refused")
            raise _LoginRefused("the account is refused")

    def _up(self) -> None:
        gap = Gap(self._since, time.time(), self.dropped) if self._known else None
        self._known = self.connected = True
        self.dropped = 0
        self._on_state("up")
        self._on_up(gap)

    def _down(self) -> None:
        if self.connected:
            self._since = time.time()
            self._on_state("away")
        self.connected = False

    async def _ping(self) -> None:
        """Back when the connection is gone, or two pings in a row had no answer."""
        misses = 0
        while misses < MISSES and not self.protocol.gone.is_set():
            try:
                await _answered(self.protocol.send({"Action": "Ping"}), ANSWER)
                misses = 0
            except ManagerAway:
                misses += 1
                continue
            try:
                async with asyncio.timeout(PING):
                    await self.protocol.gone.wait()
            except TimeoutError:
                continue

    def dispatch(self, event: Message) -> None:
        """Put an event in the queue of the handlers, if there is room."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.dropped += 1

    async def _hand_over(self) -> None:
        while True:
            event = await self._waiting.get()
            name = event.event if isinstance(event.event, str) else ""  # a list: named twice
            for pattern, regexp in self.patterns:
                if regexp.match(name):
                    for callback in self.callbacks[pattern]:
                        await self._tell(callback, event)

    async def _tell(self, callback: Any, event: Message) -> None:
        try:
            await callback(self, event)
        except Exception as error:
            _log.error("a handler of %s failed: %s", event.event, type(error).__name__)


async def _answered(future: asyncio.Future[Any], seconds: float) -> Any:
    """The answer. Raises ManagerAway when none comes in time."""
    try:
        async with asyncio.timeout(seconds):
            return await future
    except TimeoutError:
        raise ManagerAway("the manager interface (AMI) does not answer") from None
