"""The `menu` node: prompts from its options, one chosen option, or one of the ways out."""

from __future__ import annotations

from functools import partial

from ivr.engine.draft import Draft, Go, Move
from ivr.engine.events import MenuChosen
from ivr.engine.listening import go_silent, go_wrong, timing, universals, use_universal
from ivr.engine.outcomes import Keys, Outcome, Passed, Silence
from ivr.engine.prompts import utter
from ivr.engine.steps import Menu
from ivr.engine.utterance import Utterance
from ivr.flow import nodes
from ivr.flow.texts import prompt_id

PATH = 8
"""How many chosen options an officer is told of."""


def ask(draft: Draft, node: nodes.Menu) -> Menu:
    """The step that offers the options."""
    own = [option.key for option in node.options]
    inherited = [keys for keys in universals(draft, node) if keys not in own]
    return Menu(
        utterances=_prompts(draft, node),
        keys=(*own, *inherited),
        timing=timing(draft, node),
        pass_on=node.otherwise is not None,
        flush=node.type_ahead == "flush",
    )


def _prompts(draft: Draft, node: nodes.Menu) -> tuple[Utterance, ...]:
    flow, name = draft.place
    own = [utter(draft, prompt_id(flow, name, "say"))] if node.say is not None else []
    options = [
        utter(draft, prompt_id(flow, name, "options", option.name), language=option.language)
        for option in node.options
        if option.spoken and option.label is not None
    ]
    return (*own, *options)


def take(draft: Draft, node: nodes.Menu, outcome: Outcome) -> Move:
    """What the caller did with the menu."""
    match outcome:
        case Keys(keys=keys, waited=waited):
            return _pressed(draft, node, keys, waited)
        case Passed() if node.otherwise is not None:
            return Go(node.otherwise)
        case Silence():
            return go_silent(draft, node, ask(draft, node))
        case _:
            raise AssertionError(f"a menu does not end in {outcome.type}")


def _pressed(draft: Draft, node: nodes.Menu, keys: str, waited: int) -> Move:
    for option in node.options:
        if option.key == keys:
            draft.emit(MenuChosen(*draft.place, option=option.name, keys=keys, waited=waited))
            draft.change(path=(*draft.run.path, prompt_id(*draft.place, option.name))[-PATH:])
            if node.into is not None:
                draft.assign(node.into, option.value or option.name)
            return Go(option.next or node.next or "return")
    action = universals(draft, node).get(keys)
    if action is not None:
        return use_universal(draft, keys, action, partial(ask, draft, node))
    return go_wrong(draft, node, keys, ask(draft, node))
