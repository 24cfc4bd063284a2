"""Which Asterisk this system runs on. Pure: no process is started here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"(?:Asterisk |^\d+:|^)(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """An Asterisk release, compared number by number."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FLOOR = Version(22, 10, 1)
"""The oldest release that is accepted: it holds the security fixes of June 2026, and the behaviour
of StoreDTMF, AGI and MixMonitor on which the dialplan and the engine rely was measured on it."""

WANTED = f"Asterisk {FLOOR} or a newer {FLOOR.major}"


def parse_version(text: str) -> Version | None:
    """Read `asterisk -V` or a Debian package version; None when there is no release in it.

    Certified releases (`certified-20.7-cert1`) and development builds (`GIT-master`) give None:
    nothing here was tried with them.
    """
    found = _NUMBERS.search(text.strip())
    return Version(*map(int, found.groups())) if found else None


def is_supported(version: Version) -> bool:
    """Whether this release may carry calls: the tested series, not older than `FLOOR`.

    A newer series is refused until it was tried, because Asterisk removes applications and changes
    defaults between series; a machine that has one gets a private Asterisk beside it.
    """
    return version.major == FLOOR.major and version >= FLOOR
