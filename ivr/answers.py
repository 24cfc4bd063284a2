"""What a match of typed keys is to the driver: the same for every channel."""

from __future__ import annotations

from ivr.engine.keys import Match
from ivr.engine.outcomes import Escaped, Keys, Outcome, Passed
from ivr.ports import Input


def tell_match(found: Match, heard: int, waited: int) -> Outcome | Input:
    """The outcome of a menu or a collect. `heard`, `waited`: milliseconds, see the outcomes."""
    match found.kind:
        case "digits":
            return Input(found.keys, found.ended, heard, waited)
        case "escape":
            return Escaped(found.keys, heard)
        case "pass":
            return Passed(heard)
        case "keys":
            return Keys(found.keys, heard, waited)
