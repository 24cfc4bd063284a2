"""The caller of a script: listens as a person does, and acts when the call waits for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ivr.engine.answers import AnswerFault, make_found, make_not_found
from ivr.engine.outcomes import Failed
from ivr.engine.steps import Record, Step, Transfer
from ivr.flow.bundle import Bundle
from ivr.flow.sources import TableSource
from ivr.scripts import model, world
from ivr.scripts.model import AnyStep
from ivr.simulator import Act, Caller, Fixed, Leave, Line, Officer, Press, Quiet, Speak, Wait
from ivr.simulator.caller import Does
from ivr.simulator.wishes import LIMIT_MS

_DOES: Mapping[str, Does] = {
    "answer": "answers",
    "busy": "busy",
    "no_answer": "no_answer",
    "full": "full",
    "closed": "closed",
    "unreachable": "unreachable",
}


@dataclass(frozen=True, slots=True)
class Todo:
    """An act that waits for its moment. `index` is that of its step, None: after the last one."""

    act: AnyStep
    index: int | None
    at_once: bool = False


class Player:
    """Plays the steps of a script. `begun` is told of each act as it begins.

    After the last step the caller hears what is being said, waits for an officer where there is one
    to wait for, and hangs up; or `then` takes over.
    """

    def __init__(
        self,
        steps: Sequence[AnyStep],
        line: Line,
        answer: Callable[[world.SetLookups], None],
        begun: Callable[[int | None], None],
        then: Caller | None = None,
    ) -> None:
        self._line = line
        self._then = then
        self._answer = answer
        self._begun = begun
        self._todo = [*_acts(steps), *([] if then else [Todo(model.HangUp(), None)])]
        self._spoke = False

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """See `ivr.simulator.Caller`."""
        while self._todo:
            todo = self._todo[0]
            silent = isinstance(todo.act, model.Silence)
            if not todo.at_once and (playing or not (silent or self._line.said)):
                return Quiet()
            if self._waits_on(todo, step):
                return None
            self._start()
            if isinstance(todo.act, world.SetLookups):
                self._answer(todo.act)
            elif todo.act != model.Listen(listen=0):
                return self._do(todo.act, step)
        return None if self._then is None else self._then.act(step, playing=playing)

    def _start(self) -> Todo:
        todo = self._todo.pop(0)
        self._begun(todo.index)
        return todo

    def _waits_on(self, todo: Todo, step: Step) -> bool:
        """Whether to be silent first: until a message ends, or an officer is there."""
        if self._spoke and _ends_nothing(todo.act, step):
            self._spoke = False
            return True
        return todo.index is None and isinstance(step, Transfer)

    def _do(self, act: AnyStep, step: Step) -> Act | None:
        match act:
            case model.Press(press=keys):
                return Press(keys)
            case model.Speak(speak=length):
                self._spoke = isinstance(step, Record)
                return Speak(length)
            case model.Wait(wait=length) | model.Listen(listen=length):
                return Wait(length)
            case model.HangUp():
                return Leave()
            case world.SetOfficers(officers=officers):
                return to_officer(officers)
            case _:
                return None


def _ends_nothing(act: AnyStep, step: Step) -> bool:
    """Whoever has spoken and does nothing that ends the message is silent, which ends it."""
    return (
        isinstance(step, Record) and isinstance(act, model.Press) and step.finish not in act.press
    )


def _acts(steps: Sequence[AnyStep]) -> list[Todo]:
    """The acts of a script in their order, a silence as often as it is meant.

    What the world does before the first act of the caller holds from the first word on.
    """
    todo: list[Todo] = []
    begun = listened = False
    for index, step in enumerate(steps):
        if isinstance(step, model.Dial | model.Hear | model.Reach | model.Value | model.Outcome):
            continue
        setting = isinstance(step, world.SetOfficers | world.SetLookups)
        listens = isinstance(step, model.Listen)
        at_once = listens or listened or (setting and not begun)
        times = step.silence if isinstance(step, model.Silence) else 1
        todo += [Todo(step, index, at_once=at_once and n == 0) for n in range(times)]
        if not setting:
            begun, listened = True, listens
    return todo


def to_officer(officers: world.Officers) -> Officer:
    """What the officers of the simulator do."""
    return Officer(_DOES[officers.do], officers.after, officers.talk)


def to_fixed(bundle: Bundle, source: str, answer: world.Answer) -> Fixed:
    """The answer of a script as one of a source, which has failed when its time is over.

    `slow` is as late as its answer may come.
    """
    declared = bundle.sources[source]
    limit = LIMIT_MS if isinstance(declared, TableSource) else declared.timeout
    after = answer.after
    if answer == world.SLOW_ANSWER:
        after = min(after, limit - 1)
    if after >= limit:
        return Fixed(Failed("timeout"), limit - 1)
    if answer.found is not None:
        try:
            return Fixed(make_found(declared.fields, answer.found), after)
        except AnswerFault as fault:
            return Fixed(Failed(fault.reason), after)
    match answer.result:
        case "not_found":
            return Fixed(make_not_found(), after)
        case "failed":
            return Fixed(Failed("server_error"), after)
        case "table":
            return Fixed(None, after)
