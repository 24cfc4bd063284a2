"""One call of the telephone: what a person does with a handset, as coroutines.

It knows nothing of scripts; `agent.Phone` makes it. All times are seconds since the call was
dialled.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import soundfile

from ivr.errors import CallRefused, ChannelError, SetupError
from ivr.phone import g711, rtp
from ivr.phone.dialog import Ending
from ivr.phone.session import Session, wait_first
from ivr.phone.voice import read_voice

_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class KeyPress:
    """When the first packet of a key and the one with its end bit left."""

    key: str
    began: float
    ended: float


class Call:
    """A call that was dialled. Made by `Phone.dial`."""

    def __init__(self, number: str, session: Session) -> None:
        self.number = number
        self._session = session

    async def answered(self, within: float = 60.0) -> None:
        """Wait for the answer, at most `within` seconds, then cancel the call.

        Raises CallRefused with the SIP status (408 when nobody answered or replied), SetupError
        when no SIP port is open there.
        """
        session = self._session
        await wait_first(session.picked_up, session.over, within)
        if session.picked_up.done():
            return
        if session.over.done():
            raise self._refusal(session.over.result())
        session.hang_up()
        raise self._refusal(Ending("us", 408, f"No answer within {within:g} s", None))

    async def press(self, keys: str, *, tone_ms: int = 80, gap_ms: int = 80) -> list[KeyPress]:
        """Press keys one after another; back when the last tone has ended (its gap still runs).

        Both lengths are multiples of 20 ms and exact in RTP timestamps. Raises UsageError for
        another key or length, ChannelError when the far end takes no telephone events,
        ChannelClosed when the call is over.
        """
        session = self._session
        rtp.check_keys(keys, tone_ms, gap_ms)
        session.check_open()
        if session.out.events is None:
            raise ChannelError("the far end takes no telephone events, so no key can be pressed")
        marks = []
        for key in keys:
            frames = session.out.press(key, tone_ms, gap_ms)
            marks.append((key, session.mark(frames[0]), session.mark(frames[-1])))
        if marks:
            await session.wait_sent(marks[-1][2])
        return [KeyPress(key, began.result(), ended.result()) for key, began, ended in marks]

    async def inform(self, keys: str, *, tone_ms: int = 80, gap_ms: int = 80) -> None:
        """Press keys by SIP INFO, which says their length and has no sound; back with the last one.

        Raises UsageError and ChannelClosed as `press`.
        """
        rtp.check_keys(keys, tone_ms, gap_ms)
        self._session.check_open()
        for number, key in enumerate(keys):
            if number:
                await self._session.pause((tone_ms + gap_ms) / 1000)
            self._session.inform(key, tone_ms)

    async def speak(self, samples: g711.Samples) -> None:
        """Say 16-bit samples at 8 kHz, in real time; back when the last has left.

        Raises ChannelClosed when the call ends before.
        """
        session = self._session
        session.check_open()
        frames = session.out.speak(g711.encode(session.out.payload_type, samples))
        if frames:
            await session.wait_sent(session.mark(frames[-1]))

    async def play(self, path: Path) -> None:
        """Say a sound file of any rate. Raises SpeechError when it cannot be read."""
        await self.speak(read_voice(path))

    async def hangup(self) -> Ending:
        """Hang up, or cancel a call that is not answered; back when the far end has confirmed."""
        self._session.hang_up()
        return await self.ended()

    async def ended(self, within: float | None = None) -> Ending:
        """Wait for the end. Raises ChannelError after `within` seconds (None: wait on)."""
        session = self._session
        await asyncio.wait({session.over}, timeout=within)
        if not session.over.done():
            raise ChannelError(f"the call to {self.number} did not end within {within} s")
        return session.over.result()

    async def wait(self, seconds: float) -> None:
        """Wait while the call lasts. Raises ChannelClosed when it ends."""
        await self._session.pause(seconds)

    async def wait_sound(
        self, *, since: float | None = None, at_least_ms: int = 60, within: float = 10.0
    ) -> float:
        """Wait until the far end is heard, at most `within` seconds; gives when that began.

        Looks at sound that arrived after `since` (None: after now) and asks for `at_least_ms` of
        it. A far end that is speaking already counts from `since`. Raises ChannelError when nothing
        is heard, ChannelClosed when the call ends.
        """
        since = self.clock() if since is None else since
        limit = self.clock() + within
        packets = max(1, at_least_ms // rtp.FRAME_MS)
        while True:
            self._session.listen()
            found = self._session.heard.find_sound(since, packets)
            if found is not None:
                return found
            if self.clock() > limit:
                raise ChannelError(f"the far end said nothing within {within:g} s")
            await self._session.pause(_LOOK)

    async def wait_quiet(self, ms: int = 700, *, within: float = 120.0) -> float:
        """Wait until nothing was heard for `ms`, at most `within` seconds; gives when that began.

        A far end that has said nothing yet is quiet since the answer. Raises ChannelError when it
        does not stop, ChannelClosed when the call ends.
        """
        limit = self.clock() + within
        while True:
            self._session.listen()
            since = max(self._session.heard.quiet_since, self.answered_at or 0.0)
            left = since + ms / 1000 - self.clock()
            if left <= 0:
                return since
            if self.clock() > limit:
                raise ChannelError(f"the far end was never quiet for {ms} ms within {within:g} s")
            await self._session.pause(left)

    def measure_sound(self, since: float) -> float:
        """Give the seconds of sound heard after `since`, pauses not counted."""
        self._session.listen()
        return self._session.heard.measure_sound(since)

    def clock(self) -> float:
        """Seconds since the call was dialled."""
        return self._session.clock()

    @property
    def heard(self) -> g711.Samples:
        """What the far end sent: 8 kHz mono; sample n was heard n/8000 s after dialling."""
        self._session.listen()
        return self._session.heard.render(self.ended_at or self.clock())

    def write_wav(self, path: Path) -> None:
        """Write what was heard as a WAV file. Raises SetupError when it cannot be written."""
        try:
            soundfile.write(path, self.heard, g711.RATE, subtype="PCM_16", format="WAV")
        except (OSError, soundfile.SoundFileError) as fault:
            raise SetupError(f"the sound cannot be written: {fault}", place=str(path)) from fault

    @property
    def answered_at(self) -> float | None:
        """When the call was answered, None while it is not."""
        picked_up = self._session.picked_up
        return picked_up.result() if picked_up.done() else None

    @property
    def ended_at(self) -> float | None:
        """When the call ended, None while it has not."""
        return self._session.ended_at

    @property
    def ending(self) -> Ending | None:
        """Why the call is over, None while it is not."""
        over = self._session.over
        return over.result() if over.done() else None

    def _refusal(self, ending: Ending) -> CallRefused | SetupError:
        if ending.status == 503 and ending.by == "lost":
            return SetupError(
                f"{self.number} cannot be dialled: no SIP port is open there",
                remedy="start Asterisk (`ivr pbx start`) or give its address and port",
            )
        return CallRefused(
            f"{self.number} was not answered: {ending.status} {ending.reason}",
            status=ending.status,
            reason=ending.reason,
            cause=ending.cause,
        )
