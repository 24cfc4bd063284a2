"""The node kinds: one frozen class each, under the name that designers write as `type`.

Each kind has a `case` in `ivr.engine.nodes`, a section in `docs/flow-language.md` and a test file.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from pydantic import Discriminator

from ivr.flow.habits import (
    Attempt,
    GiveUp,
    Habits,
    KeyAction,
    Keys,
    Listening,
    Node,
    UniversalJump,
    Visits,
)
from ivr.flow.nodes.entries import Collect, Consent, Record, ReviewKeys
from ivr.flow.nodes.logic import Case, Choose, Set, Subflow
from ivr.flow.nodes.menus import Menu, Option
from ivr.flow.nodes.services import Hours, Lookup, Notify, Transfer
from ivr.flow.nodes.speaking import Hangup, Language, Say

__all__ = [
    "KINDS",
    "AnyNode",
    "Attempt",
    "Case",
    "Choose",
    "Collect",
    "Consent",
    "GiveUp",
    "Habits",
    "Hangup",
    "Hours",
    "KeyAction",
    "Keys",
    "Language",
    "Listening",
    "Lookup",
    "Menu",
    "Node",
    "Notify",
    "Option",
    "Record",
    "ReviewKeys",
    "Say",
    "Set",
    "Subflow",
    "Transfer",
    "UniversalJump",
    "Visits",
]

AnyNode: TypeAlias = Annotated[
    Say
    | Menu
    | Collect
    | Choose
    | Set
    | Subflow
    | Record
    | Consent
    | Lookup
    | Notify
    | Hours
    | Language
    | Transfer
    | Hangup,
    Discriminator("type"),
]

KINDS: tuple[type[Node], ...] = get_args(get_args(AnyNode)[0])
