"""The `record` node: a message, and the case that is opened for it."""

from __future__ import annotations

from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import CallerHungUp, MessageRecorded
from ivr.engine.events import CaseOpened as CaseOpenedEvent
from ivr.engine.outcomes import CaseOpened, Outcome, Recorded
from ivr.engine.prompts import utter
from ivr.engine.steps import OpenCase, Record
from ivr.flow import nodes
from ivr.flow.texts import prompt_id

SHORTEST = 1_000
"""Milliseconds. A shorter recording is a caller who said nothing."""

TICKET = "tiket"
"""How reports count a call that opened a case, whatever came after."""


def ask(draft: Draft, node: nodes.Record) -> Record:
    """The step that records."""
    return Record(
        utterances=(utter(draft, prompt_id(*draft.place, "say")),),
        limit=node.limit,
        silence=node.silence,
        finish=node.finish,
    )


def take(draft: Draft, node: nodes.Record, outcome: Outcome) -> Move:
    """The message is there, or its case is."""
    match outcome:
        case Recorded():
            return _recorded(draft, node, outcome)
        case CaseOpened(number=number):
            kept = dict(draft.run.pending)
            draft.emit(CaseOpenedEvent(*draft.place, kind=node.case or "", number=number))
            draft.change(result=TICKET, pending={})
            draft.assign(node.into, {"seconds": _int(kept["seconds"]), "number": number})
            return _onward(draft, node)
        case _:
            raise AssertionError(f"a recording does not end in {outcome.type}")


def _recorded(draft: Draft, node: nodes.Record, message: Recorded) -> Move:
    if message.ended == "hangup":
        draft.change(present=False)
        draft.emit(CallerHungUp(*draft.place, heard=message.heard))
    if message.length < SHORTEST:
        return Go(node.on_nothing) if draft.run.present else Finish()
    draft.emit(
        MessageRecorded(
            *draft.place,
            recording=message.recording,
            length=message.length,
            size=message.size,
            sha256=message.sha256,
            ended=message.ended,
        )
    )
    seconds = round(message.length / 1000)
    if node.case is not None:
        draft.change(stage="case", pending={"seconds": seconds})
        return OpenCase(node.case, message.recording)
    draft.assign(node.into, {"seconds": seconds})
    return _onward(draft, node)


def _onward(draft: Draft, node: nodes.Record) -> Move:
    if draft.run.present:
        return Go(node.next)
    if node.on_hangup is None:
        return Finish()
    draft.change(afterwards=True)
    return Go(node.on_hangup)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise AssertionError("a recording keeps its seconds")
    return value
