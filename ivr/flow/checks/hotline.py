"""The hotline's own entries: numbers, time zone, the way to a person, what all flows inherit."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from ivr.flow.faults import Finding
from ivr.flow.graph import list_habit_exits
from ivr.flow.plan import HOTLINE_FILE, Plan, unknown
from ivr.flow.scalars import WORDS, Jump


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about `hotline.yaml`."""
    if plan.lacks(HOTLINE_FILE):
        return
    yield from _check_numbers(plan)
    yield from _check_languages(plan)
    yield from _check_timezone(plan)
    yield from _check_person(plan)
    yield from _check_inherited(plan)


def _check_numbers(plan: Plan) -> Iterator[Finding]:
    numbers = plan.hotline.numbers
    if not numbers and not plan.lacks(HOTLINE_FILE, "numbers"):
        yield Finding("no-numbers", HOTLINE_FILE, ("numbers",))
    flows = plan.flow_names()
    for number, flow in numbers.items():
        if flow not in flows:
            yield unknown("unknown-flow", HOTLINE_FILE, ("numbers", number), flow, flows)
        elif flow in plan.flows and plan.flows[flow].inputs:
            values = {"name": flow, "inputs": ", ".join(plan.flows[flow].inputs)}
            yield Finding("number-without-inputs", HOTLINE_FILE, ("numbers", number), values)
    for number in plan.hotline.when_store_is_away:
        if number not in numbers and not plan.lacks(HOTLINE_FILE, "numbers"):
            place = ("when_store_is_away", number)
            yield unknown("unknown-number", HOTLINE_FILE, place, number, numbers)


def _check_languages(plan: Plan) -> Iterator[Finding]:
    languages = plan.hotline.languages
    for index, name in enumerate(languages):
        if name in languages[:index]:
            yield Finding("language-twice", HOTLINE_FILE, ("languages", index), {"name": name})


def _check_timezone(plan: Plan) -> Iterator[Finding]:
    name = plan.hotline.timezone
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        yield Finding("unknown-timezone", HOTLINE_FILE, ("timezone",), {"name": name})


def _check_person(plan: Plan) -> Iterator[Finding]:
    person, flows = plan.hotline.person, plan.flow_names()
    if person is None:
        if not plan.lacks(HOTLINE_FILE, "person"):
            yield Finding("no-person-flow", HOTLINE_FILE, ())
    elif person not in flows:
        yield unknown("unknown-flow", HOTLINE_FILE, ("person",), person, flows)


def _check_inherited(plan: Plan) -> Iterator[Finding]:
    hotline = plan.hotline
    lacking = any(plan.lacks(HOTLINE_FILE, part) for part in ("defaults", "keys"))
    if hotline.defaults.on_give_up is None and not lacking:
        yield Finding("no-give-up", HOTLINE_FILE, ("defaults",))
    for target, path in list_habit_exits(hotline.defaults, hotline.keys):
        place = path if path[0] == "keys" else ("defaults", *path)
        if not isinstance(target, Jump) and target not in WORDS:
            yield Finding("hotline-target", HOTLINE_FILE, place, {"name": target})
