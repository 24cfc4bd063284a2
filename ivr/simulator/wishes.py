"""The Source port in front of another one: answers as a call script, or a person, wants them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.ports import Source

EVERY = "*"
"""Stands for every source that has no answer of its own."""

LIMIT_MS = 31_000
"""What takes longer than this has failed, as in the driver; a source may have less time."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """An answer that does not depend on what is asked: `answer`, None for the source's own.

    `after` is how many milliseconds it takes.
    """

    answer: Found | NotFound | Failed | None = None
    after: int = 0


class WishedAnswers:
    """A source in front of another one. `answers`, by the name of a source, may change at any time:
    one after the other is given, and the last one stays.

    `wait` lets so many milliseconds go by, on whatever clock the call has.
    """

    def __init__(
        self,
        inner: Source,
        wait: Callable[[int], Awaitable[None]],
        answers: Mapping[str, Sequence[Fixed]] | None = None,
    ) -> None:
        self._inner = inner
        self._wait = wait
        self.answers: dict[str, list[Fixed]] = {}
        for name, given in (answers or {}).items():
            self.answers[name] = list(given)

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """The fixed answer of the source, else that of `inner`."""
        fixed = self._next(source)
        if fixed.after:
            await self._wait(min(fixed.after, LIMIT_MS))
        if fixed.after >= LIMIT_MS:
            return Failed("timeout")
        return fixed.answer or await self._inner.fetch(source, arguments, key)

    def _next(self, source: str) -> Fixed:
        waiting = self.answers.get(source) or self.answers.get(EVERY) or [Fixed()]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]
