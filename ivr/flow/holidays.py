"""National holidays (libur nasional) and cuti bersama as plain data, part of a bundle.

They are compiled once, when a directory is loaded, so that the engine needs no library and a replay
decides as the call did. Pure: `ivr.flow.national` makes them of the package `holidays`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field

from ivr.flow.scalars import Model


class Holiday(Model):
    """A date of the yearly joint decree. `name` is a name for logs, `label` what is spoken."""

    kind: Literal["national_holiday", "cuti_bersama"]
    name: str
    label: Mapping[str, str]


class Holidays(Model):
    """All that is known of them. A year that is not among `years` is unknown, not free of them."""

    years: tuple[int, ...] = ()
    days: Mapping[date, Holiday] = Field(default_factory=dict)

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """What is spoken of each, by name."""
        return {day.name: day.label for day in self.days.values()}


NO_HOLIDAYS = Holidays()


def slug(label: str) -> str:
    """A name for logs and text ids: `Hari Raya Natal` becomes `hari_raya_natal`."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
