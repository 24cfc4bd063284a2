"""What differs between two bundles, a sentence each, in the words of those who write flows.

Texts are compared as they are spoken, language by language; everything else field by field. The
sentences themselves are in `differences_words`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.flow import differences_words
from ivr.flow.bundle import Bundle, Flow, Hotline
from ivr.flow.differences_parts import Row, are_spans, match_rows, write_span
from ivr.flow.faults import Path
from ivr.flow.scalars import as_plain
from ivr.flow.sources import TableSource
from ivr.flow.texts import list_flow_texts, list_hotline_texts

_DURATIONS = frozenset(
    {"first_key", "next_key", "total", "limit", "silence", "call", "ring", "wait", "timeout"}
)
"""Fields in milliseconds, which people read in seconds."""

_QUIET = ("flow", "hotline")
"""Fields that say what a file is."""


def list_differences(before: Bundle, after: Bundle, language: str = "en") -> list[str]:
    """The sentences, of the hotline first, then flow by flow, then what they use.

    Raises KeyError for a language that it does not speak.
    """
    comparison = _Comparison(before, after, differences_words.LANGUAGES[language])
    return list(comparison.tell())


@dataclass(frozen=True, slots=True)
class _Comparison:
    before: Bundle
    after: Bundle
    words: Mapping[str, str]

    def tell(self) -> Iterator[str]:
        before, after = self.before, self.after
        yield from self._compare(self._say("hotline"), _bare(before.hotline), _bare(after.hotline))
        yield from self._compare_flows()
        yield from self._compare_texts()
        yield from self._compare_named("source", before.sources, after.sources)
        yield from self._compare_tables()
        yield from self._compare_named("webhook", before.webhooks, after.webhooks)
        yield from self._compare_named("calendar", before.calendars, after.calendars)
        yield from self._compare_holidays()

    def _say(self, code: str, **values: Any) -> str:
        return self.words[code].format_map(values)

    def _compare_flows(self) -> Iterator[str]:
        flows = self.before.flows
        for name in _missing(flows, self.after.flows):
            yield self._say("gone", subject=self._say("flow", name=name))
        for name, flow in self.after.flows.items():
            subject = self._say("flow", name=name)
            if name not in flows:
                size = len(flow.nodes)
                yield self._say("new-flow", subject=subject, title=flow.title, nodes=size)
                continue
            old, new = _bare(flows[name]), _bare(flow)
            nodes = old.pop("nodes"), new.pop("nodes")
            yield from self._compare(subject, old, new)
            yield from self._compare_nodes(name, *nodes)

    def _compare_nodes(
        self, flow: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[str]:
        for name in _missing(old, new):
            yield self._say("gone", subject=self._say("node", name=f"{flow}.{name}"))
        for name, node in new.items():
            subject = self._say("node", name=f"{flow}.{name}")
            kind = node["type"]
            if name not in old:
                yield self._say("new-node", subject=subject, type=kind)
            elif old[name]["type"] != kind:
                yield self._say("kind", subject=subject, type=kind, before=old[name]["type"])
            else:
                yield from self._compare(f"{flow}.{name}", old[name], node)

    def _compare_named(
        self, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Iterator[str]:
        old, new = as_plain(before), as_plain(after)
        for name in _missing(old, new):
            yield self._say("gone", subject=self._say(kind, name=name))
        for name, one in new.items():
            subject = self._say(kind, name=name)
            if name in old:
                yield from self._compare(subject, old[name], one)
            else:
                yield self._say("new", subject=subject)

    def _compare(
        self, subject: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[str]:
        """Two mappings of the same kind, field by field."""
        for field in [*old, *_missing(new, old)]:
            if field not in _QUIET and old.get(field) != new.get(field):
                yield from self._compare_field(subject, field, old.get(field), new.get(field))

    def _compare_field(self, subject: str, field: str, old: Any, new: Any) -> Iterator[str]:
        part = self._say("part", subject=subject, field=field)
        if field == "next":
            yield self._tell_target(subject, old, new)
        elif _is_jump(old) or _is_jump(new):
            yield self._tell_target(part, old, new)
        elif field == "options":
            yield from self._compare_options(subject, old or [], new or [])
        elif isinstance(old, list) and isinstance(new, list) and _are_parts([*old, *new]):
            yield from self._compare_lists(part, old, new)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from self._compare(part, old, new)
        else:
            yield self._tell_value(subject, field, old, new)

    def _compare_lists(self, subject: str, old: list[Any], new: list[Any]) -> Iterator[str]:
        for index, (one, other) in enumerate(zip(old, new, strict=False), start=1):
            yield from self._compare(f"{subject} {index}", one, other)
        for n in range(len(old) + 1, len(new) + 1):
            yield self._say("new", subject=f"{subject} {n}")
        for n in range(len(new) + 1, len(old) + 1):
            yield self._say("gone", subject=f"{subject} {n}")

    def _compare_options(self, menu: str, old: list[Any], new: list[Any]) -> Iterator[str]:
        """Options by their names: keys may move."""
        was, now = ({one["name"]: one for one in options} for options in (old, new))
        for name in _missing(was, now):
            yield self._say("gone", subject=self._say("option", name=name, menu=menu))
        for name, option in now.items():
            subject = self._say("option", name=name, menu=menu)
            if name in was:
                yield from self._compare(subject, was[name], option)
            else:
                yield self._tell_new_option(subject, option)
        kept = [name for name in was if name in now]
        if kept != [name for name in now if name in was]:
            yield self._say("order", subject=menu, names=", ".join(now))

    def _tell_new_option(self, subject: str, option: Mapping[str, Any]) -> str:
        key, target = option["key"], option.get("next")
        if not target:
            return self._say("new-option", subject=subject, key=key)
        name = self._name(target)
        return self._say("new-option-leads", subject=subject, key=key, target=name)

    def _compare_texts(self) -> Iterator[str]:
        before, after = self.before, self.after
        common = before.flows.keys() & after.flows.keys()
        known = {*common, "hotline", "engine", "sources", "calendars"}
        for language in after.hotline.languages:
            old, new = before.texts.get(language), after.texts.get(language, {})
            if old is None:
                continue  # the language is new: the hotline's own difference says it
            for id_ in [*new, *_missing(old, new)]:
                if old.get(id_) != new.get(id_) and id_.partition(".")[0] in known:
                    yield self._tell_text(id_, language, old.get(id_), new.get(id_))

    def _tell_text(self, id_: str, language: str, old: str | None, new: str | None) -> str:
        code = "text-new" if old is None else "text-gone" if new is None else "text-changed"
        return self._say(code, id=id_, language=language, text=new, before=old)

    def _compare_tables(self) -> Iterator[str]:
        for name, table in self.after.tables.items():
            if name in self.before.tables and self.before.tables[name].rows != table.rows:
                yield from self._compare_rows(name, self.before.tables[name].rows, table.rows)

    def _compare_rows(self, name: str, old: Sequence[Row], new: Sequence[Row]) -> Iterator[str]:
        source = self.after.sources.get(name)
        matched = match_rows(old, new, source.key if isinstance(source, TableSource) else ())
        for row, before, after in matched or ():
            yield from self._compare_row(self._say("row", name=name, row=row), before, after)
        added = sum(row not in old for row in new)
        gone = sum(row not in new for row in old)
        if not added and not gone:
            yield self._say("rows-order", name=name)
        elif matched is None:
            yield self._say("rows", name=name, new=added, gone=gone)

    def _compare_row(self, subject: str, old: Row | None, new: Row | None) -> Iterator[str]:
        if old is None or new is None:
            yield self._say("new" if old is None else "gone", subject=subject)
            return
        for column in [*old, *_missing(new, old)]:
            if old.get(column) != new.get(column):
                yield self._tell_value(subject, column, old.get(column), new.get(column))

    def _compare_holidays(self) -> Iterator[str]:
        before, after = self.before.holidays, self.after.holidays
        for year in sorted({*before.years} ^ {*after.years}):
            yield self._say("year-known" if year in after.years else "year-unknown", year=year)
        old, new = before.days, after.days
        for day in sorted({*old, *new}):
            if old.get(day) != new.get(day) and day.year in before.years:
                name, instead = (self._name_day(days.get(day)) for days in (new, old))
                yield self._say("holiday", day=day, name=name, before=instead)

    def _name_day(self, holiday: Any) -> str:
        return self._say("none") if holiday is None else str(holiday.name)

    def _tell_target(self, subject: str, old: Any, new: Any) -> str:
        if new is None:
            return self._say("leads-nowhere", subject=subject, before=self._name(old))
        if old is None:
            return self._say("leads", subject=subject, target=self._name(new))
        target, before = self._name(new), self._name(old)
        return self._say("leads-elsewhere", subject=subject, target=target, before=before)

    def _tell_value(self, subject: str, field: str, old: Any, new: Any) -> str:
        code = "unset" if new is None else "set" if old is None else "changed"
        value, before = self._value(field, new), self._value(field, old)
        return self._say(code, subject=subject, field=field, value=value, before=before)

    def _name(self, target: Any) -> str:
        """A target as people say it."""
        if not _is_jump(target):
            return str(target)
        place = f".{target['node']}" if target["node"] else ""
        named = self._say("flow", name=f"{target['flow']}{place}")
        given = ", ".join(f"{name} {value}" for name, value in target["with"].items())
        return self._say("target-with", target=named, given=given) if given else named

    def _value(self, field: str, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if field in _DURATIONS and isinstance(value, int):
            return f"{value / 1000:g} s"
        if isinstance(value, list):
            if are_spans(value):
                return ", ".join(write_span(*one) for one in value)
            return ", ".join(self._value(field, one) for one in value) or self._say("none")
        if isinstance(value, Mapping):
            told = (f"{name} {self._value(name, one)}" for name, one in value.items())
            return ", ".join(told) or self._say("none")
        return str(value) or self._say("none")


def _missing(names: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    """Those that are not among the others, in their own order."""
    return [name for name in names if name not in others]


def _is_jump(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() >= {"flow", "node", "with"}


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
