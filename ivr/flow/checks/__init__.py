"""Faults that need more than one part of a directory to be seen.

Each module is a family of checks: functions from a `Plan` to findings. They must not know YAML,
lines or languages of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.flow.checks import (
    calendars,
    hotline,
    lengths,
    menus,
    paths,
    personal,
    requests,
    sources,
    spoken,
    targets,
    transfers,
    values,
)
from ivr.flow.faults import Finding
from ivr.flow.names import list_names
from ivr.flow.plan import Plan
from ivr.flow.translation import Written

_LOOSE = ("unknown-node", "unknown-flow", "hotline-target")
"""With one of these, what cannot be reached may only be misspelt: paths are not judged."""


def find_faults(
    plan: Plan, written: Mapping[str, Mapping[str, Written]], today: date | None = None
) -> list[Finding]:
    """Everything that is wrong with the plan, faults and warnings, in no certain order.

    `written` are the texts by prompt id and language. Without `today` nothing is out of date.
    """
    names = list_names(plan)
    findings = [
        *hotline.check(plan),
        *targets.check(plan),
        *menus.check(plan),
        *transfers.check(plan),
        *values.check(plan, names, written),
        *sources.check(plan),
        *requests.check(plan),
        *personal.check(plan),
        *calendars.check(plan, written, today),
        *spoken.check(plan, names, written),
        *lengths.check(plan, written),
    ]
    if plan.whole and not any(finding.code in _LOOSE for finding in findings):
        findings += paths.check(plan)
    return findings
