"""Which keys answer a step: the one place where typed keys become an answer.

Pure functions over what has been typed so far. Channels bring the keys and the clock; the
telephone, the terminal and the scripts of tests share these rules, so that none can differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.engine.steps import Collect, Menu

TWICE = 1_000
"""Milliseconds in which a key is pressed a second time, where once and twice mean two things (`*`
and `**`). So long does whoever presses it once wait."""


@dataclass(frozen=True, slots=True)
class Match:
    """Keys that make an answer. The first `used` of the typed keys belong to it.

    `kind` is `keys` (a menu's answer, right or wrong), `digits` (a collect's, without its finish
    key), `escape` or `pass`. `ended` says what ended digits.
    """

    kind: Literal["keys", "digits", "escape", "pass"]
    used: int
    keys: str = ""
    ended: Literal["finish", "length", "silence", "total"] = "finish"


def match(step: Menu | Collect, typed: str) -> Match | None:
    """The answer that `typed` makes, None while more keys are needed."""
    return _match_menu(step, typed) if isinstance(step, Menu) else _match_collect(step, typed)


def pause(step: Menu | Collect, typed: str) -> int:
    """Milliseconds until `typed` counts as it is, or the silence as an answer."""
    if not typed:
        return step.timing.first_key
    known = step.keys if isinstance(step, Menu) else step.escapes
    last = typed if isinstance(step, Menu) else typed[-1]
    return min(TWICE, step.timing.next_key) if last in known else step.timing.next_key


def _match_menu(step: Menu, typed: str) -> Match | None:
    """The longest key that `typed` begins with, once no longer one can come of it."""
    found: Match | None = None
    for used in range(1, len(typed) + 1):
        part = typed[:used]
        if part in step.keys:
            found = Match("keys", used, part)
        if not any(key.startswith(part) and key != part for key in step.keys):
            if found is not None:
                return found
            if step.pass_on and used == 1:
                return Match("pass", 0)
            return Match("keys", used, part)
    return None


def _match_collect(step: Collect, typed: str) -> Match | None:
    digits = ""
    for index, key in enumerate(typed):
        if key == step.finish:
            return Match("digits", index + 1, digits)
        if key == "*":
            pair = typed[index : index + 2]
            if len(pair) < 2:
                return None
            return Match("escape" if pair in step.escapes else "keys", index + 2, pair)
        if key not in "0123456789":
            return Match("keys", index + 1, key)
        digits += key
        if len(digits) == step.max:
            return Match("digits", index + 1, digits, "length")
    return None


def expire(
    step: Menu | Collect, typed: str, ended: Literal["silence", "total"] = "silence"
) -> Match | None:
    """The answer when no further key comes; None means that nothing was typed at all."""
    if not typed:
        return Match("pass", 0) if isinstance(step, Menu) and step.pass_on else None
    if isinstance(step, Menu):
        return Match("keys", len(typed), typed)
    if "*" in typed:
        rest = typed[typed.index("*") :]
        return Match("escape" if rest in step.escapes else "keys", len(typed), rest)
    return Match("digits", len(typed), typed, ended)


class KeyQueue:
    """The keys of a call in their order, each used once.

    `cursor` counts the keys used so far, over the whole call. A finish key that follows digits
    which were complete without it, by their length or by a pause, belongs to them: it is
    swallowed, whenever it comes, unless another key comes before it.
    """

    def __init__(self, cursor: int = 0, *, swallow: str = "") -> None:
        self.cursor = cursor
        self.swallow = swallow

    def waiting(self, received: str) -> str:
        """The keys of `received` (all keys of the call) that no step has used yet."""
        if self.swallow and len(received) > self.cursor:
            if received[self.cursor] == self.swallow:
                self.cursor += 1
            self.swallow = ""
        return received[self.cursor :]

    def use(self, step: Menu | Collect, answer: Match) -> None:
        """Take the answer's keys out of the queue."""
        if not answer.used:
            return
        self.cursor += answer.used
        late = answer.kind == "digits" and answer.ended != "finish"
        self.swallow = step.finish if late and isinstance(step, Collect) else ""

    def flush(self, received: str) -> None:
        """Throw away what was typed ahead."""
        waiting = self.waiting(received)
        self.cursor += len(waiting)
