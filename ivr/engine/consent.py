"""The `consent` node: a question whose answer is evidence. Only a fresh key agrees."""

from __future__ import annotations

import hashlib
from functools import partial

from ivr.engine.agreeing import ConsentGiven, ConsentRefused
from ivr.engine.draft import Draft, Go, Move
from ivr.engine.listening import (
    give_up,
    go_silent,
    go_wrong,
    timing,
    universals,
    use_universal,
)
from ivr.engine.outcomes import Keys, Outcome, Silence
from ivr.engine.prompts import utter, utter_key
from ivr.engine.steps import Menu
from ivr.engine.utterance import Utterance
from ivr.flow import nodes
from ivr.flow.texts import prompt_id


def ask(draft: Draft, node: nodes.Consent) -> Menu:
    """The step that asks. What was typed ahead is thrown away, and nothing is agreed to yet."""
    _answer(draft, node, False)
    own = (node.agree, node.refuse)
    inherited = [key for key in universals(draft, node) if key not in own]
    return Menu(
        utterances=_question(draft, node),
        keys=(*own, *inherited),
        timing=timing(draft, node),
        flush=True,
    )


def _question(draft: Draft, node: nodes.Consent) -> tuple[Utterance, ...]:
    return (
        utter(draft, prompt_id(*draft.place, "say")),
        utter_key(draft, "consent_agree", node.agree),
        utter_key(draft, "consent_refuse", node.refuse),
    )


def take(draft: Draft, node: nodes.Consent, outcome: Outcome) -> Move:
    """What the caller said to it."""
    match outcome:
        case Keys(keys=keys, heard=heard) if keys == node.agree:
            return _agree(draft, node, keys, heard)
        case Keys(keys=keys) if keys == node.refuse:
            return _refuse(draft, node, "key", Go(node.refused))
        case Keys(keys=keys) if (action := universals(draft, node).get(keys)) is not None:
            return use_universal(draft, keys, action, partial(ask, draft, node))
        case Keys(keys=keys):
            move, how = go_wrong(draft, node, keys, ask(draft, node)), "wrong_key"
        case Silence():
            move, how = go_silent(draft, node, ask(draft, node)), "silence"
        case _:
            raise AssertionError(f"a consent does not end in {outcome.type}")
    return _refuse(draft, node, how, move) if isinstance(move, Go) else move


def fail(draft: Draft, node: nodes.Consent) -> Move:
    """A fault of ours while asking: nobody has agreed."""
    return _refuse(draft, node, "fault", give_up(draft, node, "fault"))


def _agree(draft: Draft, node: nodes.Consent, keys: str, heard: int) -> Move:
    _answer(draft, node, True)
    prompt, text, language, at = _evidence(draft, node)
    draft.emit(
        ConsentGiven(*draft.place, node.purpose, prompt, text, language, at, heard=heard, keys=keys)
    )
    return Go(node.granted)


def _refuse(draft: Draft, node: nodes.Consent, how: str, move: Move) -> Move:
    draft.emit(ConsentRefused(*draft.place, node.purpose, *_evidence(draft, node), how=how))
    return move


def _answer(draft: Draft, node: nodes.Consent, given: bool) -> None:
    if node.into is not None:
        draft.assign(node.into, given)


def _evidence(draft: Draft, node: nodes.Consent) -> tuple[str, str, str, str]:
    """The question's id, the hash of its words, their language, and now."""
    question = _question(draft, node)
    words = "\n".join(one.template for one in question)
    text = hashlib.sha256(words.encode()).hexdigest()
    return question[0].prompt, text, draft.run.language, draft.at.isoformat()
