"""Who takes calls at the local Asterisk: telephones on this machine, and their lines. Pure.

Nobody registers and nobody has a password: Asterisk calls a telephone at its port of the loopback,
and takes no call from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivr.errors import UsageError

SETTING: Final = "IVR_OFFICERS"

NOBODY: Final = "none"

LINE: Final = "officers"
"""The waiting line of who names none: that of the shipped flows."""

_NAME = "[a-z0-9-]{1,40}"
_OFFICER = re.compile(rf"({_NAME}):([0-9]{{4,5}})(?::({_NAME}(?:\+{_NAME})*))?")

_TAKEN = frozenset(
    {"global", "general", "udp", "trunk", "trunk-address", "officer", "officer-address"}
)
"""Sections that `pjsip.conf` and `queues.conf` have already."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A telephone: the name of its endpoint, its SIP port on the loopback, the lines it serves."""

    name: str
    port: int
    lines: tuple[str, ...] = (LINE,)


def read_officers(written: str) -> tuple[Officer, ...]:
    """The officers of a setting such as `ani:5091,budi:5092:tax+officers`; `none`: nobody.

    Raises UsageError for another form, a name or a port that stands twice, a name of Asterisk's.
    """
    if written.strip() == NOBODY:
        return ()
    officers = tuple(_read(one.strip()) for one in written.split(","))
    for named in ("name", "port"):
        values = [getattr(one, named) for one in officers]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise _refuse(f"two officers have the {named} {twice}")
    return officers


def list_lines(officers: Sequence[Officer]) -> dict[str, tuple[str, ...]]:
    """The waiting lines with the officers who serve them; the usual line is there in any case."""
    names = dict.fromkeys((LINE, *(line for one in officers for line in one.lines)))
    return {name: tuple(one.name for one in officers if name in one.lines) for name in names}


def find_officer(officers: Sequence[Officer], name: str | None) -> Officer:
    """The officer of this name, None: the first. Raises UsageError when there is none."""
    found = next((one for one in officers if name in (None, one.name)), None)
    if found is None:
        who = "there are no officers" if name is None else f"there is no officer {name!r}"
        known = ", ".join(one.name for one in officers)
        raise _refuse(f"{who}; known: {known}" if known else who)
    return found


def _read(written: str) -> Officer:
    found = _OFFICER.fullmatch(written)
    if found is None or not 1024 <= int(found[2]) <= 65535:
        raise _refuse(f"{written!r} is no officer")
    lines = (found[3] or LINE).split("+")
    for name in (found[1], *lines):
        if name in _TAKEN:
            raise _refuse(f"{name!r} is a name of Asterisk's own configuration")
    return Officer(found[1], int(found[2]), tuple(dict.fromkeys(lines)))


def _refuse(sentence: str) -> UsageError:
    return UsageError(
        sentence,
        place=SETTING,
        remedy="Give names with the SIP ports of their telephones, from 1024 on, and their waiting "
        "lines unless it is `officers`: ani:5091,budi:5092:tax+officers. Or: none.",
    )
