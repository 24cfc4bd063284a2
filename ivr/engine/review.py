"""The review of a message: the caller keeps it, hears it, or speaks again.

Whatever ends the review but a new take keeps the message. `pending` holds it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.listening import (
    go_silent,
    go_wrong,
    timing,
    universals,
    use_universal,
    way_after,
)
from ivr.engine.messages import MessageKept, MessageRejected
from ivr.engine.outcomes import Keys, Outcome, Played, Recorded, Silence
from ivr.engine.prompts import utter_key, utter_phrase
from ivr.engine.steps import Menu, OpenCase, PlayBack, Record
from ivr.flow import nodes
from ivr.flow.nodes import UniversalJump
from ivr.flow.scalars import BACK, Target

TAKES = 5
"""How often a caller may speak in one visit of the node: each take is a file that is kept."""


@dataclass(frozen=True, slots=True)
class Take:
    """What the caller has said, as `pending` holds it. `length` is in milliseconds."""

    recording: str
    sha256: str
    length: int
    count: int


def under_review(draft: Draft) -> Take | None:
    """The take that waits to be kept, None when there is none."""
    match dict(draft.run.pending):
        case {"recording": str(name), "sha256": str(sha), "length": int(ms), "takes": int(count)}:
            return Take(name, sha, ms, count)
        case _:
            return None


def hold(draft: Draft, message: Recorded) -> None:
    """Have a new take wait; it takes the place of an earlier one."""
    earlier = under_review(draft)
    if earlier is not None:
        draft.emit(MessageRejected(*draft.place, recording=earlier.recording))
    draft.change(
        silences=0,
        wrongs=0,
        pending={
            "recording": message.recording,
            "sha256": message.sha256,
            "length": message.length,
            "takes": 1 if earlier is None else earlier.count + 1,
        },
    )


def ask(draft: Draft, node: nodes.Record) -> Menu:
    """The step that asks what becomes of the message."""
    draft.change(stage="review")
    own, keys = node.review_keys, _keys(draft, node)
    said = [
        utter_key(draft, f"review_{name}", key)
        for name, key in (("keep", own.keep), ("listen", own.listen), ("again", own.again))
        if key in keys
    ]
    inherited = [key for key in universals(draft, node) if key not in keys]
    return Menu(tuple(said), keys=(*keys, *inherited), timing=timing(draft, node))


def _keys(draft: Draft, node: nodes.Record) -> dict[str, str]:
    """The keys of the review and what they do. The key that ended the message keeps it too."""
    own = node.review_keys
    keys = {node.finish: "keep", own.keep: "keep", own.listen: "listen"}
    take = under_review(draft)
    return keys if take is None or take.count >= TAKES else {**keys, own.again: "again"}


def take_answer(draft: Draft, node: nodes.Record, outcome: Outcome) -> Move:
    """What the caller wants done with the message."""
    match outcome:
        case Keys(keys=keys) if (does := _keys(draft, node).get(keys)) is not None:
            draft.change(silences=0, wrongs=0)
            return _do(draft, node, does)
        case Keys(keys=keys) if keys in universals(draft, node):
            return _universal(draft, node, keys)
        case Keys(keys=keys):
            move, how = go_wrong(draft, node, keys, ask(draft, node)), "wrong_key"
        case Silence():
            move, how = go_silent(draft, node, ask(draft, node)), "silence"
        case _:
            raise AssertionError(f"a review does not end in {outcome.type}")
    return keep(draft, node, how, leave=how) if isinstance(move, Go) else move


def _do(draft: Draft, node: nodes.Record, does: str) -> Move:
    match does:
        case "keep":
            return keep(draft, node, "key")
        case "listen":
            take = _present(draft)
            draft.change(stage="listen")
            return PlayBack(take.recording, take.sha256, take.length)
        case _:
            draft.change(stage="ask")
            return Record(
                (utter_phrase(draft, "review_speak"),), node.limit, node.silence, node.finish
            )


def _universal(draft: Draft, node: nodes.Record, keys: str) -> Move:
    move = use_universal(draft, keys, universals(draft, node)[keys], partial(ask, draft, node))
    return keep(draft, node, "universal", leave=keys) if isinstance(move, Go) else move


def take_played(draft: Draft, node: nodes.Record, outcome: Outcome) -> Move:
    """The caller has heard the message, or enough of it; the engine has told of that."""
    if not isinstance(outcome, Played):
        raise AssertionError(f"a message that is played does not end in {outcome.type}")
    return ask(draft, node)


def go_on_without(draft: Draft, node: nodes.Record) -> Move:
    """Nothing was said in a new take: the earlier one stays."""
    draft.preface(utter_phrase(draft, "review_nothing"))
    return ask(draft, node)


def keep(draft: Draft, node: nodes.Record, how: str, leave: str = "") -> Move:
    """This take is the message: open its case, or go on.

    `leave` says where the call goes then: empty for `next`, a fault of listening, or the universal
    key that was pressed.
    """
    take = _present(draft)
    if node.review:
        draft.emit(MessageKept(*draft.place, recording=take.recording, sha256=take.sha256, how=how))
    seconds = round(take.length / 1000)
    if node.case is not None:
        draft.change(stage="case", pending={"seconds": seconds, "leave": leave})
        return OpenCase(node.case, take.recording)
    draft.change(pending={})
    draft.assign(node.into, {"seconds": seconds})
    return go_on(draft, node, leave)


def rescue(draft: Draft, how: str) -> Move | None:
    """Keep a message that is under review when something else ends it; None when none is."""
    node = draft.node
    if isinstance(node, nodes.Record) and under_review(draft) is not None:
        return keep(draft, node, how)
    return None


def go_on(draft: Draft, node: nodes.Record, leave: str) -> Move:
    """Where the call goes with its message kept."""
    if draft.run.present:
        return Go(_target(draft, node, leave))
    if node.on_hangup is None:
        return Finish()
    draft.change(afterwards=True)
    return Go(node.on_hangup)


def _target(draft: Draft, node: nodes.Record, leave: str) -> Target:
    match leave:
        case "":
            return node.next
        case "silence" | "wrong_key":
            return way_after(draft, node, leave)
        case keys:
            action = universals(draft, node)[keys]
            return action.next if isinstance(action, UniversalJump) else BACK


def _present(draft: Draft) -> Take:
    take = under_review(draft)
    if take is None:
        raise AssertionError("a review has a message")
    return take
