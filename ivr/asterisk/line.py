"""What a telephone line does below the steps: it plays, and it never stops listening.

Every command that ends is followed, in the same instant, by a look at the key store and by a silent
file (the collector), so that Asterisk is never without a command: while it has none it may store a
key twice. The reply of a command only signals that a key came; the store decides which. Must not
know what a step means.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ivr.asterisk.agi import Command, Reply, command
from ivr.asterisk.agi.command import CONTROL_SECONDS
from ivr.asterisk.fastagi import AgiSession, Listening, Order, Then
from ivr.asterisk.keystore import CUT, STORE, KeyStore
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, SpeechError
from ivr.speech.library import PromptLibrary, Sound

ANY_KEY: Final = "0123456789*#"
SAMPLES_PER_MS: Final = 8
"""Asterisk counts `endpos` in samples of the file: 8 kHz on a telephone line."""

TORN_MS: Final = 200
"""A sound that ends so much before its time has lost a part of its file."""

SLICE: Final = 2.0
"""Seconds until another look at the store: a key that lands in the instant between two commands is
stored, but signals nothing."""


class Unperformed(Exception):
    """Asterisk could not do something although the caller is there: a public word says what."""


class Line:
    """The line of one call. `scratch` takes the sounds that are about the caller.

    With `one_key` a single key is enough: when one waits, the collector is not stopped by further
    ones, since each stop is a moment in which Asterisk may take a key twice; they are in the store.

    `heard` is how many milliseconds of the step's prompts were played, `past` how many seconds ago
    they had ended when `play` came back, `language` the one that the dialplan apologises in when
    every engine dies. What is awaited here raises ChannelClosed when
    the caller is gone, ProtocolError when Asterisk breaks the protocol.
    """

    def __init__(self, session: AgiSession, library: PromptLibrary, scratch: Path) -> None:
        self._session = session
        self._library = library
        self._scratch = scratch
        self._silence = str(library.silence())
        self._notes: tuple[str, ...] = ()
        self._deaf = False  # whether the collector goes on playing when a key comes
        self.keys = KeyStore()
        self.one_key = False
        self.heard = 0
        self.past = 0.0
        self.language: str | None = None

    @property
    def hung_up(self) -> bool:
        """Whether the caller has left."""
        return self._session.hung_up

    async def run(self, order: Command) -> Reply:
        """Have a command done. Raises ChannelClosed when it needs a caller who is gone."""
        listening = await self._begin(self._followed(order))
        if listening is None:
            raise self._gone()
        return await self._end(listening)

    async def answer(self, mark: str) -> None:
        """Answer the call and listen in the same instant; then the variable `mark` is set."""
        reads = (STORE, CUT, command.assign(mark, "yes"))
        listening = await self._begin(Order(command.answer(), reads, self._collect))
        if listening is None:
            raise self._gone()
        await self._end(listening)

    def note(self, name: str, word: str) -> None:
        """Set a variable for the dialplan, with the next look at the key store."""
        self._notes = (*self._notes, command.assign(name, word))

    async def look(self) -> None:
        """Look at the key store and go on listening."""
        await self._interrupt((STORE, CUT), self._collect)

    async def read(self, *names: str) -> tuple[str, ...]:
        """The values of variables, empty for one that is unset; goes on listening.

        It works after a hangup too.
        """
        done = await self._session.interrupt(STORE, CUT, *names, then=self._collect)
        return done.values[2:]

    async def trim(self) -> None:
        """Cut the used keys off the store and go on listening."""
        await self._interrupt(self.keys.trim(), self._collect)

    async def wait_for_key(self, seconds: float) -> None:
        """Wait until a key has come, the caller has left, or the time is over."""
        if self._deaf:  # one was not enough
            self._deaf = self.one_key = False
            with suppress(ChannelClosed):
                await self.look()
            return
        listening = self._session.listening
        if listening is not None:
            await listening.values.wait(min(seconds, SLICE))
        if listening is None or not listening.values.good:
            with suppress(ChannelClosed):  # what was pressed before counts all the same
                await self.look()

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """Play something; back at once. Silence follows it, until the next command."""
        try:
            sound = await self._join(utterances)
            order = self._followed(_stream(sound, ""))
            await self._interrupt((STORE, CUT), self._after_look(order))
        except (ChannelClosed, SpeechError):
            return  # the next step will tell what became of the line

    async def ready(self, utterances: Sequence[Utterance], *, tail: bool = False) -> Sound:
        """The sound of a step, with the key store looked at and in order.

        With `tail` the silence that a caller thinks in is part of it, so that Asterisk needs no
        further command when the prompt ends, which is when most keys come.
        """
        sound = await self._join(utterances, tail)
        if self.keys.crowded:
            await self.trim()
        language = utterances[-1].language
        if language != self.language:
            self.note("IVR_LANGUAGE", language)
            self.language = language
        return sound

    async def play(self, sound: Sound, *, cut: bool = True, patience: float = math.inf) -> bool:
        """Play to the end or, with `cut`, to a key; returns whether a key came, or had come before.

        A sound with a tail is left when `patience` seconds have passed since the prompt's end. A
        finish key that comes late stops Asterisk too; the prompt then goes on where it was.
        Raises Unperformed when Asterisk has no such sound.
        """
        offset = 0
        while True:
            order = self._followed(_stream(sound, ANY_KEY if cut else "", offset))
            listening = await self._begin(order, unless_key=cut)
            if listening is None and cut and self.keys.waiting:
                return True
            if listening is None:
                raise self._gone()
            left = (sound.duration_ms - offset / SAMPLES_PER_MS) / 1000 + patience
            if patience * 1000 < sound.tail_ms and not await self._session.wait(listening, left):
                self.heard, self.past = sound.duration_ms, patience
                await self.look()
                return bool(self.keys.waiting)
            reply = await self._end(listening)
            offset = reply.endpos or 0
            await self._judge(reply, sound)
            if reply.result == "0" or self.keys.waiting:
                return bool(cut and self.keys.waiting)

    async def _judge(self, reply: Reply, sound: Sound) -> None:
        """Note what was heard. Raises Unperformed for a sound that was not played as it should."""
        played = (reply.endpos or 0) // SAMPLES_PER_MS
        self.heard = min(played, sound.duration_ms)
        self.past = (played - self.heard) / 1000
        if reply.result == "-1":
            await self.check()
            raise Unperformed("sound_missing")
        if reply.result == "0" and played < sound.duration_ms + sound.tail_ms - TORN_MS:
            raise Unperformed("sound_damaged")

    async def beep(self) -> None:
        """Play the tone that asks a caller to speak."""
        await self.run(command.stream_file(str(self._library.beep()), duration=1.0))

    async def check(self) -> None:
        """Raise ChannelClosed when the caller is gone: a result of -1 says that and other things.

        Asterisk answers 511 for a line that is no more.
        """
        await self.run(command.channel_status())

    async def _begin(self, order: Order, *, unless_key: bool = False) -> Listening | None:
        """Stop what is under way, look at the store, send a command.

        None when it was not sent: the caller is gone, or a key waits that it must not run over.
        """
        try:
            sent = await self._interrupt((STORE, CUT), self._after_look(order, unless_key))
        except ChannelClosed:
            return None
        return sent if sent is not None and sent.order is order else None

    async def _end(self, listening: Listening) -> Reply:
        """The reply of a command, once the store was looked at after it."""
        reply = await self._session.finish(listening)
        if not await listening.values.wait(CONTROL_SECONDS):
            await self.look()
        return reply

    async def _interrupt(self, reads: tuple[str, ...], then: Then) -> Listening | None:
        notes = self._notes
        done = await self._session.interrupt(*reads, *notes, then=then)
        self._notes = self._notes[len(notes) :]
        return done.sent

    def _gone(self) -> ChannelClosed:
        return ChannelClosed("the caller has hung up", place=self._session.peer)

    def _followed(self, order: Command) -> Order:
        return Order(order, (STORE, CUT), self._collect)

    def _collect(self, values: tuple[str, ...]) -> Order:
        """Look at the store and listen on."""
        self.keys.look(values)
        self._deaf = self.one_key and bool(self.keys.waiting)
        keys = "" if self._deaf else ANY_KEY
        silence = command.stream_file(self._silence, keys, duration=60.0)
        return Order(silence, (STORE, CUT), self._collect)

    def _after_look(self, order: Order, unless_key: bool = False) -> Then:
        def follow(values: tuple[str, ...]) -> Order:
            collector = self._collect(values)
            return collector if unless_key and self.keys.waiting else order

        return follow

    async def _join(self, utterances: Sequence[Utterance], tail: bool = False) -> Sound:
        known = self._library.recall(utterances, tail=tail)
        if known is not None:
            return known
        return await asyncio.to_thread(self._library.join, utterances, self._scratch, tail=tail)


def _stream(sound: Sound, keys: str, offset: int = 0) -> Command:
    length = (sound.duration_ms + sound.tail_ms) / 1000
    return command.stream_file(str(sound.path), keys, duration=length, offset=offset)
