"""The FastAGI server: accepts connections, refuses what is no call, runs one handler a call.

One handler's failure never touches another call: it is logged once, with the script's path and the
error's class, never with a value. Must not know what a handler does.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from ivr.asterisk.agi import Opened
from ivr.asterisk.fastagi.connection import Connection
from ivr.asterisk.fastagi.limits import Limits, Refusal, Stats
from ivr.asterisk.fastagi.session import AgiSession
from ivr.errors import ChannelClosed, ChannelLost, SetupError

Handler = Callable[[AgiSession], Awaitable[None]]

_log = logging.getLogger(__name__)
_PUBLIC_PATH: Final = re.compile(r"[A-Za-z0-9_./-]{0,80}\Z")


class FastAgiServer:
    """A running server, made by `serve()`."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.stats = Stats()
        self._handler = handler
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._group: asyncio.TaskGroup | None = None
        self._timers: dict[Connection, asyncio.TimerHandle] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._next_turn = 0.0

    @property
    def port(self) -> int:
        """The port that is listened on; useful when port 0 was asked for."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the FastAGI server does not listen")
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Accept no more connections and drop those without a header. Calls go on."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._timers):
            connection.transport.abort()

    async def drain(self, seconds: float) -> int:
        """Accept no more, let the calls end, then cancel what is left; return how many that was."""
        self.close()
        if not self._calls:
            return 0
        _, late = await asyncio.wait(self._calls, timeout=seconds)
        for call in late:
            call.cancel()
        return len(late)

    def admit(self, connection: Connection) -> Refusal | None:
        """Judge a new connection by its address, and give it a time to send its header."""
        self.stats.accepted += 1
        if not connection.is_from(self._limits.peers):
            return Refusal.PEER
        while len(self._timers) >= self._limits.waiting:
            next(iter(self._timers)).refuse(Refusal.SLOW)
        self._timers[connection] = self._loop.call_later(
            self._limits.header_seconds, connection.refuse, Refusal.SLOW
        )
        return None

    def open(self, connection: Connection, opened: Opened) -> AgiSession | None:
        """Start the handler of a call whose header is complete, now or when its turn comes."""
        self._stop_timer(connection)
        if len(self._calls) >= self._limits.calls:
            connection.refuse(Refusal.FULL)
            return None
        delay = self._take_turn()
        if delay is None or self._group is None:
            connection.refuse(Refusal.RATE)
            return None
        session = AgiSession(
            opened.environment,
            connection.conversation,
            connection.transport,
            stats=self.stats,
            patience=self._limits.patience,
            peer=connection.peer,
        )
        task = self._group.create_task(self._run(session, delay))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return session

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Count a connection that did not become a call."""
        self._stop_timer(connection)
        self.stats.refused[refusal] += 1

    def forget(self, connection: Connection) -> None:
        """Learn that a connection has ended."""
        self._stop_timer(connection)

    async def listen(self, host: str, port: int, group: asyncio.TaskGroup) -> None:
        """Bind and accept; raises SetupError when the port cannot be had."""
        self._group = group
        try:
            self._server = await self._loop.create_server(
                lambda: Connection(self), host, port, backlog=self._limits.backlog
            )
        except OSError as error:
            raise _setup_error(error, host, port) from None

    def _stop_timer(self, connection: Connection) -> None:
        timer = self._timers.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _take_turn(self) -> float | None:
        """Return the seconds until a new handler may start; None when that is too long."""
        now = self._loop.time()
        rate, burst = self._limits.calls_per_second, self._limits.burst
        turn = max(self._next_turn, now - burst / rate)
        delay = max(0.0, turn - now)
        if delay > self._limits.turn_seconds:
            return None
        self._next_turn = turn + 1 / rate
        return delay

    async def _run(self, session: AgiSession, delay: float) -> None:
        try:
            if delay:
                await asyncio.sleep(delay)
            self.stats.served += 1
            self.stats.live += 1
            try:
                await self._handler(session)
            finally:
                self.stats.live -= 1
        except ChannelClosed:
            pass  # the caller has hung up: the ordinary end of many calls
        except ChannelLost:
            self.stats.lost += 1
            _log.warning("a call lost its connection to Asterisk")
        except Exception as error:
            self.stats.failed += 1
            path = session.environment.path
            public = path if _PUBLIC_PATH.match(path) else "(not shown)"
            _log.error("a call on path %r failed with %s", public, type(error).__name__)
        finally:
            session.close()


@asynccontextmanager
async def serve(
    handler: Handler, *, host: str = "127.0.0.1", port: int = 4573, limits: Limits | None = None
) -> AsyncIterator[FastAgiServer]:
    """Serve FastAGI while the block runs; leave it to accept no more and wait for the calls.

    `handler` is called once a call. An exception in the block, or its cancellation, cancels the
    calls. Raises SetupError, which names the port, when the port cannot be had.
    """
    server = FastAgiServer(handler, limits or Limits())
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        try:
            await server.listen(host, port, group)
            yield server
            server.close()
        except Exception as error:
            failure = error
            await server.drain(0)
        finally:
            server.close()
    if failure is not None:
        raise failure


def _setup_error(error: OSError, host: str, port: int) -> SetupError:
    place = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return SetupError(
            "another program listens on this port",
            place=place,
            remedy="Stop that program, or give the FastAGI server another port here and in the "
            "agi:// address of the dialplan.",
        )
    reason = errno.errorcode.get(error.errno or 0, "unknown error")
    return SetupError(
        f"the FastAGI server cannot listen here ({reason})",
        place=place,
        remedy="Give it an address of this machine and a port above 1023.",
    )
