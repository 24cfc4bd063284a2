"""Times as a person writes and reads them. Programs get UTC in ISO 8601, by `--json`."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from ivr.scripts.model import EARLIEST, LATEST

ZONE = ZoneInfo("Asia/Jakarta")

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?")


def write_time(at: datetime, zone: ZoneInfo = ZONE) -> str:
    """`2026-03-20 10:00:00 WIB`. `at` knows its zone; `zone` is the hotline's."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def rewrite_time(written: str) -> str:
    """The same of a time that was kept in ISO 8601; what is no such time stays as it is."""
    try:
        return write_time(datetime.fromisoformat(written))
    except ValueError:
        return written


def write_seconds(milliseconds: float) -> str:
    """A length of time, `1.5 s`."""
    return f"{milliseconds / 1000:.1f} s"


class Moment(click.ParamType[datetime]):
    """A date and a time of day without a zone."""

    name = "date and time"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it; fails with a sentence that shows the form."""
        if _MOMENT.fullmatch(value):
            try:
                at = datetime.fromisoformat(value)
            except ValueError:
                self.fail(f"{value!r} is not in the calendar or on the clock.", param, ctx)
            if not EARLIEST <= at.year <= LATEST:
                self.fail(f"{value!r} is too far from today.", param, ctx)
            return at
        self.fail(
            f"{value!r} is no date and time. Give both in this form: 2026-12-25T10:00", param, ctx
        )
