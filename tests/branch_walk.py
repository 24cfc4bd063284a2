"""Calls that together take every way out of every node, found by walking the engine.

`find_calls` tries at every place all that a caller can do there, and keeps a call wherever it comes
to a way that no other took. It makes no sound and waits for nobody: the pure engine is asked. The
calls it returns are key scripts of `ivr dial`, so that simulator and telephone can play them.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ivr.engine.engine import advance, begin
from ivr.engine.outcomes import Outcome, Started
from ivr.engine.plain import event_to_plain
from ivr.engine.run import Frame
from ivr.flow import nodes
from ivr.flow.bundle import Bundle, Flow
from ivr.scripts.ways import Watch, Way
from tests.branch_moves import Move, Moves, Samples, State, clear, only_outcome

CROWD = 48
"""How many calls, different only in their variables, go on from one place. Variables multiply."""


@dataclass(frozen=True)
class Made:
    """A call that was found. `answers` are what its lookups get: `table`, `not_found`, `failed`."""

    dialled: str
    at: datetime
    keys: str
    answers: tuple[str, ...]
    ways: frozenset[Way]

    @property
    def patient(self) -> bool:
        """Whether the caller waits in silence or speaks somewhere: slow on a real line."""
        return "w" in self.keys or "v" in self.keys


@dataclass(frozen=True)
class Look:
    """When calls come in. With `flow`, only at its number, and only as long as they stay in it or
    in the flow `beside`.
    """

    at: datetime
    flow: str = ""
    beside: str = ""

    @property
    def within(self) -> tuple[str, ...]:
        """The flows, with those below them, in which calls are followed; empty: in all."""
        return tuple(name for name in (self.flow, self.beside) if name)


class Walk:
    """One look at a bundle at one moment. `covered` grows; `calls` are those that added to it.

    `stands` are calls under way: the first at each step of each place.
    """

    def __init__(
        self, bundle: Bundle, at: datetime, samples: Samples, covered: set[Way] | None = None
    ) -> None:
        self._bundle = bundle
        self._at = at
        self._moves = Moves(bundle, samples)
        self._lent = {
            node.flow
            for flow in bundle.flows.values()
            for node in flow.nodes.values()
            if isinstance(node, nodes.Subflow)
        }
        self._used = {name: _used_names(flow) for name, flow in bundle.flows.items()}
        self._first: dict[str, State] = {}
        self.covered: set[Way] = set() if covered is None else covered
        self.calls: list[Made] = []
        self.stands: dict[tuple[str, str, str], State] = {}

    def look(self, flow: str = "", within: tuple[str, ...] = ()) -> None:
        """Try everything once, from every number; then too many visits to each counted place.

        With `flow` only from its number, and only in the flows `within` and in those below them.
        """
        numbers = self._bundle.hotline.numbers
        self._search([self._begin(one) for one in numbers if flow in ("", numbers[one])], within)
        for place, state in sorted(self._first.items()):
            if (place, "visits") not in self.covered:
                self._search([state], (place.rpartition(".")[0],), place)

    def _begin(self, number: str) -> State:
        started = Started(number)
        run = begin(self._bundle, "call", started, self._at)
        return self._settle(State(run, Watch(self._bundle)), started)

    def _search(self, starts: Iterable[State], within: tuple[str, ...], counted: str = "") -> None:
        """Breadth first, so that calls are short; until `counted` was visited too often, if any."""
        waiting = deque(starts)
        seen: set[Any] = set()
        crowd: Counter[Any] = Counter()
        while waiting and not (counted and (counted, "visits") in self.covered):
            for after in self._follow(waiting.popleft(), seen):
                key = (*self._key(after), after.run.visits.get(counted, 0))
                where = (tuple(frame[:2] for frame in key[0]), *key[1:4], key[-1])
                if key in seen or crowd[where] >= CROWD or not self._near(after, within):
                    continue
                seen.add(key)
                crowd[where] += 1
                waiting.append(after)

    def _follow(self, state: State, seen: set[Any]) -> Iterator[State]:
        """The calls that go on from here, by every move that is worth it."""
        run = state.run
        for move in self._moves.of(state):
            once = (state.place, run.stage, run.silences, run.wrongs, move.keys)
            if move.usual and once in seen:
                continue
            seen.add(once)
            after = self._make(state, move)
            self._keep(after)
            if after.run.step is not None:
                yield after

    def _near(self, state: State, within: tuple[str, ...]) -> bool:
        """Whether a call is still in one of these flows or below it, or lent out by it."""
        flow = state.run.frame.flow
        return not within or flow.startswith(within) or flow in self._lent

    def _keep(self, state: State) -> None:
        for place in state.run.visits:
            self._first.setdefault(place, state)
        ways = frozenset(state.watch.taken)
        if ways <= self.covered:
            return
        self.covered |= ways
        end = "" if state.run.step is None else ",h"
        number = state.run.dialled
        self.calls.append(Made(number, self._at, state.keys + end, state.answers, ways))

    def _key(self, state: State) -> tuple[Any, ...]:
        """What decides how the call can go on, but for how often it was where, and what was before.

        A flow that was left by a jump stays on the stack and decides nothing.
        """
        run = state.run
        depth = 2 if run.frame.flow in self._lent else 1
        frames = tuple(
            (one.flow, one.node, self._telling(one, state.secrets)) for one in run.frames[-depth:]
        )
        pending = clear(run.pending.get("value"), state.secrets)
        takes = run.pending.get("takes")
        return frames, run.stage, run.silences, run.wrongs, (pending, takes)

    def _telling(self, frame: Frame, secrets: Mapping[str, str]) -> Any:
        """The variables that can decide something in this flow."""
        used = self._used[frame.flow]
        return tuple(
            (name, field, clear(one, secrets))
            for name, value in sorted(frame.variables.items())
            for field, one in _fields(value)
            if (f"{name}.{field}" if field else name) in used
        )

    def _make(self, state: State, move: Move) -> State:
        secrets = dict(state.secrets)
        if move.secret:
            secrets["secret" + str(state.run.turn)] = move.secret
        answers = (*state.answers, move.answer) if move.answer else state.answers
        before = replace(state, keys=state.keys + move.keys, secrets=secrets, answers=answers)
        return self._settle(before, move.outcome)

    def _settle(self, state: State, outcome: Outcome | None) -> State:
        """Turn after turn, until somebody has a choice."""
        watch = state.watch.copy()
        while outcome is not None:
            went = advance(self._bundle, state.run, outcome, self._at)
            for event in went.events:
                watch.see(event_to_plain(event))
            state = replace(state, run=went.run, watch=watch)
            if went.step is not None:
                self.stands.setdefault((state.place, went.run.stage, went.step.type), state)
            outcome = only_outcome(went.step)
        return state


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from sorted(value.items())
    else:
        yield "", value


_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?")


def _used_names(flow: Flow) -> set[str]:
    """Every name in what decides: conditions, computed values, arguments, results."""
    texts: list[str] = [*flow.results]
    for node in flow.nodes.values():
        match node:
            case nodes.Choose():
                for case in node.cases:
                    texts += [*(case.equals or ()), case.when or ""]
            case nodes.Set():
                texts += [*node.values.values(), *node.compute.values()]
            case nodes.Lookup() | nodes.Notify() | nodes.Subflow():
                texts += node.arguments.values()
            case _:
                pass
    return {name for text in texts for name in _NAME.findall(text)}


@dataclass(frozen=True)
class Walked:
    """Few calls that take every way that can be taken, and one that stands at each step.

    Every second caller who chooses Indonesian chooses English instead.
    """

    calls: Sequence[Made]
    stands: Sequence[State]


def find_calls(bundle: Bundle, looks: Sequence[Look], samples: Samples) -> Walked:
    """Look once in each of these ways."""
    covered: set[Way] = set()
    calls: list[Made] = []
    stands: dict[tuple[str, str, str], State] = {}
    for look in looks:
        walk = Walk(bundle, look.at, samples, covered)
        walk.look(look.flow, look.within)
        calls += walk.calls
        stands = {**walk.stands, **stands}
    needed = [_translate(call, index) for index, call in enumerate(_needed(calls))]
    return Walked(needed, list(stands.values()))


def _translate(call: Made, index: int) -> Made:
    """English for every second caller; the way of the language itself others take all the same."""
    if index % 2 and call.keys.startswith(",1"):
        return replace(call, keys=f",2{call.keys[2:]}", ways=call.ways - _LANGUAGES)
    return call


_LANGUAGES: frozenset[Way] = frozenset(
    {("shared/opening.languages", "option indonesian"), ("shared/opening.to_indonesian", "next")}
)


def _needed(calls: Iterable[Made]) -> list[Made]:
    """Without those calls whose ways others take too."""
    taken: set[Way] = set()
    kept = []
    for call in sorted(calls, key=lambda call: len(call.ways), reverse=True):
        if not call.ways <= taken:
            taken |= call.ways
            kept.append(call)
    return kept
