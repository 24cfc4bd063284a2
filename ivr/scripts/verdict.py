"""Whether a call went as its script says: the first step that did not come true, and why.

Pure: judges what `ivr.scripts.playing` brought.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from ivr.engine.run import Run
from ivr.engine.values import Personal, Secret
from ivr.engine.values import Value as Held
from ivr.scripts import model, world
from ivr.scripts.hearing import Prompt, find_prompt, find_words, spell_out, words_of
from ivr.scripts.reading import Placed

if TYPE_CHECKING:
    from ivr.scripts.playing import Mark, Played

LAST = 8
"""How many lines of the call a failure shows."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not come true. `expected` and `got` are a line each; `node` is where the call
    stood, `lines` is the end of what was heard and done until then."""

    placed: Placed
    expected: str
    got: str
    node: str
    lines: Sequence[str]


@dataclass
class _Part:
    """The part of a call between two acts, and how much of it the script has spoken of already."""

    prompts: Sequence[Prompt]
    nodes: Sequence[str]
    run: Run
    lines: Sequence[str]
    words: int = 0
    reached: int = 0


def judge(played: Played) -> Failure | None:
    """The first step that did not come true, None when all did."""
    marks = {mark.index: mark for mark in reversed(played.marks)}
    part = _part(played, None, _next(played, None))
    for index, placed in enumerate(played.script.steps):
        if divides(placed.step):
            if index not in marks:
                return _fail(placed, part, "the caller can still do this", _how_it_ended(played))
            part = _part(played, marks[index], _next(played, index))
            continue
        wrong = _judge(placed.step, part, played)
        if wrong is not None:
            return _fail(placed, part, *wrong)
    return None


def divides(step: model.AnyStep) -> bool:
    """Whether an act ends one part of the call and begins another."""
    return isinstance(step, model.Press | model.Silence | model.Speak | model.HangUp)


def _next(played: Played, index: int | None) -> Mark | None:
    """The moment of the next act that divides the call, None when it is the end."""
    steps = played.script.steps
    passed = index is None
    for mark in played.marks:
        cuts = mark.index is None or divides(steps[mark.index].step)
        if passed and mark.index != index and cuts:
            return mark
        passed = passed or mark.index == index
    return None


def _part(played: Played, begin: Mark | None, end: Mark | None) -> _Part:
    prompts = slice(begin.prompts if begin else 0, end.prompts if end else None)
    events = slice(begin.events if begin else 0, end.events if end else None)
    return _Part(
        prompts=played.prompts[prompts],
        nodes=[
            f"{event['flow']}.{event['node']}"
            for event in played.events[events]
            if event["type"] == "node.entered"
        ],
        run=end.run if end is not None and end.run is not None else played.run,
        lines=played.lines[: end.lines if end else None],
    )


def _judge(step: model.AnyStep, part: _Part, played: Played) -> tuple[str, str] | None:
    """What was expected and what came instead, None when the step came true."""
    match step:
        case model.Hear():
            return _judge_hear(step, part)
        case model.Reach():
            return _judge_reach(step, part)
        case model.Value():
            return _judge_value(step, part.run)
        case model.Outcome(outcome=wanted):
            if played.outcome == wanted:
                return None
            return f"the call counts as {wanted}", f"it counts as {played.outcome}"
        case (
            model.Dial()
            | model.Press()
            | model.Silence()
            | model.Speak()
            | model.Wait()
            | model.Listen()
            | model.HangUp()
            | world.SetOfficers()
            | world.SetLookups()
        ):
            return None
        case _:
            assert_never(step)


def _judge_hear(step: model.Hear, part: _Part) -> tuple[str, str] | None:
    if step.exactly:
        end = find_prompt(part.prompts, step.hear, part.words, step.language)
    else:
        end = find_words(spell_out(part.prompts), step.hear, part.words, step.language)
    if end is not None:
        part.words = end
        return None
    kind = "a prompt, word for word," if step.exactly else "to hear"
    language = f" in {step.language}" if step.language else ""
    return f"{kind}{language} “{step.hear}”", _what_was_heard(step.hear, part)


def _what_was_heard(wanted: str, part: _Part) -> str:
    """The prompt that comes nearest, or that there was none."""
    if not part.prompts:
        return "nothing was said"
    spelt = words_of(wanted)

    def likeness(prompt: Prompt) -> float:
        words = difflib.SequenceMatcher(None, spelt, words_of(prompt.text), autojunk=False)
        return sum(block.size for block in words.get_matching_blocks()) / max(1, len(spelt))

    near = max(part.prompts, key=likeness)
    end = "" if near.whole else " … (cut short)"
    before = words_of(" ".join(prompt.text for prompt in part.prompts))[: part.words]
    order = " (but before what the script heard last)" if _contains(before, spelt) else ""
    return f"[{near.language}] “{near.text}{end}”{order}"


def _contains(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return f" {' '.join(wanted)} " in f" {' '.join(words)} "


def _judge_reach(step: model.Reach, part: _Part) -> tuple[str, str] | None:
    for index in range(part.reached, len(part.nodes)):
        if step.reach in (part.nodes[index], part.nodes[index].partition(".")[0]):
            part.reached = index
            return None
    came = ", ".join(part.nodes[part.reached :]) or "no node since the last act"
    return f"to reach {step.reach}", f"came to {came}"


def _judge_value(step: model.Value, run: Run) -> tuple[str, str] | None:
    for name, wanted in step.value.items():
        held = write_held(find_held(run, name))
        if held != wanted:
            return f"{name} is {wanted}", f"{name} is {held}"
    return None


def find_held(run: Run, name: str) -> Held:
    """What a name holds: in the flow that runs now, else in those that called it."""
    first, *rest = name.split(".")
    for frame in reversed(run.frames):
        if first in frame.variables:
            held: Held = frame.variables[first]
            for field in rest:
                held = held.get(field) if isinstance(held, Mapping) else None
            return held
    return None


def write_held(held: Held) -> str:
    """A value as a script writes it."""
    match held:
        case None:
            return "(nothing)"
        case Secret():
            return f"({held.length} secret digits)"
        case Personal():
            return str(held.reveal())
        case bool():
            return "true" if held else "false"
        case Mapping():
            return f"({', '.join(held)})"
        case _:
            return str(held)


def _how_it_ended(played: Played) -> str:
    return f"the call was over before: {played.outcome}"


def _fail(placed: Placed, part: _Part, expected: str, got: str) -> Failure:
    node = f"{part.run.frame.flow}.{part.run.frame.node}"
    return Failure(placed, expected, got, node, part.lines[-LAST:])
