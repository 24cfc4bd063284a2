"""All scripts of a directory: played one after the other, judged, and what they leave untried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.flow.bundle import Bundle
from ivr.scripts.coverage import Coverage, measure
from ivr.scripts.playing import Played, play
from ivr.scripts.reading import Script
from ivr.scripts.verdict import Failure, judge
from ivr.scripts.ways import Way, ways_of


@dataclass(frozen=True, slots=True)
class Result:
    """How a script came out. `failure` is None when all of it came true."""

    script: Script
    outcome: str
    milliseconds: int
    turns: int
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Report:
    """How all of them came out, and the exits that they took together."""

    results: Sequence[Result]
    coverage: Coverage

    @property
    def failed(self) -> Sequence[Result]:
        """Those that did not come true."""
        return [one for one in self.results if one.failure is not None]


def run_scripts(
    scripts: Sequence[Script], bundle: Bundle, done: Callable[[Result], None] = lambda one: None
) -> Report:
    """Play and judge the scripts, which must be without a fault. `done` is told of each."""
    results: list[Result] = []
    taken: set[Way] = set()

    async def run_all() -> None:
        for script in scripts:
            played = await play(script, bundle)
            taken.update(ways_of(bundle, played.own_events))
            results.append(_judge(played))
            done(results[-1])

    asyncio.run(run_all())
    return Report(results, measure(bundle, taken))


def _judge(played: Played) -> Result:
    return Result(
        played.script, played.outcome, played.milliseconds, played.run.turn, judge(played)
    )
