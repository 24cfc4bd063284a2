"""All that can happen at a place of a call: what callers do, and what sources answer.

Must not decide where that leads: the engine does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.engine import steps
from ivr.engine.outcomes import (
    CaseOpened,
    Digits,
    Ended,
    Escaped,
    Failed,
    HungUp,
    Keys,
    NotFound,
    Notified,
    Outcome,
    Passed,
    Played,
    Recorded,
    RecordingSet,
    Silence,
    Transferred,
)
from ivr.engine.run import Run
from ivr.engine.values import Personal, Secret
from ivr.flow import nodes
from ivr.flow.bundle import Bundle
from ivr.flow.graph import own_keys
from ivr.flow.identifiers import judge
from ivr.scripts.ways import Watch
from ivr.services.tables import Tables

Samples = Mapping[str, Sequence[str]]
"""Digits worth trying at a collect that no table answers, by place (`transport/train.ask_date`)."""

WRONG = {"checksum": "021832416000000", "date": "3201013102950001", "short": ""}
"""Digits that are refused, by the reason."""


OFFICERS: Mapping[str, Mapping[str, Any]] = {
    "dial": {"busy": "busy", "no_answer": "no_answer", "unreachable": "failed"},
    "queue": {
        "no_answer": "no_answer",
        "full": "queue_full",
        "closed": "queue_closed",
        "unreachable": "failed",
    },
}
"""What becomes of an attempt, by what the officers do."""


PROMPT = 10
"""Seconds that the prompts around a transfer take at most."""


@dataclass(frozen=True)
class Move:
    """Something that can happen at a place. `keys` is what the caller does, as in a key script.

    A `usual` one, such as a universal key, leads to the same place whatever was said before.
    """

    keys: str
    outcome: Outcome
    answer: str = ""
    secret: str = ""
    usual: bool = False


@dataclass(frozen=True)
class State:
    """A call under way, and how it came there."""

    run: Run
    watch: Watch
    keys: str = ""
    answers: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.run.frame.flow}.{self.run.frame.node}"


class Moves:
    """What can happen, over the tables of a bundle."""

    def __init__(self, bundle: Bundle, samples: Samples) -> None:
        self._bundle = bundle
        self._samples = samples
        self._tables = Tables(bundle)

    def of(self, state: State) -> Iterator[Move]:
        """Everything once, the caller's usual deeds included."""
        match state.run.step:
            case steps.Menu() as menu:
                yield from self._menu_moves(state, menu)
            case steps.Collect() as collect:
                yield from self._collect_moves(state, collect)
            case steps.Record():
                yield Move(",v#", _recorded(2_000, "finish"))
                yield Move(",#", _recorded(0, "finish"))
                yield Move(",vh", _recorded(2_000, "hangup"))
            case steps.Transfer() as transfer:
                yield from _transfer_moves(transfer)
            case steps.Lookup() as lookup:
                yield Move("", self._ask(state, lookup), "table")
                yield Move("", NotFound(""), "not_found")
                yield Move("", Failed("test"), "failed")
            case steps.Notify():
                yield Move("", Notified(), "next")
                yield Move("", Failed("test"), "failed")

    def _ask(self, state: State, lookup: steps.Lookup) -> Outcome:
        secrets = state.secrets
        known = {name: clear(value, secrets) for name, value in lookup.arguments.items()}
        # The tables answer without waiting, so the coroutine ends at once.
        try:
            self._tables.fetch(lookup.source, known, "").send(None)
        except StopIteration as answered:
            outcome: Outcome = answered.value
            return outcome
        raise AssertionError("tables do not wait")

    def _menu_moves(self, state: State, step: steps.Menu) -> Iterator[Move]:
        run, silence = state.run, f",w{step.timing.first_key / 1000}"
        node = self._bundle.flows[run.frame.flow].nodes[run.frame.node]
        own = set(own_keys(node)) if isinstance(node, nodes.Listening) else set()
        own = own or {"1", "2"}
        if not _faulty(run):
            for keys in step.keys:
                yield Move(f",{keys}", Keys(keys, 0, 1), usual=keys not in own)
            yield Move(",h", HungUp(1), usual=True)
        if step.pass_on:
            yield Move(silence, Passed(1))
            return
        if not run.silences:
            wrong = next(key for key in "856#" if key not in step.keys)
            yield Move(f",{wrong}", Keys(wrong, 0, 1), usual=True)
        if not run.wrongs:
            yield Move(silence, Silence(1), usual=True)

    def _collect_moves(self, state: State, step: steps.Collect) -> Iterator[Move]:
        run = state.run
        if not _faulty(run):
            yield from (_typed(run, step, digits) for digits in self._digits(state))
            yield from (Move(f",{keys}", Escaped(keys, 0), usual=True) for keys in step.escapes)
            yield Move(",h", HungUp(1), usual=True)
        if not run.silences:
            yield from (_typed(run, step, digits) for digits in self._wrong(state))
            yield Move(",*5", Keys("*5", 0, 1), usual=True)
        if not run.wrongs:
            yield Move(f",w{step.timing.first_key / 1000}", Silence(1), usual=True)

    def _wrong(self, state: State) -> Iterator[str]:
        node = self._bundle.flows[state.run.frame.flow].nodes[state.run.frame.node]
        assert isinstance(node, nodes.Collect)
        yield from (WRONG[reason] for reason in node.on_invalid)

    def _digits(self, state: State) -> Iterator[str]:
        """What may be typed here: the numbers of the table that the digits are looked up in."""
        yield from self._samples.get(state.place, ())
        flow = self._bundle.flows[state.run.frame.flow]
        node = flow.nodes[state.run.frame.node]
        assert isinstance(node, nodes.Collect)
        for lookup in flow.nodes.values():
            if isinstance(lookup, nodes.Lookup):
                for column, text in lookup.arguments.items():
                    if text == f"{{{node.into}}}":
                        yield from self._cells(lookup.source, column)

    def _cells(self, source: str, column: str) -> Iterator[str]:
        """The cells of a column whose rows differ in more than their key."""
        keys = self._bundle.sources[source].key
        seen = set()
        for row in self._bundle.tables[source].rows:
            rest = tuple(cell for name, cell in row.items() if name not in keys)
            if rest not in seen:
                seen.add(rest)
                yield row[column]


def _transfer_moves(step: steps.Transfer) -> Iterator[Move]:
    yield Move("o(answers 1s 1s)", Transferred("ended", waited=1, talked=1))
    for does, result in OFFICERS[step.way].items():
        pause = f"w{step.limit // 1000 + PROMPT}" if result == "no_answer" else ""
        yield Move(f"o({does}){pause}", Transferred(result, waited=1))
    for key in step.keys:
        yield Move(f"o(answers 60s 1s){key}", Transferred("key", key))
    yield Move("o(answers 60s 1s)h", Transferred("left"))


def only_outcome(step: steps.Step | None) -> Outcome | None:
    """What comes of a step at which nobody has a choice; None where somebody has, or at the end."""
    match step:
        case steps.Say() | steps.PlayBack():
            return Played(1)
        case steps.OpenCase():
            return CaseOpened(Personal("100000009"))
        case steps.SetRecording(on=on):
            return RecordingSet(on, "recording" if on else None)
        case steps.Hangup():
            return Ended(1)
        case _:
            return None


def _faulty(run: Run) -> bool:
    """After a fault only more of the same is tried, so that tries are used up, not mixed."""
    return bool(run.silences or run.wrongs)


def _typed(run: Run, step: steps.Collect, digits: str) -> Move:
    value: Secret | Personal | str = Personal(digits) if step.personal else digits
    if step.secret:
        reason = judge(digits, step.min, step.max, step.kind)
        value = Secret("secret" + str(run.turn), len(digits), reason is None, reason)
    done = len(digits) == step.max
    outcome = Digits(value, len(digits), "length" if done else "finish", 0, 1)
    return Move(f",{digits}#", outcome, secret=digits if step.secret else "")


def _recorded(length: int, ended: Any) -> Recorded:
    return Recorded("message" if length else "", length, length * 16, "", ended, 1)


def clear(value: Any, secrets: Mapping[str, str]) -> Any:
    """A value of whatever class, in clear."""
    if isinstance(value, Secret):
        return secrets[value.ref]
    return value.reveal() if isinstance(value, Personal) else value
