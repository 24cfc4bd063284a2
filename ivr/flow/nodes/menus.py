"""Menus and their options."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ivr.flow.habits import Listening
from ivr.flow.scalars import KeySequence, Model, Name, Target, Text


class Option(Model):
    """A line of a menu: spoken as “Untuk {label}, tekan {key}.” unless `spoken: false`.

    `language` fixes the language of the line (“For English, press two.”), as in `Say`.
    """

    key: KeySequence
    name: Name
    label: Text | None = None
    language: str | None = None
    value: str | None = None
    next: Target | None = None
    spoken: bool = True


class Menu(Listening):
    """Offer options. `into` takes the chosen option's `value` (or its name).

    `otherwise` makes the menu pass on: silence, or a key that begins no option, leads there at
    once and the key stays for the next node.
    """

    type: Literal["menu"] = "menu"
    say: Text | None = None
    options: tuple[Option, ...] = Field(min_length=1, max_length=12)
    into: Name | None = None
    next: Target | None = None
    otherwise: Target | None = None
