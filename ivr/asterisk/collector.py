"""Collecting digits on the telephone: the prompt, the keys, and the timers from its end on."""

from __future__ import annotations

import asyncio
from typing import Literal

from ivr.answers import tell_match
from ivr.asterisk.line import Line
from ivr.engine.keys import Match, expire, match, pause
from ivr.engine.outcomes import Outcome, Silence
from ivr.engine.steps import Collect, Menu
from ivr.errors import ChannelClosed
from ivr.ports import Input


class Collector:
    """What a caller keys on a line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._keys = line.keys
        self._clock = asyncio.get_running_loop().time

    async def listen(self, step: Menu | Collect) -> Outcome | Input:
        """Play the prompts of a step, unless keys wait, and read the keys that answer it.

        Raises ChannelClosed when the caller is gone.
        """
        self._line.one_key = isinstance(step, Menu)
        if self._keys.waiting and not step.flush:
            # Each order leaves Asterisk without a command for a moment, in which it may take a key
            # twice: for a prompt that nobody hears none is given.
            if self._keys.crowded:
                await self._line.trim()
            return await self._gather(step, ahead=True)
        sound = await self._line.ready(step.utterances, tail=True)
        if step.flush:
            await self._line.look()
            self._keys.drop()
        patience = min(step.timing.first_key, step.timing.total) / 1000
        keyed = await self._line.play(sound, patience=patience)
        return await self._gather(step, keyed and not self._line.past)

    async def _gather(self, step: Menu | Collect, ahead: bool) -> Outcome | Input:
        """Read keys until they make an answer; the timers run from the end of the prompt.

        `ahead` says that a key came before that end.
        """
        begun = last_key = self._clock() - self._line.past
        typed = waited = 0
        while True:
            waiting = self._keys.waiting
            if len(waiting) > typed:
                last_key = self._clock()
                waited = waited if typed or ahead else round((last_key - begun) * 1000)
                typed = len(waiting)
            left, ended = _left(step, waiting, self._clock() - last_key, self._clock() - begun)
            found = match(step, waiting) or (expire(step, waiting, ended) if left <= 0 else None)
            if found is not None:
                return self._take(step, found, waited)
            if left <= 0:
                return Silence(self._line.heard)
            if self._line.hung_up:
                raise ChannelClosed("the caller has hung up")
            await self._line.wait_for_key(left)

    def _take(self, step: Menu | Collect, found: Match, waited: int) -> Outcome | Input:
        self._keys.use(step, found)
        return tell_match(found, self._line.heard, waited)


def _left(
    step: Menu | Collect, typed: str, since_key: float, since_prompt: float
) -> tuple[float, Literal["silence", "total"]]:
    """Seconds until a timer of the step runs out, and which."""
    rest, total = pause(step, typed) / 1000 - since_key, step.timing.total / 1000 - since_prompt
    return min(rest, total), "silence" if rest <= total else "total"
