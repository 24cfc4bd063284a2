"""Has a script played: the whole engine, the simulator, a journal in memory, no time at all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ivr.driver import Desk, run_call
from ivr.engine.outcomes import Started
from ivr.engine.run import Run
from ivr.engine.values import Personal
from ivr.examples import answer_from_examples
from ivr.flow.bundle import Bundle
from ivr.flow.identifiers import luhn_digit
from ivr.ports import LiveRow, NewCase, Notifier, Source, Turn
from ivr.scripts.hearing import Prompt
from ivr.scripts.model import Dial
from ivr.scripts.player import Player, to_fixed
from ivr.scripts.reading import Script
from ivr.scripts.world import EVERY, SetLookups
from ivr.simulator import Caller, Heard, Line, Simulator, WishedAnswers
from ivr.simulator.messages import KeptMessages
from ivr.speech.wording import write_out
from ivr.store.memory import MemoryJournal


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the call had come when a step began: `index` is that of the step, None: of none.

    `prompts` and `events` count those before it, `lines` those of the transcript; `run` is the
    state of the call.
    """

    index: int | None
    prompts: int
    events: int
    lines: int
    run: Run | None


@dataclass
class Played:
    """A call that was played: all that was heard and that happened, and the moments of the acts."""

    script: Script
    prompts: Sequence[Prompt]
    events: Sequence[Mapping[str, Any]]
    lines: Sequence[str]
    marks: Sequence[Mark]
    run: Run
    milliseconds: int

    @property
    def own_events(self) -> Sequence[Mapping[str, Any]]:
        """The events without those of the hanging up after the last step."""
        left = next((mark.events for mark in self.marks if mark.index is None), None)
        return self.events[:left]

    @property
    def outcome(self) -> str:
        """How reports count the call."""
        return self.run.result or "putus_ivr"


class Notebook(MemoryJournal):
    """A journal that also remembers every event, and the run that follows the last turn.

    `tell` gets each event as it is stored.
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], None] = lambda event: None) -> None:
        super().__init__(source="simulator")
        self._tell = tell
        self.events: list[Mapping[str, Any]] = []
        self.run: Run | None = None

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store a turn, see `ivr.ports.Journal`."""
        seq = await super().append(turn, live, case)
        self.events += turn.events
        self.run = self.run if live is None else live.run
        for event in turn.events:
            self._tell(event)
        return seq


class Stage:
    """A call without a telephone, and all that it needs. `show` gets what is said and done.

    Ids and case numbers are counted, so that a call goes the same way every time. `real` are
    sources and webhooks, None: examples in their place.
    """

    def __init__(
        self,
        bundle: Bundle,
        dial: Dial,
        show: Callable[[str], None] = lambda line: None,
        journal: Notebook | None = None,
        real: tuple[Source, Notifier] | None = None,
    ) -> None:
        self._bundle = begin_in(bundle, dial.language)
        self._dial = dial
        self._show = show
        self.line = Line()
        self.journal = journal or Notebook()
        self.messages = KeptMessages(bundle, show)
        source = answer_from_examples(bundle) if real is None else real[0]
        self.answers = WishedAnswers(source, self._let_pass)
        self._patience = 0.0 if real is None else 0.4
        self._notifier: Notifier = self.messages if real is None else real[1]

    async def run(self, caller: Caller) -> Run:
        """The call, from its beginning to its end."""
        number = self._dial.caller
        started = Started(self._dial.dial, None if number is None else Personal(number))
        channel = Simulator(caller, self.line, show=self._show)
        return await run_call(self._desk(), channel, "simulated", started)

    def answer(self, wanted: SetLookups) -> None:
        """What sources answer from now on."""
        for name, answers in wanted.lookups.items():
            if name in self._bundle.webhooks:
                failed = answers[0].result == "failed"
                self.messages.fail(name, "server_error" if failed else None)
                continue
            for source in self._bundle.sources if name == EVERY else (name,):
                fixed = [to_fixed(self._bundle, source, answer) for answer in answers]
                self.answers.answers[source] = fixed

    def now(self) -> datetime:
        """The time on the clock of the call, UTC."""
        zone = ZoneInfo(self._bundle.hotline.timezone)
        begun = self._dial.at.replace(tzinfo=zone).astimezone(UTC)
        return begun + timedelta(milliseconds=self.line.clock)

    def _desk(self) -> Desk:
        ids = (f"id-{number}" for number in itertools.count(1))
        cases = (_case(number) for number in itertools.count(10_000_000))
        return Desk(
            journal=self.journal,
            source=self.answers,
            bundle=self._bundle,
            shelf=lambda wanted: self._bundle,
            now=self.now,
            new_id=lambda: next(ids),
            draw_case=lambda: next(cases),
            name="simulator",
            patience=self._patience,
            notifier=self._notifier,
        )

    async def _let_pass(self, milliseconds: int) -> None:
        """Time goes by while a source thinks: none that anybody waits for, but the driver's turn
        to hold the caller comes first."""
        self.line.clock += milliseconds
        await asyncio.sleep(0.001)


def _case(number: int) -> str:
    return f"{number}{luhn_digit(str(number))}"


def begin_in(bundle: Bundle, language: str | None) -> Bundle:
    """The same flows, whose calls begin in this language."""
    if language is None:
        return bundle
    others = (one for one in bundle.hotline.languages if one != language)
    hotline = bundle.hotline.model_copy(update={"languages": (language, *others)})
    return replace(bundle, hotline=hotline)


async def play(
    script: Script,
    bundle: Bundle,
    journal: Notebook | None = None,
    lines: list[str] | None = None,
) -> Played:
    """The call of a script, which the checks have found no fault in.

    `lines` takes what is said and done as it happens, None: a list of its own.
    """
    lines = [] if lines is None else lines
    marks: list[Mark] = []
    stage = Stage(bundle, script.dial, lines.append, journal)

    def begun(index: int | None) -> None:
        journal, line = stage.journal, stage.line
        here = (len(line.prompts), len(journal.events), len(lines))
        marks.append(Mark(index, *here, journal.run))

    steps = [placed.step for placed in script.steps]
    run = await stage.run(Player(steps, stage.line, stage.answer, begun))
    prompts = [_to_prompt(one) for one in stage.line.prompts]
    return Played(script, prompts, stage.journal.events, lines, marks, run, stage.line.clock)


def _to_prompt(heard: Heard) -> Prompt:
    """What was heard of a prompt: as much of its words as its time allowed."""
    text = write_out(heard.utterance)
    whole = heard.heard >= heard.length
    part = text if whole else text[: len(text) * heard.heard // max(1, heard.length)]
    return Prompt(part, heard.utterance.language, whole)
