"""From node to node: targets, jumps, returns, the way back, and the way on without a caller."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.engine import consent
from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import NodeEntered, TriesExhausted
from ivr.engine.listening import give_up
from ivr.engine.nodes import enter
from ivr.engine.prompts import utter
from ivr.engine.review import rescue
from ivr.engine.run import Place
from ivr.engine.scope import fill_all
from ivr.engine.steps import Hangup
from ivr.engine.values import Field, Value
from ivr.flow import nodes
from ivr.flow.scalars import BACK, RETURN, Jump, Target
from ivr.flow.texts import prompt_id

TRAIL = 50
"""How many listening nodes `back` remembers."""


def follow(draft: Draft, target: Target) -> Move:
    """Go where `target` says and enter the node there."""
    if isinstance(target, Jump):
        return _jump(draft, target)
    if target == RETURN:
        return _return(draft)
    if target == BACK:
        return _back(draft)
    draft.change_frame(node=target)
    return _arrive(draft)


def _jump(draft: Draft, jump: Jump) -> Move:
    arguments = fill_all(draft, jump.arguments)
    node = jump.node or draft.bundle.flows[jump.flow].start
    draft.change_frame(flow=jump.flow, node=node, variables=arguments)
    return _arrive(draft)


def _return(draft: Draft) -> Move:
    """End a subflow; a flow that nobody called ends the call with a goodbye."""
    frames = draft.run.frames
    if len(frames) == 1:
        return Hangup((utter(draft, prompt_id("engine", "goodbye")),))
    ended = draft.run.frame
    results = {name: _field(ended.variables.get(name)) for name in draft.flow.results}
    above = tuple(place for place in draft.run.trail if place.depth < len(frames))
    draft.change(frames=frames[:-1], trail=above)
    if ended.into is not None:
        draft.assign(ended.into, results)
    caller = draft.node
    if not isinstance(caller, nodes.Subflow):
        raise AssertionError("only a subflow node puts a flow on the stack")
    return Go(caller.next)


def _field(value: Value) -> Field:
    """A result by itself; the answer of a lookup stays inside the flow that asked for it."""
    return None if isinstance(value, Mapping) else value


def _back(draft: Draft) -> Move:
    """The listening node before this one; a return forgot those of the subflow that ended."""
    trail = list(draft.run.trail)
    here = draft.place
    if trail and (trail[-1].flow, trail[-1].node) == here:
        trail.pop()
    if not trail:
        return _arrive(draft)
    place = trail.pop()
    draft.change(trail=tuple(trail), frames=draft.run.frames[: place.depth])
    same_flow = draft.run.frame.flow == place.flow
    variables = draft.run.frame.variables if same_flow else place.variables
    draft.change_frame(flow=place.flow, node=place.node, variables=variables)
    return _arrive(draft)


def _arrive(draft: Draft) -> Move:
    node = draft.node
    draft.emit(NodeEntered(*draft.place, kind=node.type))
    draft.change(silences=0, wrongs=0, stage="ask", pending={})
    overdue = _overdue(draft, node)
    if overdue is not None:
        return overdue
    if isinstance(node, nodes.Listening):
        _leave_crumb(draft)
    return enter(draft, node)


def _leave_crumb(draft: Draft) -> None:
    frame = draft.run.frame
    place = Place(frame.flow, frame.node, len(draft.run.frames), frame.variables)
    last = draft.run.trail[-1] if draft.run.trail else None
    if last is None or (last.flow, last.node) != (place.flow, place.node):
        draft.change(trail=(*draft.run.trail, place)[-TRAIL:])


def _overdue(draft: Draft, node: nodes.AnyNode) -> Move | None:
    """Count the visit; the way out when there were too many."""
    if node.visits is None:
        return None
    name = ".".join(draft.place)
    count = draft.run.visits.get(name, 0) + 1
    draft.change(visits={**draft.run.visits, name: count})
    if count <= node.visits.at_most:
        return None
    draft.emit(TriesExhausted(*draft.place, reason="visits"))
    return Go(node.visits.otherwise)


def way_out(draft: Draft) -> Move:
    """Where a node leads when our own side failed in it."""
    node = draft.node
    draft.preface(utter(draft, prompt_id("engine", "fault")))
    match node:
        case nodes.Menu() | nodes.Collect():
            return give_up(draft, node, "fault")
        case nodes.Consent():
            return consent.fail(draft, node)
        case nodes.Record():
            return rescue(draft, "fault") or Go(node.on_nothing)
        case nodes.Transfer():
            return Go(node.unhappy()["failed"] or node.ended)
        case nodes.Say() | nodes.Set():
            return Go(node.next)
        case _:
            return Finish()


def without_caller(draft: Draft) -> Move:
    """Go on after a hangup: only steps that need no caller are left."""
    node = draft.node
    match node:
        case nodes.Menu() | nodes.Collect() | nodes.Consent() | nodes.Transfer() if (
            node.on_hangup is not None
        ):
            draft.change(afterwards=True)
            return Go(node.on_hangup)
        case nodes.Say() | nodes.Set():
            return Go(node.next)
        case _:
            return Finish()
