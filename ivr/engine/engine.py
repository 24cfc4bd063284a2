"""The engine: `advance` takes an outcome and returns the next step. It only decides.

A turn goes: take in the outcome (`_react`), then follow moves from node to node until one of them
asks for a step (`_settle`). Nothing here awaits, reads a clock or draws a random number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import (
    CallEnded,
    CallerHungUp,
    CallResumed,
    CallStarted,
    Event,
    LimitReached,
    PromptPlayed,
    StepFailed,
)
from ivr.engine.messages import MessagePlayed
from ivr.engine.nodes import answer
from ivr.engine.outcomes import (
    Digits,
    Ended,
    Escaped,
    HungUp,
    Keys,
    Outcome,
    Passed,
    Played,
    Recorded,
    Resumed,
    Silence,
    Started,
    Transferred,
    Unable,
)
from ivr.engine.prompts import utter
from ivr.engine.review import rescue
from ivr.engine.route import follow, way_out, without_caller
from ivr.engine.run import ENGINE_RULES, Frame, Run
from ivr.engine.steps import (
    Collect,
    Hangup,
    Lookup,
    Menu,
    Notify,
    OpenCase,
    PlayBack,
    Record,
    Say,
    SetRecording,
    Step,
    Transfer,
    utterances_of,
)
from ivr.flow.bundle import Bundle
from ivr.flow.texts import prompt_id

MOVES = 200
"""Moves from node to node within one turn. The checker refuses loops that listen to nobody, so
this is met only by a flow that was never checked."""

FAULTS = 3
"""Steps that may fail one after the other before the call is given up."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What a turn brought. `step` is what to perform next, None when the call is over."""

    run: Run
    step: Step | None
    events: Sequence[Event]


def begin(bundle: Bundle, call: str, started: Started, at: datetime) -> Run:
    """The run of a new call, before its first turn. `at` is UTC."""
    flow = bundle.flow_for(started.dialled)
    return Run(
        call=call,
        bundle=bundle.hash,
        dialled=started.dialled,
        caller=started.caller,
        language=bundle.hotline.languages[0],
        turn=0,
        frames=(Frame(flow, bundle.flows[flow].start),),
        started=at,
    )


def advance(bundle: Bundle, run: Run, outcome: Outcome, at: datetime) -> Advance:
    """One turn: what follows from `outcome`, the answer to `run.step`, at the time `at` (UTC).

    The same arguments always give the same result. Raises AssertionError when the outcome cannot
    come from the step: a fault of the channel, never of the caller.
    """
    draft = Draft(bundle, replace(run, turn=run.turn + 1), at)
    step = _settle(draft, _react(draft, outcome))
    if step is not None and isinstance(outcome, Resumed):
        step = _apologise(draft, step)
    draft.change(step=step)
    if step is None:
        draft.emit(CallEnded(turns=draft.run.turn, outcome=draft.run.result or "putus_ivr"))
    return Advance(draft.run, step, tuple(draft.events))


def _react(draft: Draft, outcome: Outcome) -> Move:
    _tell_what_was_heard(draft, outcome)
    match outcome:
        case Started():
            return _start(draft, outcome)
        case Resumed():
            step = _present_step(draft)
            draft.emit(CallResumed(*draft.place, step=step.type))
            return step
        case HungUp(heard=heard):
            return _lose_caller(draft, heard)
        case Unable(reason=reason):
            return _fail(draft, reason)
        case Ended():
            return Finish()
        case _:
            draft.change(faults=0)
            return answer(draft, draft.node, outcome)


def _start(draft: Draft, started: Started) -> Move:
    run = draft.run
    draft.emit(
        CallStarted(
            dialled=started.dialled,
            caller=started.caller,
            bundle=run.bundle,
            flow=run.frame.flow,
            language=run.language,
            rules=ENGINE_RULES,
            test=started.test,
        )
    )
    return Go(run.frame.node)


def _tell_what_was_heard(draft: Draft, outcome: Outcome) -> None:
    match outcome:
        case Played(heard=heard, interrupted=interrupted):
            cut = interrupted
        case Keys(heard=heard, waited=waited) | Digits(heard=heard, waited=waited):
            cut = waited == 0
        case Transferred(heard=heard, result=result, waited=waited):
            cut = result == "key" and waited == 0
        case Escaped(heard=heard):
            cut = True
        case HungUp(heard=heard):
            cut = heard > 0
        case (
            Silence(heard=heard) | Passed(heard=heard) | Recorded(heard=heard) | Ended(heard=heard)
        ):
            cut = False
        case _:
            return
    step = draft.run.step
    if isinstance(step, PlayBack):
        told = step.recording, step.sha256
        draft.emit(MessagePlayed(*draft.place, *told, heard=heard, interrupted=cut))
    if step is not None and utterances_of(step):
        prompts = utterances_of(step)
        draft.emit(PromptPlayed(*draft.place, utterances=prompts, heard=heard, interrupted=cut))


def _present_step(draft: Draft) -> Step:
    if draft.run.step is None:
        raise AssertionError("the call is over: there is no step to take up")
    return draft.run.step


def _lose_caller(draft: Draft, heard: int) -> Move:
    draft.change(present=False)
    draft.emit(CallerHungUp(*draft.place, heard=heard))
    kept = rescue(draft, "hangup")
    if kept is not None:
        return kept
    listened = isinstance(draft.run.step, Menu | Collect | Transfer)
    return without_caller(draft) if listened else Finish()


def _fail(draft: Draft, reason: str) -> Move:
    """A fault of ours: take the node's way out; too many in a row end the call."""
    step = _present_step(draft)
    draft.emit(StepFailed(*draft.place, step=step.type, reason=reason))
    faults = draft.run.faults + 1
    draft.change(faults=faults)
    if faults < FAULTS and not isinstance(step, Hangup):
        return way_out(draft)
    draft.change(result=draft.run.result or "galat")
    return rescue(draft, "fault") or Finish()


def _limit(draft: Draft) -> str | None:
    """The limit that the call has met. What has come in is taken in all the same: a message that
    was spoken gets its number."""
    limits = draft.bundle.hotline.limits
    if draft.run.turn > limits.turns:
        return "turns"
    started = draft.run.started
    allowed = timedelta(milliseconds=limits.call + draft.run.aside)
    if started is not None and draft.at - started > allowed:
        return "call"
    return None


def _stop(draft: Draft, limit: str) -> Hangup:
    draft.emit(LimitReached(*draft.place, limit=limit))
    draft.change(result=draft.run.result or "galat")
    return Hangup((utter(draft, prompt_id("engine", "goodbye")),))


def _settle(draft: Draft, move: Move) -> Step | None:
    for _ in range(MOVES):
        match move:
            case Go():
                move = follow(draft, move.target)
            case Finish():
                return None
            case OpenCase():
                return move
            case Hangup():
                return _with_preface(draft, move) if draft.run.present else None
            case _ if limit := _limit(draft):
                move = rescue(draft, "limit") or _stop(draft, limit)
            case Lookup() | Notify():
                wanted = draft.run.present or draft.run.afterwards
                return move if wanted else None
            case Say() | Menu() | Collect() | Record() | PlayBack() | SetRecording() | Transfer():
                if draft.run.present:
                    return _with_preface(draft, move)
                move = without_caller(draft)
    draft.emit(LimitReached(*draft.place, limit="moves"))
    draft.change(result=draft.run.result or "galat")
    return None


def _with_preface(draft: Draft, step: Step) -> Step:
    preface = draft.run.preface
    if not preface or isinstance(step, Lookup | Notify | PlayBack | OpenCase | SetRecording):
        return step
    draft.change(preface=())
    return replace(step, utterances=(*preface, *step.utterances))


def _apologise(draft: Draft, step: Step) -> Step:
    if isinstance(step, Lookup | Notify | OpenCase | SetRecording):
        return step
    sorry = utter(draft, prompt_id("engine", "resumed"))
    if isinstance(step, PlayBack):  # a file that is not ours to speak in: before the next prompt
        draft.change(preface=(sorry,))
        return step
    rest = step.utterances[1:] if step.utterances[:1] == (sorry,) else step.utterances
    return replace(step, utterances=(sorry, *rest))
