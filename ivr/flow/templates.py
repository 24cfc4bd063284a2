"""Prompt texts with placeholders: `NPWP Anda {taxpayer.status}, Rp {amount:rupiah}`.

A text becomes literal pieces and placeholders, here and nowhere else. Must not know what a
placeholder stands for, nor how a value is spoken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

SPEECH_KINDS = (
    "number",
    "ordinal",
    "percent",
    "rupiah",
    "date",
    "weekday_date",
    "time",
    "duration",
    "digits",
    "phone",
    "npwp",
    "nik",
    "last4",
    "plate",
    "spell",
    "code",
    "text",
)
"""What may stand behind the colon of a placeholder: the kinds that `ivr.speech.kinds` speaks."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


class TemplateFault(ValueError):
    """A text is not a template. `code` is a fault code, `offset` counts characters from 0."""

    def __init__(self, code: str, offset: int, written: str) -> None:
        super().__init__(f"{code} at {offset}: {written}")
        self.code = code
        self.offset = offset
        self.written = written


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value inside a text: `name` or `name.field`, and how it is spoken.

    `kind` is None when the text does not say; the value's own declaration decides then.
    """

    name: str
    kind: str | None = None

    @property
    def variable(self) -> str:
        """The variable that holds the value: what stands before the dot."""
        return self.name.partition(".")[0]


Part: TypeAlias = str | Placeholder


def parse_template(text: str) -> tuple[Part, ...]:
    """Return the literal pieces and placeholders of `text` in order; `{{` and `}}` are braces.

    Raises TemplateFault for a brace without its partner, an empty or wrong name, an unknown kind.
    """
    return tuple(part for part, _ in _scan(text))


@lru_cache(maxsize=4096)
def _scan(text: str) -> tuple[tuple[Part, int], ...]:
    """The parts and, of the placeholders, their offsets in `text`."""
    parts: list[tuple[Part, int]] = []
    literal, end = "", 0
    for found in _PIECE.finditer(text):
        literal, end = literal + text[end : found.start()], found.end()
        if found[0] in ("{{", "}}"):
            literal += found[0][0]
            continue
        if found[1] is None:
            raise TemplateFault("brace-alone", found.start(), found[0])
        if literal:
            parts.append((literal, 0))
        parts.append((_read_placeholder(found[1], found.start()), found.start()))
        literal = ""
    literal += text[end:]
    return (*parts, (literal, 0)) if literal else tuple(parts)


def _read_placeholder(written: str, offset: int) -> Placeholder:
    name, colon, kind = (part.strip() for part in written.partition(":"))
    if not _NAME.fullmatch(name):
        raise TemplateFault("placeholder-name", offset, written)
    if colon and kind not in SPEECH_KINDS:
        raise TemplateFault("speech-kind", offset, kind)
    return Placeholder(name, kind if colon else None)


def list_placeholders(text: str) -> tuple[Placeholder, ...]:
    """The placeholders of `text` in order. Raises TemplateFault."""
    return tuple(part for part, _ in _scan(text) if isinstance(part, Placeholder))


def locate_placeholders(text: str) -> tuple[tuple[Placeholder, int], ...]:
    """The placeholders of `text` with the offsets of their braces. Raises TemplateFault."""
    found = ((part, offset) for part, offset in _scan(text) if isinstance(part, Placeholder))
    return tuple(found)


def whole_placeholder(text: str) -> Placeholder | None:
    """The placeholder when `text` is nothing but one, so that it passes the value itself.

    Raises TemplateFault.
    """
    parts = parse_template(text)
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Placeholder) else None
