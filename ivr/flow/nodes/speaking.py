"""What is said to the caller, and in which language."""

from __future__ import annotations

from typing import Literal

from ivr.flow.habits import Node
from ivr.flow.scalars import Name, Target, Text


class Say(Node):
    """Say something and go on.

    `barge_in: false` plays it to its end whatever the caller presses (a legal notice). `language`
    fixes the language of this prompt, whatever the call's is: `say` is written in it and has no
    translations.
    """

    type: Literal["say"] = "say"
    say: Text
    language: str | None = None
    barge_in: bool = True
    next: Target


class Language(Node):
    """Go on in another language."""

    type: Literal["language"] = "language"
    to: str
    next: Target


class Hangup(Node):
    """Say the last words and end the call. `outcome` is how reports count the call."""

    type: Literal["hangup"] = "hangup"
    say: Text | None = None
    outcome: Name = "informasi"
