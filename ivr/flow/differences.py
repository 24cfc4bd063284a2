"""What differs between two bundles, a sentence each, in the words of those who write flows.

Texts are compared as they are spoken, language by language; everything else field by field. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ivr.flow.bundle import Bundle, Flow, Hotline
from ivr.flow.faults import Path
from ivr.flow.scalars import as_plain
from ivr.flow.texts import list_flow_texts, list_hotline_texts

_DURATIONS = frozenset(
    {"first_key", "next_key", "total", "limit", "silence", "call", "ring", "wait", "timeout"}
)
"""Fields in milliseconds, which people read in seconds."""

_QUIET = ("flow", "hotline")
"""Fields that say what a file is."""


def list_differences(before: Bundle, after: Bundle) -> list[str]:
    """The sentences, of the hotline first, then flow by flow, then what they use."""
    return [
        *_compare("the hotline", _bare(before.hotline), _bare(after.hotline)),
        *_compare_flows(before, after),
        *_compare_texts(before, after),
        *_compare_named("source", as_plain(before.sources), as_plain(after.sources)),
        *_compare_tables(before, after),
        *_compare_named("calendar", as_plain(before.calendars), as_plain(after.calendars)),
        *_compare_holidays(before, after),
    ]


def _compare_flows(before: Bundle, after: Bundle) -> Iterator[str]:
    for name in before.flows.keys() - after.flows.keys():
        yield f"flow {name} is gone"
    for name, flow in after.flows.items():
        if name not in before.flows:
            yield f"flow {name} is new: “{flow.title}”, {len(flow.nodes)} nodes"
            continue
        old, new = _bare(before.flows[name]), _bare(flow)
        nodes = old.pop("nodes"), new.pop("nodes")
        yield from _compare(f"flow {name}", old, new)
        yield from _compare_nodes(name, *nodes)


def _compare_nodes(flow: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in old.keys() - new.keys():
        yield f"node {flow}.{name} is gone"
    for name, node in new.items():
        if name not in old:
            yield f"node {flow}.{name} is new ({node['type']})"
        elif old[name]["type"] != node["type"]:
            yield f"node {flow}.{name} is now a {node['type']} instead of a {old[name]['type']}"
        else:
            yield from _compare(f"{flow}.{name}", old[name], node)


def _compare_named(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{kind} {name} is gone" for name in old.keys() - new.keys())
    for name, one in new.items():
        if name in old:
            yield from _compare(f"{kind} {name}", old[name], one)
        else:
            yield f"{kind} {name} is new"


def _compare(subject: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Two mappings of the same kind, field by field."""
    for field in [*old, *(name for name in new if name not in old)]:
        if field not in _QUIET:
            yield from _compare_field(subject, field, old.get(field), new.get(field))


def _compare_field(subject: str, field: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    named = field == "options"
    if _is_jump(old) or _is_jump(new) or field == "next":
        yield _tell_target(subject, field, old, new)
    elif named:
        yield from _compare_options(subject, old or [], new or [])
    elif isinstance(old, list) and isinstance(new, list) and _are_parts([*old, *new]):
        yield from _compare_lists(f"{subject}, {field}", old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare(f"{subject}, {field}", old, new)
    else:
        yield _tell(subject, field, old, new)


def _compare_lists(subject: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(old, new, strict=False), start=1):
        yield from _compare(f"{subject} {index}", one, other)
    yield from (f"{subject} {n} is new" for n in range(len(old) + 1, len(new) + 1))
    yield from (f"{subject} {n} is gone" for n in range(len(new) + 1, len(old) + 1))


def _compare_options(menu: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Options by their names: keys may move."""
    was, now = ({one["name"]: one for one in options} for options in (old, new))
    yield from (f"option {name} of {menu} is gone" for name in was.keys() - now.keys())
    for name, option in now.items():
        if name in was:
            yield from _compare(f"option {name} of {menu}", was[name], option)
        else:
            leads = f", leads to {_name(option['next'])}" if option.get("next") else ""
            yield f"option {name} of {menu} is new: key {option['key']}{leads}"
    kept = [name for name in was if name in now]
    order = [name for name in now if name in was]
    if kept != order:
        yield f"{menu} offers its options in another order: {', '.join(now)}"


def _compare_texts(before: Bundle, after: Bundle) -> Iterator[str]:
    common = (*(before.flows.keys() & after.flows.keys()), "hotline", "engine", "sources")
    known = {*common, "calendars"}
    for language in after.hotline.languages:
        old, new = before.texts.get(language), after.texts.get(language, {})
        if old is None:
            continue  # the language is new: the hotline's own difference says it
        for id_ in [*new, *(one for one in old if one not in new)]:
            if old.get(id_) != new.get(id_) and id_.partition(".")[0] in known:
                yield _tell_text(id_, language, old.get(id_), new.get(id_))


def _tell_text(id_: str, language: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"text {id_} ({language}) is new: “{new}”"
    if new is None:
        return f"text {id_} ({language}) is gone: “{old}”"
    return f"text {id_} ({language}) is now “{new}” instead of “{old}”"


def _compare_tables(before: Bundle, after: Bundle) -> Iterator[str]:
    for name in before.tables.keys() & after.tables.keys():
        old, new = before.tables[name].rows, after.tables[name].rows
        if old == new:
            continue
        added = sum(row not in old for row in new)
        gone = sum(row not in new for row in old)
        told = f"rows new {added}, gone {gone}" if added or gone else "rows in another order"
        yield f"data of source {name}: {told}"


def _compare_holidays(before: Bundle, after: Bundle) -> Iterator[str]:
    if before.holidays == after.holidays:
        return
    for year in sorted({*before.holidays.years} ^ {*after.holidays.years}):
        known = "known" if year in after.holidays.years else "not known"
        yield f"holidays of the year {year} are now {known}"
    old, new = before.holidays.days, after.holidays.days
    for day in sorted({*old, *new}):
        if old.get(day) != new.get(day) and day.year in before.holidays.years:
            yield f"holiday on {day}: {_day(new.get(day))} instead of {_day(old.get(day))}"


def _day(holiday: Any) -> str:
    return "none" if holiday is None else str(holiday.name)


def _tell_target(subject: str, field: str, old: Any, new: Any) -> str:
    what = subject if field == "next" else f"{subject}, {field}"
    if new is None:
        return f"{what} no longer leads to {_name(old)}"
    instead = "" if old is None else f" instead of {_name(old)}"
    return f"{what} now leads to {_name(new)}{instead}"


def _tell(subject: str, field: str, old: Any, new: Any) -> str:
    if new is None:
        return f"{subject}: {field} is no longer set ({_value(field, old)})"
    instead = "" if old is None else f" instead of {_value(field, old)}"
    return f"{subject}: {field} is now {_value(field, new)}{instead}"


def _is_jump(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() >= {"flow", "node", "with"}


def _name(target: Any) -> str:
    """A target as people say it."""
    if not _is_jump(target):
        return str(target)
    place = f".{target['node']}" if target["node"] else ""
    given = ", ".join(f"{name} {value}" for name, value in target["with"].items())
    return f"flow {target['flow']}{place}{f' with {given}' if given else ''}"


def _value(field: str, value: Any) -> str:
    if field in _DURATIONS and isinstance(value, int):
        return f"{value / 1000:g} s"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(field, one) for one in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(name, one)}" for name, one in value.items()) or "none"
    return str(value)


def _are_parts(values: list[Any]) -> bool:
    return all(isinstance(one, Mapping) for one in values)


def _bare(part: Hotline | Flow) -> dict[str, Any]:
    """A file as plain data without its texts, which are compared as they are spoken."""
    plain: dict[str, Any] = as_plain(part)
    texts = list_flow_texts(part) if isinstance(part, Flow) else list_hotline_texts(part)
    for entry in texts:
        _drop(plain, entry.path)
    return plain


def _drop(plain: Any, path: Path) -> None:
    for step in path[:-1]:
        plain = plain[step]
    plain.pop(path[-1])
