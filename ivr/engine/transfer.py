"""The `transfer` node: what the officer is told, and where each end of it leads."""

from __future__ import annotations

from ivr.engine.draft import Draft, Finish, Go, Move
from ivr.engine.events import CallerHungUp
from ivr.engine.handing import TransferBegun, TransferEnded
from ivr.engine.outcomes import Outcome, Transferred
from ivr.engine.prompts import utter
from ivr.engine.scope import fill
from ivr.engine.steps import Transfer
from ivr.engine.utterance import Utterance
from ivr.engine.values import Field, Secret
from ivr.flow import nodes
from ivr.flow.texts import prompt_id

SPOKE = "petugas"
"""How reports count a call whose caller spoke with an officer, unless it opened a case."""


def ask(draft: Draft, node: nodes.Transfer) -> Transfer:
    """The step that hands the caller over."""
    destination = draft.bundle.hotline.destinations[node.to]
    told = _context(draft, node)
    draft.emit(TransferBegun(*draft.place, destination=node.to, told=told))
    return Transfer(
        utterances=_prompts(draft, node),
        way="dial" if destination.dial else "queue",
        name=destination.dial or destination.queue or "",
        limit=destination.limit,
        keys=tuple(option.key for option in node.options),
        context=told,
    )


def _prompts(draft: Draft, node: nodes.Transfer) -> tuple[Utterance, ...]:
    own = (utter(draft, prompt_id(*draft.place, "say")),) if node.say is not None else ()
    options = (
        utter(draft, prompt_id(*draft.place, "options", option.name), language=option.language)
        for option in node.options
        if option.spoken and option.label is not None
    )
    return (*own, *options)


def _context(draft: Draft, node: nodes.Transfer) -> dict[str, Field]:
    """The checker refuses a secret in it; should one come all the same, it is left out."""
    told: dict[str, Field] = {
        "call": draft.run.call,
        "language": draft.run.language,
        "agency": draft.flow.agency,
        "path": " ".join(draft.run.path),
        **{name: fill(draft, text) for name, text in node.context.items()},
    }
    return {
        name: value
        for name, value in told.items()
        if value is not None and value != "" and not isinstance(value, Secret)
    }


def take(draft: Draft, node: nodes.Transfer, outcome: Outcome) -> Move:
    """The caller is back, or gone."""
    if not isinstance(outcome, Transferred):
        raise AssertionError(f"a transfer does not end in {outcome.type}")
    draft.change(aside=draft.run.aside + outcome.waited + outcome.talked)
    option = next((one for one in node.options if one.key == outcome.key), None)
    draft.emit(
        TransferEnded(
            *draft.place,
            destination=node.to,
            result=outcome.result,
            option="" if option is None else option.name,
            waited=outcome.waited,
            talked=outcome.talked,
            recording=outcome.recording,
        )
    )
    if outcome.talked:
        draft.change(result=draft.run.result or SPOKE)
    if outcome.result == "left":
        return leave(draft, node, outcome.heard)
    if outcome.result == "ended":
        return Go(node.ended)
    if option is not None and option.next is not None:
        return Go(option.next)
    return Go(node.unhappy().get(outcome.result) or node.unhappy()["failed"] or node.ended)


def leave(draft: Draft, node: nodes.Transfer, heard: int) -> Move:
    """The caller hung up, while waiting or in the talk."""
    draft.change(present=False)
    draft.emit(CallerHungUp(*draft.place, heard=heard))
    if node.on_hangup is None:
        return Finish()
    draft.change(afterwards=True)
    return Go(node.on_hangup)
