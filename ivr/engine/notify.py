"""The node kind `notify`: telling a webhook something.

The checker refuses what it can see before a call. What only the call knows is refused here: a
secret is never sent, a personal value only to a webhook that says it may be told.
"""

from __future__ import annotations

from ivr.engine.asking import WebhookAnswered
from ivr.engine.draft import Draft, Go, Move
from ivr.engine.outcomes import Failed, Notified, Outcome
from ivr.engine.prompts import utter
from ivr.engine.scope import fill
from ivr.engine.steps import Notify
from ivr.engine.values import Personal, Secret
from ivr.flow import nodes
from ivr.flow.texts import prompt_id


def tell(draft: Draft, node: nodes.Notify) -> Move:
    """Ask for the message to be sent."""
    fields = {name: fill(draft, text) for name, text in node.arguments.items()}
    values = fields.values()
    may_be_personal = draft.bundle.webhooks[node.webhook].personal
    secret = any(isinstance(value, Secret) for value in values)
    if secret or (not may_be_personal and any(isinstance(value, Personal) for value in values)):
        return _fail(draft, node, "not_personal")
    words = utter(draft, prompt_id(*draft.place, "meanwhile")) if node.meanwhile else None
    return Notify(node.webhook, fields, () if words is None else (words,))


def take(draft: Draft, node: nodes.Notify, outcome: Outcome) -> Move:
    """What became of the message."""
    match outcome:
        case Notified():
            draft.emit(WebhookAnswered(*draft.place, node.webhook, "accepted"))
            return Go(node.next)
        case Failed(reason):
            return _fail(draft, node, reason)
        case _:
            raise AssertionError(f"a notify does not end in {outcome.type}")


def _fail(draft: Draft, node: nodes.Notify, reason: str) -> Move:
    draft.emit(WebhookAnswered(*draft.place, node.webhook, "failed", reason))
    return Go(node.failed)
