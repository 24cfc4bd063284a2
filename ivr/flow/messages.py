"""The sentences of faults, in English and Indonesian: one place, one sentence for a code.

Must not know where a fault is. A code is stable for ever; `docs/` explains each.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow import messages_en, messages_id

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": messages_en.SENTENCES,
    "id": messages_id.SENTENCES,
}
_MEANT = {"en": "; did you mean '{near}'?", "id": "; maksud Anda '{near}'?"}

CODES = tuple(messages_en.SENTENCES)
"""Every fault code."""

WARNINGS = frozenset(
    {
        "unreachable-flow",
        "unbounded-loop",
        "return-outside",
        "override-expired",
        "no-holidays",
        "exit-never-taken",
        "stale-text",
        "unused-table",
        "comment-in-text",
        "many-options",
        "long-menu",
        "long-prompt",
        "no-examples",
        "silent-wait",
    }
)
"""The codes that do not keep a directory from being loaded."""


def write(code: str, language: str, values: Mapping[str, str], near: str | None) -> str:
    """The sentence of a fault. Raises KeyError for an unknown code or language."""
    sentence = LANGUAGES[language][code].format_map(values)
    return sentence + (_MEANT[language].format(near=near) if near is not None else "")
