"""What is to be said, without saying how: a template with values.

A channel renders it: the telephone with clips of sound, a terminal with text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ivr.engine.values import Personal, Secret

Pace: TypeAlias = Literal["normal", "slow"]
"""How fast a caller is spoken to."""

SLOW = 0.85
"""The pace slow, as a share of the usual words a minute: what listeners of age find easier, before
it sounds drawn out (PermenPANRB 11/2024 asks for information that vulnerable groups understand)."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A value inside an utterance, and the kind of speech it wants (`number`, `rupiah`, `text` …).

    The value is canonical text: `1500000`, `2026-03-31`, `081234567890`. A `Secret` is replaced by
    the driver, with the digits that may be read back, before a channel sees the utterance.
    """

    value: str | Personal | Secret
    kind: str

    @property
    def text(self) -> str:
        """The canonical text. Raises TypeError while the value is still a secret's reference."""
        if isinstance(self.value, Secret):
            raise TypeError("the driver has not resolved this secret")
        return str(self.value.reveal()) if isinstance(self.value, Personal) else self.value

    @property
    def personal(self) -> bool:
        """Whether what is spoken is about a person, so that its sound must not outlive the call."""
        return not isinstance(self.value, str)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One prompt in one language: `prompt` is its stable id, such as `tax.welcome.say`.

    `template` is the text with placeholders in braces; `values` has one entry for each placeholder,
    under the name that stands in the template before any colon. With the `pace` slow a channel
    speaks slowly where it can.
    """

    prompt: str
    language: str
    template: str
    values: Mapping[str, Spoken] = field(default_factory=dict)
    pace: Pace = "normal"

    @property
    def personal(self) -> bool:
        """Whether any value in it is about a person."""
        return any(spoken.personal for spoken in self.values.values())
