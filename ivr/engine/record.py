"""The `record` node: a message, its review, and the case that is opened for it."""

from __future__ import annotations

from ivr.engine import review
from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import CallerHungUp
from ivr.engine.messages import CaseOpened as CaseOpenedEvent
from ivr.engine.messages import MessageRecorded
from ivr.engine.outcomes import CaseOpened, Outcome, Recorded
from ivr.engine.prompts import utter
from ivr.engine.steps import Record
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
    """The message is there, or the answer to its review, or its case."""
    match draft.run.stage:
        case "review":
            return review.take_answer(draft, node, outcome)
        case "listen":
            return review.take_played(draft, node, outcome)
    match outcome:
        case Recorded():
            return _recorded(draft, node, outcome)
        case CaseOpened():
            return _opened(draft, node, outcome)
        case _:
            raise AssertionError(f"a recording does not end in {outcome.type}")


def _recorded(draft: Draft, node: nodes.Record, message: Recorded) -> Move:
    if message.ended == "hangup":
        draft.change(present=False)
        draft.emit(CallerHungUp(*draft.place, heard=message.heard))
    if message.length < SHORTEST:
        return _nothing(draft, node)
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
    review.hold(draft, message)
    if node.review and draft.run.present:
        return review.ask(draft, node)
    return review.keep(draft, node, "hangup")


def _nothing(draft: Draft, node: nodes.Record) -> Move:
    """Nobody spoke. What was said in an earlier take is there all the same."""
    if review.under_review(draft) is None:
        return Go(node.on_nothing) if draft.run.present else Finish()
    if draft.run.present:
        return review.go_on_without(draft, node)
    return review.keep(draft, node, "hangup")


def _opened(draft: Draft, node: nodes.Record, case: CaseOpened) -> Move:
    kept = dict(draft.run.pending)
    draft.emit(CaseOpenedEvent(*draft.place, kind=node.case or "", number=case.number))
    draft.change(result=TICKET, pending={})
    draft.assign(node.into, {"seconds": _int(kept["seconds"]), "number": case.number})
    return review.go_on(draft, node, str(kept.get("leave", "")))


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise AssertionError("a recording keeps its seconds")
    return value
