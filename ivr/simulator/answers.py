"""The Source port without a network: answers that somebody wrote down.

For call scripts, `ivr simulate` and tests. They are typed as the source declares, so that a call
goes the way that it would go with the real source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ivr.engine.answers import AnswerFault, make_found, make_not_found
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.flow.sources import Example
from ivr.ports import Source


class FixedAnswers:
    """Answers by the name of their source; the first whose arguments fit is given.

    `otherwise` is asked for sources that nothing is written for; None: they have failed with
    `unknown_source`. `sleep` waits for the seconds of a slow answer.
    """

    def __init__(
        self,
        bundle: Bundle,
        answers: Mapping[str, Sequence[Example]],
        otherwise: Source | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sources = bundle.sources
        self._answers = {name: tuple(examples) for name, examples in answers.items()}
        self._otherwise = otherwise
        self._delays: dict[str, float] = {}
        self._sleep = sleep

    def put(self, source: str, answers: Sequence[Example], *, delay: float = 0.0) -> None:
        """From now on `source` answers this, each time after `delay` seconds."""
        self._answers[source] = tuple(answers)
        self._delays[source] = delay

    def drop(self, source: str) -> None:
        """Forget what was put for `source`: `otherwise` answers again."""
        self._answers.pop(source, None)
        self._delays.pop(source, None)

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """The answer that is written for `source`; NotFound when none fits the arguments."""
        examples, declared = self._answers.get(source), self._sources.get(source)
        if examples is None and self._otherwise is not None:
            return await self._otherwise.fetch(source, arguments, key)
        if examples is None or declared is None:
            return Failed("unknown_source")
        if delay := self._delays.get(source):
            await self._sleep(delay)
        example = next((one for one in examples if _fits(one, arguments)), Example())
        if example.failed is not None:
            return Failed(example.failed)
        if example.found is None:
            return make_not_found()
        try:
            return make_found(declared.fields, example.found)
        except AnswerFault as fault:
            return Failed(fault.reason)


def _fits(example: Example, arguments: Mapping[str, Scalar]) -> bool:
    """Whether every argument of the example was given so."""
    return all(str(arguments.get(name)) == value for name, value in example.arguments.items())
