"""A call that was had, as a script: its acts, and what must be heard between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ivr.scripts import model, world
from ivr.scripts.hearing import Prompt, words_of
from ivr.scripts.model import AnyStep
from ivr.scripts.playing import Played
from ivr.scripts.verdict import divides

LONGEST = 90
"""Of a longer prompt only the first sentence is expected, if it has more than two words."""

_PLAIN = re.compile(r"[A-Za-z0-9(/][^:#]*(?<! )")
_MEANS_MORE = ("true", "false", "yes", "no", "null", "on", "off")


def expect(steps: Sequence[AnyStep], played: Played) -> list[AnyStep]:
    """The acts with what was heard: after each, the first prompt; at the end, the outcome."""
    marks = {mark.index: mark.prompts for mark in reversed(played.marks)}
    begins = [0, *(marks[n] for n, step in enumerate(steps) if divides(step) and n in marks)]
    ends = [*begins[1:], marks.get(None)]
    parts = iter(zip(begins, ends, strict=True))
    told: list[AnyStep] = []
    for index, step in enumerate(steps):
        told.append(step)
        if index == 0 or (divides(step) and index in marks):
            begin, end = next(parts)
            told += _hear(played.prompts[begin:end])
    return [*told, model.Outcome(outcome=played.outcome)]


def _hear(prompts: Sequence[Prompt]) -> Iterator[AnyStep]:
    whole = next((one for one in prompts if one.whole and words_of(one.text)), None)
    if whole is not None:
        first = re.split(r"(?<=[.?!]) ", whole.text)[0]
        telling = len(whole.text) > LONGEST and len(words_of(first)) > 2
        yield model.Hear(hear=first if telling else whole.text)


def write_call(title: str, steps: Sequence[AnyStep]) -> str:
    """The lines of one call, as they stand below `calls:`."""
    lines = [f"  {write_scalar(title)}:"]
    for step in steps:
        first, *rest = _write_step(step)
        lines += [f"    - {first}", *(f"      {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def write_file(title: str, steps: Sequence[AnyStep]) -> str:
    """A file with one call."""
    return f"calls:\n{write_call(title, steps)}"


def _write_step(step: AnyStep) -> Iterator[str]:
    match step:
        case model.Silence(silence=1) | model.HangUp():
            yield "silence" if isinstance(step, model.Silence) else "hang_up"
        case world.SetOfficers(officers=officers):
            yield from _write_entries("officers", _write_officers(officers))
        case world.SetLookups(lookups=lookups):
            answers = {name: _write_answers(given) for name, given in lookups.items()}
            every = answers.get(world.EVERY)
            yield from _write_entries("lookups", every if every is not None else answers)
        case _:
            for name in type(step).model_fields:
                value = getattr(step, name)
                if name in step.model_fields_set and value is not None:
                    yield from _write_entries(name, value)


def _write_officers(officers: world.Officers) -> object:
    return (
        {"do": officers.do, "after": _seconds(officers.after), "talk": _seconds(officers.talk)}
        if officers.do == "answer"
        else officers.do
    )


def _write_answers(answers: Sequence[world.Answer]) -> object:
    written = [_write_answer(answer) for answer in answers]
    return written[0] if len(written) == 1 else written


def _write_answer(answer: world.Answer) -> object:
    if answer == world.SLOW_ANSWER:
        return "slow"
    after = {"after": _seconds(answer.after)} if answer.after else {}
    if answer.found is not None:
        return {"found": answer.found, **after}
    return {"result": answer.result, **after} if after else answer.result


def _write_entries(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield f"{name}:"
        for one in value:
            first, *rest = _write_item(one)
            yield from (f"  - {first}", *(f"    {line}" for line in rest))
        return
    if not isinstance(value, Mapping):
        yield f"{name}: {_write(name, value)}"
        return
    yield f"{name}:"
    for key, one in value.items():
        yield from (f"  {line}" for line in _write_entries(write_scalar(str(key)), one))


def _write_item(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield write_scalar(str(value))
        return
    for key, one in value.items():
        yield from _write_entries(write_scalar(str(key)), one)


def _write(name: str, value: object) -> str:
    if name in ("speak", "wait", "listen") and isinstance(value, int):
        return _seconds(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds" if value.second else "minutes")
    return write_scalar(str(value))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g}s"


def write_scalar(text: str) -> str:
    """A text as YAML, quoted where it must be."""
    if _PLAIN.fullmatch(text) and "\n" not in text and text not in _MEANS_MORE:
        return text
    return json.dumps(text, ensure_ascii=False)
