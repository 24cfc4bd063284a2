"""What all listening nodes share: universal keys, timers, tries, and the way out of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ivr.engine.draft import Draft, Go, Move
from ivr.engine.events import (
    InputSilent,
    InputWrong,
    PaceChanged,
    TriesExhausted,
    UniversalUsed,
)
from ivr.engine.prompts import utter
from ivr.engine.steps import Timing
from ivr.engine.utterance import Pace
from ivr.flow.nodes import (
    Attempt,
    Consent,
    GiveUp,
    Habits,
    KeyAction,
    Listening,
    Record,
    UniversalJump,
)
from ivr.flow.scalars import BACK, Target, target_text
from ivr.flow.texts import prompt_id

Fault = Literal["silence", "wrong_key"]


def universals(draft: Draft, node: Listening) -> dict[str, KeyAction]:
    """The universal keys that hold in this node: hotline, flow and node, the nearest winning."""
    merged: dict[str, KeyAction] = {
        **draft.bundle.hotline.keys,
        **draft.flow.keys,
        **node.keys,
    }
    return {keys: action for keys, action in merged.items() if action != "off"}


def escapes(draft: Draft, node: Listening) -> dict[str, KeyAction]:
    """The same inside a collect, where each is typed after a star.

    One that begins with a star has its own already: `*` and `**` are what they are everywhere.
    Where nothing else is `**`, it is `*` after a star.
    """
    known = universals(draft, node)
    after_star = {f"*{keys}": action for keys, action in known.items() if len(keys) == 1}
    return after_star | {keys: action for keys, action in known.items() if keys in ("*", "**")}


def timing(draft: Draft, node: Listening) -> Timing:
    """The node's timers, with what it leaves open taken from its flow, then the hotline.

    Whoever wants to be spoken to slowly has half as long again.
    """
    spare = 3 if draft.run.pace == "slow" else 2
    return Timing(
        first_key=_first(draft, node, lambda habits: habits.first_key, 8_000) * spare // 2,
        next_key=_first(draft, node, lambda habits: habits.next_key, 4_000) * spare // 2,
        total=_first(draft, node, lambda habits: habits.total, 60_000) * spare // 2,
    )


def tries(draft: Draft, node: Listening) -> int:
    """How many silences, or wrong keys, are allowed in this node."""
    return _first(draft, node, lambda habits: habits.tries, 3)


def use_universal(draft: Draft, keys: str, action: KeyAction, ask: Callable[[], Move]) -> Move:
    """Do what a universal key says. `ask` makes the step that asks again."""
    named = target_text(action.next) if isinstance(action, UniversalJump) else action
    draft.emit(UniversalUsed(*draft.place, keys=keys, action=named))
    if isinstance(action, UniversalJump):
        return Go(action.next)
    if action == "back":
        return Go(BACK)
    if action == "slower":
        _change_pace(draft)
    return ask()


def _change_pace(draft: Draft) -> None:
    pace: Pace = "normal" if draft.run.pace == "slow" else "slow"
    draft.change(pace=pace)
    draft.emit(PaceChanged(*draft.place, pace=pace))
    draft.preface(utter(draft, prompt_id("engine", f"pace_{pace}")))


def go_silent(draft: Draft, node: Listening, again: Move) -> Move:
    """No key came: count it, say something, ask again or give up."""
    count = draft.run.silences + 1
    draft.change(silences=count)
    draft.emit(InputSilent(*draft.place, count=count))
    return retry(draft, node, "silence", count, again)


def go_wrong(draft: Draft, node: Listening, keys: str, again: Move) -> Move:
    """Keys that mean nothing here: count, say something, ask again or give up."""
    count = draft.run.wrongs + 1
    draft.change(wrongs=count)
    draft.emit(InputWrong(*draft.place, keys=keys, count=count))
    return retry(draft, node, "wrong_key", count, again)


def retry(
    draft: Draft, node: Listening, fault: Fault, count: int, again: Move, *, spoken: bool = True
) -> Move:
    """Another try after the `count`th fault of its sort, or the node's way out.

    `spoken` is False when the node itself says what was wrong.
    """
    if count >= tries(draft, node):
        return give_up(draft, node, fault)
    level, attempts = _attempts(draft, node, fault)
    if not attempts:
        return again
    index = min(count, len(attempts))
    attempt = attempts[index - 1]
    if attempt.say is not None and spoken:
        draft.preface(utter(draft, prompt_id(level, f"on_{fault}", str(index))))
    return Go(attempt.next) if attempt.next is not None else again


def give_up(draft: Draft, node: Listening, reason: str) -> Move:
    """Leave the node because its tries are used up."""
    draft.emit(TriesExhausted(*draft.place, reason=reason))
    level, way_out = _way_out(draft, node)
    if way_out.say is not None:
        draft.preface(utter(draft, prompt_id(level, "on_give_up")))
    return Go(way_out.next)


def _levels(draft: Draft, node: Listening) -> tuple[tuple[str, Habits], ...]:
    """Who may say how the node listens, the nearest first, with the prefix of their prompts."""
    flow, name = draft.place
    return (
        (f"{flow}.{name}", node),
        (f"{flow}.defaults", draft.flow.defaults),
        ("hotline", draft.bundle.hotline.defaults),
    )


def _first(
    draft: Draft, node: Listening, read: Callable[[Habits], int | None], otherwise: int
) -> int:
    wanted = (read(habits) for _, habits in _levels(draft, node))
    return next((value for value in wanted if value is not None), otherwise)


def _attempts(draft: Draft, node: Listening, fault: Fault) -> tuple[str, tuple[Attempt, ...]]:
    for level, habits in _levels(draft, node):
        attempts = habits.on_silence if fault == "silence" else habits.on_wrong_key
        if attempts is not None:
            return level, attempts
    return "hotline", ()


def way_after(draft: Draft, node: Listening, fault: Fault) -> Target:
    """Where the last fault of its sort has led out of the node, when it has."""
    count = draft.run.silences if fault == "silence" else draft.run.wrongs
    _, attempts = _attempts(draft, node, fault)
    own = attempts[min(count, len(attempts)) - 1].next if attempts else None
    if own is None or count >= tries(draft, node):
        return _way_out(draft, node)[1].next
    return own


def _way_out(draft: Draft, node: Listening) -> tuple[str, GiveUp]:
    """What is inherited is for nodes that cannot go on without an answer: a consent that was not
    given is refused, a message is kept."""
    match node:
        case Consent():
            return ".".join(draft.place), node.on_give_up or GiveUp(next=node.refused)
        case Record():
            return ".".join(draft.place), node.on_give_up or GiveUp(next=node.next)
    for level, habits in _levels(draft, node):
        if habits.on_give_up is not None:
            return level, habits.on_give_up
    raise AssertionError("the checker demands on_give_up in hotline.yaml")
