"""The `collect` node: digits, their rule, their confirmation."""

from __future__ import annotations

from functools import partial

from ivr.engine.draft import Draft, Go, Move
from ivr.engine.events import InputAccepted, InputConfirmed, InputRejected
from ivr.engine.listening import (
    escapes,
    go_silent,
    go_wrong,
    retry,
    timing,
    universals,
    use_universal,
)
from ivr.engine.outcomes import Digits, Escaped, Keys, Outcome, Silence
from ivr.engine.prompts import utter, utter_phrase
from ivr.engine.steps import Collect, Menu
from ivr.engine.utterance import Spoken
from ivr.engine.values import Field, Personal, Secret
from ivr.flow import identifiers, nodes
from ivr.flow.texts import prompt_id

RIGHT, AGAIN = "1", "2"
"""The keys of the confirmation, as the engine's phrases name them."""


def ask(draft: Draft, node: nodes.Collect) -> Collect:
    """The step that asks for the digits."""
    draft.change(stage="ask", pending={})
    least, most = lengths(node)
    return Collect(
        utterances=(utter(draft, prompt_id(*draft.place, "say")),),
        min=least,
        max=most,
        finish=node.finish,
        escapes=tuple(escapes(draft, node)),
        timing=timing(draft, node),
        kind=node.kind,
        secret=node.sensitive,
        personal=not node.public,
        flush=node.type_ahead == "flush",
    )


def lengths(node: nodes.Collect) -> tuple[int, int]:
    """Least and most digits, by the node or by the identifier kind."""
    own = node.lengths()
    return own if own is not None else identifiers.lengths(node.kind or "")


def take(draft: Draft, node: nodes.Collect, outcome: Outcome) -> Move:
    """What the caller did: digits first, then the answer to the confirmation."""
    if draft.run.stage == "confirm":
        return _take_confirmation(draft, node, outcome)
    match outcome:
        case Digits():
            return _take_digits(draft, node, outcome)
        case Escaped(keys=keys):
            action = escapes(draft, node)[keys]
            return use_universal(draft, keys, action, partial(ask, draft, node))
        case Keys(keys=keys):
            return go_wrong(draft, node, keys, ask(draft, node))
        case Silence():
            return go_silent(draft, node, ask(draft, node))
        case _:
            raise AssertionError(f"a collect does not end in {outcome.type}")


def _take_digits(draft: Draft, node: nodes.Collect, digits: Digits) -> Move:
    reason = _reason(node, digits)
    if reason is not None:
        return _reject(draft, node, reason, digits.length)
    value = _read(node, digits.value)
    draft.change(pending={"value": value})
    return _confirm(draft, node) if node.confirm else _accept(draft, node, value)


def _read(node: nodes.Collect, value: str | Personal | Secret) -> str | Personal | Secret:
    """What the keys stand for; the driver has read a secret's already."""
    if isinstance(value, Secret):
        return value
    written = identifiers.read(node.kind, _plain(value))
    return Personal(written) if isinstance(value, Personal) else written


def _reason(node: nodes.Collect, digits: Digits) -> str | None:
    if isinstance(digits.value, Secret):
        return digits.value.reason
    return identifiers.judge(_plain(digits.value), *lengths(node), node.kind)


def _reject(draft: Draft, node: nodes.Collect, reason: str, length: int) -> Move:
    count = draft.run.wrongs + 1
    draft.change(wrongs=count)
    draft.emit(InputRejected(*draft.place, reason=reason, length=length, count=count))
    own = prompt_id(*draft.place, "on_invalid", reason)
    move = retry(draft, node, "wrong_key", count, ask(draft, node), spoken=False)
    if isinstance(move, Collect):
        draft.preface(
            utter(draft, own if reason in node.on_invalid else prompt_id("engine", "invalid"))
        )
    return move


def _confirm(draft: Draft, node: nodes.Collect) -> Menu:
    draft.change(stage="confirm")
    value = draft.run.pending["value"]
    kind = "last4" if node.confirm == "last4" else _speech_kind(node)
    if not isinstance(value, str | Personal | Secret):
        raise AssertionError("a collect keeps digits only")
    question = utter_phrase(draft, f"confirm_{node.confirm}", value=Spoken(value, kind))
    return Menu(
        utterances=(question,),
        keys=(RIGHT, AGAIN, *(k for k in universals(draft, node) if k not in (RIGHT, AGAIN))),
        timing=timing(draft, node),
    )


def _speech_kind(node: nodes.Collect) -> str:
    return "digits" if node.kind is None else identifiers.KINDS[node.kind].speak


def _take_confirmation(draft: Draft, node: nodes.Collect, outcome: Outcome) -> Move:
    match outcome:
        case Keys(keys=keys) if keys == RIGHT:
            draft.emit(InputConfirmed(*draft.place, right=True))
            return _accept(draft, node, draft.run.pending["value"])
        case Keys(keys=keys) if keys == AGAIN:
            draft.emit(InputConfirmed(*draft.place, right=False))
            count = draft.run.wrongs + 1
            draft.change(wrongs=count)
            return retry(draft, node, "wrong_key", count, ask(draft, node), spoken=False)
        case Keys(keys=keys):
            action = universals(draft, node).get(keys)
            if action is not None:
                return use_universal(draft, keys, action, partial(_confirm, draft, node))
            return go_wrong(draft, node, keys, _confirm(draft, node))
        case Silence():
            return go_silent(draft, node, _confirm(draft, node))
        case _:
            raise AssertionError(f"a confirmation does not end in {outcome.type}")


def _accept(draft: Draft, node: nodes.Collect, value: Field | object) -> Move:
    if not isinstance(value, str | Personal | Secret):
        raise AssertionError("a collect keeps digits only")
    length = value.length if isinstance(value, Secret) else len(_plain(value))
    draft.assign(node.into, value)
    draft.emit(InputAccepted(*draft.place, name=node.into, value=value, length=length))
    return Go(node.next)


def _plain(value: str | Personal) -> str:
    return str(value.reveal()) if isinstance(value, Personal) else value
