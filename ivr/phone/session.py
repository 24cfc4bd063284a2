"""A call between the network and the pure parts: sends, receives, keeps the time.

Joins `dialog`, `rtp` and `heard` with the sockets. What a person does with it is `call`.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable

from ivr.errors import ChannelClosed, ChannelError
from ivr.phone import g711, rtp
from ivr.phone.dialog import Dialog, Ending
from ivr.phone.heard import Heard
from ivr.phone.sdp import Media
from ivr.phone.sip import Request, Response
from ivr.phone.sockets import read_stamped

_REFUSALS = 100  # in a row, about two seconds: nobody is there


class Session:
    """One call's dialog, sound socket and clock (seconds since the call was dialled).

    `picked_up` gets the moment of the answer, `over` the ending; neither ever fails.
    """

    def __init__(
        self,
        dialog: Dialog,
        rtp_socket: socket.socket,
        send: Callable[[bytes], None],
        *,
        sequence: int | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.picked_up: asyncio.Future[float] = loop.create_future()
        self.over: asyncio.Future[Ending] = loop.create_future()
        self.ended_at: float | None = None
        self.heard = Heard()
        self.out = rtp.Outgoing(
            ssrc=secrets.randbits(32),
            sequence=secrets.randbits(16) if sequence is None else sequence,
            timestamp=secrets.randbits(32),
        )
        self._dialog = dialog
        self._socket = rtp_socket
        self._send = send
        self._started = time.monotonic()
        self._media: Media | None = None
        self._marks: dict[int, asyncio.Future[float]] = {}
        self._refusals = 0
        self._refusals_before = 0
        self._timer: asyncio.TimerHandle | None = None

    def clock(self) -> float:
        """Seconds since the call was dialled."""
        return time.monotonic() - self._started

    # signalling

    def start(self) -> None:
        """Send the INVITE."""
        self._follow(self._dialog.start(time.monotonic()))

    def hang_up(self) -> None:
        """Send BYE or CANCEL; `over` comes with the reply."""
        self._follow(self._dialog.hang_up(time.monotonic()))

    def inform(self, key: str, ms: int) -> None:
        """Send one key in an INFO."""
        self._follow(self._dialog.inform(key, ms, time.monotonic()))

    def act(self, datagrams: list[bytes]) -> None:
        """Send what the dialog says after something was done to it."""
        self._follow(datagrams)

    def receive(self, message: Request | Response) -> None:
        """Take a SIP message of this call."""
        self._follow(self._dialog.receive(message, time.monotonic()))

    def lose(self) -> None:
        """Note that the far SIP port is closed; it matters when a reply from there is due."""
        if self._dialog.alarm is not None:
            self._dialog.lose("Port closed")
            self._follow([])

    def abandon(self) -> None:
        """End the call without waiting for the far end any longer."""
        self._dialog.lose("Abandoned")
        self._follow([])

    def _follow(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._send(datagram)
        if self._dialog.media != self._media:
            self._use(self._dialog.media)
        if self._dialog.state == "answered" and not self.picked_up.done():
            self.picked_up.set_result(self.clock())
        if self._dialog.ending is not None and not self.over.done():
            self._finish(self._dialog.ending)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (alarm := self._dialog.alarm) is not None:
            delay = max(0.0, alarm - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._wake)

    def _wake(self) -> None:
        # The loop's timers may be early by a millisecond; the dialog would find nothing due.
        at = max(time.monotonic(), self._dialog.alarm or 0.0)
        self._follow(self._dialog.wake(at))

    def _use(self, media: Media | None) -> None:
        self._media = media
        if media is None or self.over.done():
            return
        self._socket.connect((media.host, media.port))
        self.out.payload_type = media.payload
        self.out.silence = g711.SILENCE[media.payload]
        self.out.events = media.events

    def _finish(self, ending: Ending) -> None:
        self.listen()
        self.ended_at = self.clock()
        self._socket.close()
        self.over.set_result(ending)

    # sound

    def pace(self, frames: int, now: float) -> None:
        """Read what arrived, send the next `frames` packets; the pacer calls it every 20 ms."""
        self.listen()
        media = self._media
        if media is None or not self.picked_up.done() or self.over.done():
            return
        for _ in range(frames):
            number = self.out.sent_frames
            for packet in self.out.tick():
                if media.listens:
                    self._transmit(packet)
            if mark := self._marks.pop(number, None):
                mark.set_result(now - self._started)
        self._count_refusals()

    def listen(self) -> None:
        """Read what has arrived up to now."""
        if self.over.done():
            return
        try:
            for datagram, arrived in read_stamped(self._socket):
                if packet := rtp.unpack(datagram):
                    self.heard.add(packet, arrived - self._started)
        except ConnectionRefusedError:
            self._refusals += 1

    def _transmit(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:
            self._refusals += 1
        except OSError:
            pass  # the kernel has no room: a lost packet, as on any network

    def _count_refusals(self) -> None:
        if self._refusals == self._refusals_before:
            self._refusals = 0
        self._refusals_before = self._refusals
        if self._refusals >= _REFUSALS:
            self._dialog.lose("Sound port closed")
            self._follow([])

    # waiting

    def mark(self, frame: int) -> asyncio.Future[float]:
        """Give the future of the moment when a queued frame leaves."""
        if frame not in self._marks:
            self._marks[frame] = asyncio.get_running_loop().create_future()
        return self._marks[frame]

    async def wait_sent(self, mark: asyncio.Future[float]) -> None:
        """Wait for a mark. Cancelled, it drops what is still queued. Raises as `check_open`."""
        try:
            await wait_first(mark, self.over)
        except asyncio.CancelledError:
            self.out.drop()
            last = self.out.sent_frames + self.out.queued_frames
            self._marks = {frame: mark for frame, mark in self._marks.items() if frame < last}
            raise
        if not mark.done():
            self.check_open()

    async def pause(self, seconds: float) -> None:
        """Wait while the call lasts. Raises as `check_open`."""
        self.check_open()
        await asyncio.wait({self.over}, timeout=seconds)
        self.check_open()

    def check_open(self) -> None:
        """Raise ChannelClosed when the call is over, ChannelError while it is not answered."""
        if self.over.done():
            raise ChannelClosed(f"the call is over: {self.over.result().reason}")
        if not self.picked_up.done():
            raise ChannelError("the call has not been answered yet")


async def wait_first(
    one: asyncio.Future[float], other: asyncio.Future[Ending], within: float | None = None
) -> None:
    """Wait until one of two is done, at most `within` seconds."""
    either: set[asyncio.Future[float] | asyncio.Future[Ending]] = {one, other}
    await asyncio.wait(either, timeout=within, return_when=asyncio.FIRST_COMPLETED)
