"""What a telephone line does below the steps: it plays, and it never stops listening.

The reply of a playing command only signals that a key came; the key store decides which. Between
two steps a silent file plays (the collector), so that Asterisk is never without a command: while it
has none it may store a key twice. Must not know what a step means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ivr.asterisk.agi import Command, Reply, command
from ivr.asterisk.fastagi import AgiSession, Listening
from ivr.asterisk.keystore import KeyStore
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelClosed, SpeechError
from ivr.speech.library import PromptLibrary, Sound

ANY_KEY: Final = "0123456789*#"
SAMPLES_PER_MS: Final = 8
"""Asterisk counts `endpos` in samples of the file: 8 kHz on a telephone line."""


class Unperformed(Exception):
    """Asterisk could not do something although the caller is there: a public word says what."""


class Line:
    """The line of one call. `scratch` takes the sounds that are about the caller.

    `heard` is how many milliseconds of the step's prompts were played, `language` the one that the
    dialplan apologises in when every engine dies. What is awaited here raises ChannelClosed when
    the caller is gone, ProtocolError when Asterisk breaks the protocol.
    """

    def __init__(self, session: AgiSession, library: PromptLibrary, scratch: Path) -> None:
        self._session = session
        self._library = library
        self._scratch = scratch
        self.keys = KeyStore(session)
        self.heard = 0
        self.language: str | None = None

    @property
    def hung_up(self) -> bool:
        """Whether the caller has left."""
        return self._session.hung_up

    async def run(self, order: Command) -> Reply:
        """Have a command done that is not interrupted."""
        return await self._session.command(order)

    async def listen(self) -> None:
        """Leave the line listening while the next step is decided."""
        silence = command.stream_file(str(self._library.silence()), duration=60.0)
        try:
            await self._session.start(silence)
        except ChannelClosed:
            return  # the next step will tell

    async def hold(self, utterances: Sequence[Utterance]) -> None:
        """Play something, then silence, until the next command."""
        try:
            sound = await self._join(utterances, then_silence=True)
            await self.keys.refresh()
            await self._start(sound, "")
        except (ChannelClosed, SpeechError):
            return  # the next step will tell what became of the line

    async def ready(self, utterances: Sequence[Utterance]) -> Sound:
        """The sound of a step, with the collector stopped and the keys typed ahead looked up."""
        sound = await self._join(utterances)
        await self.keys.refresh()
        await self.keys.tidy()
        language = utterances[-1].language
        if language != self.language:
            await self.run(command.set_variable("IVR_LANGUAGE", language))
            self.language = language
        return sound

    async def play(self, sound: Sound, keys: str = ANY_KEY) -> bool:
        """Play to the end or to a key that is nobody's yet; returns whether one came.

        A finish key that comes late stops Asterisk too; the prompt then goes on where it was.
        Raises Unperformed when Asterisk has no such sound.
        """
        offset = 0
        while True:
            reply = await self._session.finish(await self._start(sound, keys, offset))
            offset = reply.endpos or 0
            self.heard = min(offset // SAMPLES_PER_MS, sound.duration_ms)
            if reply.result == "-1":
                await self.check()
                raise Unperformed("sound_missing")
            if reply.result == "0":
                return False
            if await self.keys.refresh():
                return True

    async def beep(self) -> None:
        """Play the tone that asks a caller to speak."""
        await self.run(command.stream_file(str(self._library.beep()), duration=1.0))

    async def check(self) -> None:
        """Raise ChannelClosed when the caller is gone: a result of -1 says that and other things.

        Asterisk answers 511 for a line that is no more.
        """
        await self.run(command.channel_status())

    async def _join(self, utterances: Sequence[Utterance], *, then_silence: bool = False) -> Sound:
        return await asyncio.to_thread(
            self._library.join, utterances, self._scratch, then_silence=then_silence
        )

    async def _start(self, sound: Sound, keys: str, offset: int = 0) -> Listening:
        length = sound.duration_ms / 1000
        return await self._session.start(
            command.stream_file(str(sound.path), keys, duration=length, offset=offset)
        )
