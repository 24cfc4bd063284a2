"""What each node kind does when the call comes to it, and with the outcome of its step.

The two `match` statements are the table of contents of the flow language; the kinds that take more
than a few lines have a module of their own beside this one.
"""

from __future__ import annotations

from typing import assert_never

from ivr.engine import collect, consent, menu, notify, record, transfer
from ivr.engine.asking import SourceAnswered
from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import (
    CaseTaken,
    LanguageChosen,
    RecordingSwitched,
    VariablesSet,
)
from ivr.engine.hours import check_hours
from ivr.engine.outcomes import Failed, Found, NotFound, Outcome, RecordingSet
from ivr.engine.prompts import utter
from ivr.engine.run import Frame
from ivr.engine.scope import compute, fill, fill_all, holds
from ivr.engine.steps import Hangup, Lookup, Say, SetRecording
from ivr.engine.utterance import Utterance
from ivr.engine.values import Field
from ivr.flow import nodes
from ivr.flow.texts import prompt_id


def enter(draft: Draft, node: nodes.AnyNode) -> Move:  # noqa: C901 - one case for each kind
    """The call has come to `node`."""
    match node:
        case nodes.Say():
            words = utter(draft, prompt_id(*draft.place, "say"), language=node.language)
            return Say((words,), barge_in=node.barge_in)
        case nodes.Menu():
            return menu.ask(draft, node)
        case nodes.Collect():
            return collect.ask(draft, node)
        case nodes.Choose():
            return _choose(draft, node)
        case nodes.Set():
            return _set(draft, node)
        case nodes.Subflow():
            return _call(draft, node)
        case nodes.Record():
            return record.ask(draft, node)
        case nodes.Consent():
            return consent.ask(draft, node)
        case nodes.Lookup():
            meanwhile = (_own(draft, "meanwhile"),) if node.meanwhile is not None else ()
            arguments = {name: fill(draft, text) for name, text in node.arguments.items()}
            return Lookup(node.source, arguments, meanwhile)
        case nodes.Notify():
            return notify.tell(draft, node)
        case nodes.Hours():
            return check_hours(draft, node)
        case nodes.Language():
            draft.change(language=node.to)
            draft.emit(LanguageChosen(*draft.place, language=node.to))
            return Go(node.next)
        case nodes.Transfer():
            return transfer.ask(draft, node)
        case nodes.Hangup():
            draft.change(result=draft.run.result or node.outcome)
            return Hangup((_own(draft, "say"),) if node.say is not None else ())
        case _ as never:
            assert_never(never)


def answer(draft: Draft, node: nodes.AnyNode, outcome: Outcome) -> Move:  # noqa: C901 - as above
    """The step of `node` came back with `outcome`."""
    match node:
        case nodes.Say():
            return Go(node.next)
        case nodes.Menu():
            return menu.take(draft, node, outcome)
        case nodes.Collect():
            return collect.take(draft, node, outcome)
        case nodes.Record():
            return record.take(draft, node, outcome)
        case nodes.Consent():
            return consent.take(draft, node, outcome)
        case nodes.Lookup():
            return _answered(draft, node, outcome)
        case nodes.Notify():
            return notify.take(draft, node, outcome)
        case nodes.Set():
            if isinstance(outcome, RecordingSet):
                draft.emit(RecordingSwitched(on=outcome.on, recording=outcome.recording))
            return Go(node.next)
        case nodes.Transfer():
            return transfer.take(draft, node, outcome)
        case nodes.Hangup():
            return Finish()
        case nodes.Choose() | nodes.Subflow() | nodes.Hours() | nodes.Language():
            raise AssertionError(f"a {node.type} node asks for no step")
        case _ as never:
            assert_never(never)


def _own(draft: Draft, field: str) -> Utterance:
    return utter(draft, prompt_id(*draft.place, field))


def _choose(draft: Draft, node: nodes.Choose) -> Move:
    for number, case in enumerate(node.cases, start=1):
        if holds(draft, case.equals, case.when):
            draft.emit(CaseTaken(*draft.place, case=number))
            return Go(case.next)
    draft.emit(CaseTaken(*draft.place, case=0))
    return Go(node.otherwise)


def _set(draft: Draft, node: nodes.Set) -> Move:
    values: dict[str, Field] = {}
    for name, text in node.values.items():
        values[name] = fill(draft, text)
        draft.assign(name, values[name])
    for name, expression in node.compute.items():
        values[name] = compute(draft, expression)
        draft.assign(name, values[name])
    if values:
        draft.emit(VariablesSet(*draft.place, values=values))
    return SetRecording(node.recording == "on") if node.recording else Go(node.next)


def _call(draft: Draft, node: nodes.Subflow) -> Move:
    arguments = fill_all(draft, node.arguments)
    start = draft.bundle.flows[node.flow].start
    draft.push(Frame(node.flow, start, arguments, into=node.into))
    return Go(start)


def _answered(draft: Draft, node: nodes.Lookup, outcome: Outcome) -> Move:
    flow, name = draft.place
    match outcome:
        case Found(fields, snapshot):
            draft.assign(node.into, fields)
            draft.emit(SourceAnswered(flow, name, node.source, "found", snapshot, None, fields))
            return Go(node.found)
        case NotFound(snapshot):
            draft.emit(SourceAnswered(flow, name, node.source, "not_found", snapshot))
            return Go(node.not_found)
        case Failed(reason):
            draft.emit(SourceAnswered(flow, name, node.source, "failed", None, reason))
            return Go(node.failed)
        case _:
            raise AssertionError(f"a lookup does not end in {outcome.type}")
