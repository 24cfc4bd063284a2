"""Prompt ids: the one place that says how a text is called in `texts/<lang>.yaml`, logs and sounds.

| text | id |
|---|---|
| `say` of a node | `tax.welcome.say` |
| an option's label, spoken as a whole sentence | `tax.main.options.filing` |
| what follows a silence, wrong key, giving up | `tax.main.on_silence.1`, `tax.main.on_give_up` |
| a reason why digits are refused | `tax.ask_npwp.on_invalid.short` |
| while a lookup or a webhook takes its time | `tax.find.meanwhile` |
| defaults of a flow, of the hotline | `tax.defaults.on_silence.1`, `hotline.on_silence.1` |
| the engine's own words | `engine.resumed` |
| the word for a value of a source | `sources.npwp_status.status.active` |
| a day or an override of a calendar | `calendars.office.days.moving` |
| a national holiday, cuti bersama | `calendars.holidays.hari_raya_natal` |

Must not read files. Which language says what is `ivr.flow.translation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.flow import nodes
from ivr.flow.bundle import Flow, Hotline
from ivr.flow.calendars import Calendar
from ivr.flow.faults import Path
from ivr.flow.holidays import Holidays
from ivr.flow.scalars import Text
from ivr.flow.sources import AnySource

ENGINE = "engine"
HOTLINE = "hotline"
SOURCES = "sources"
CALENDARS = "calendars"
HOLIDAYS = "holidays"
WEEKLY_HOURS = "engine.weekly_hours"
UNKNOWN_HOURS = "engine.unknown_hours"
DEFAULTS = "defaults"
RESERVED_FLOWS = (ENGINE, HOTLINE, SOURCES, CALENDARS)
"""Flows cannot have these names: the ids of other texts begin with them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A text of a flow directory: its id, what is written, and where in its file.

    `key` is the key of the menu option whose label it is, else None. `language` is the only one
    that it is spoken in, None when it is spoken in every language.
    """

    id: str
    text: Text
    path: Path
    key: str | None = None
    language: str | None = None


def prompt_id(*parts: str) -> str:
    """The id of a text: flow, node, field, and what else tells it apart (an option's name)."""
    return ".".join(parts)


def list_flow_texts(flow: Flow) -> Iterator[Entry]:
    """Every text of a flow in the order of the file, its defaults first."""
    yield from _list_habits(prompt_id(flow.flow, DEFAULTS), (DEFAULTS,), flow.defaults)
    for name, node in flow.nodes.items():
        yield from _list_node(prompt_id(flow.flow, name), ("nodes", name), node)


def list_hotline_texts(hotline: Hotline) -> Iterator[Entry]:
    """Every text of `hotline.yaml`: its defaults and the engine's phrases that it overrides."""
    yield from _list_habits(HOTLINE, (DEFAULTS,), hotline.defaults)
    for name, text in hotline.phrases.items():
        yield Entry(prompt_id(ENGINE, name), text, ("phrases", name))


def list_words(sources: Mapping[str, AnySource]) -> Iterator[Entry]:
    """The words that sources declare for their values."""
    for source, table in sources.items():
        for field, declared in table.fields.items():
            for value, text in declared.words.items():
                path = (SOURCES, source, "fields", field, "words", value)
                yield Entry(word_id(source, field, value), text, path)


def word_id(source: str, field: str, value: str) -> str:
    """The id of the word for a value of a source's field."""
    return prompt_id(SOURCES, source, field, value)


def list_labels(
    calendars: Mapping[str, Calendar], holidays: Holidays, languages: tuple[str, ...]
) -> Iterator[Entry]:
    """What calendars call their days and overrides, and the holidays in the hotline's languages."""
    for name, calendar in calendars.items():
        place: Path = (CALENDARS, name)
        for day, own in calendar.days.items():
            yield Entry(day_id(name, day), own.label, (*place, "days", day, "label"))
        for override, other in calendar.overrides.items():
            path = (*place, "overrides", override, "label")
            yield Entry(override_id(name, override), other.label, path)
    if calendars:
        for holiday, label in holidays.labels().items():
            known = {language: label[language] for language in languages if language in label}
            yield Entry(holiday_id(holiday), known, (CALENDARS,))


def day_id(calendar: str, name: str) -> str:
    """The id of the label of an agency day."""
    return prompt_id(CALENDARS, calendar, "days", name)


def override_id(calendar: str, name: str) -> str:
    """The id of the label of an override."""
    return prompt_id(CALENDARS, calendar, "overrides", name)


def holiday_id(name: str) -> str:
    """The id of the name of a holiday, the same for all calendars."""
    return prompt_id(CALENDARS, HOLIDAYS, name)


def _list_node(prefix: str, path: Path, node: nodes.AnyNode) -> Iterator[Entry]:
    match node:
        case nodes.Say():
            place = (*path, "say")
            yield Entry(prompt_id(prefix, "say"), node.say, place, language=node.language)
        case nodes.Collect() | nodes.Record() | nodes.Consent():
            yield Entry(prompt_id(prefix, "say"), node.say, (*path, "say"))
        case nodes.Menu() | nodes.Transfer() | nodes.Hangup() if node.say is not None:
            yield Entry(prompt_id(prefix, "say"), node.say, (*path, "say"))
        case nodes.Lookup() | nodes.Notify() if node.meanwhile is not None:
            yield Entry(prompt_id(prefix, "meanwhile"), node.meanwhile, (*path, "meanwhile"))
    if isinstance(node, nodes.Menu | nodes.Transfer):
        yield from _list_options(prefix, path, node)
    if isinstance(node, nodes.Collect):
        for reason, text in node.on_invalid.items():
            place = (*path, "on_invalid", reason)
            yield Entry(prompt_id(prefix, "on_invalid", reason), text, place)
    if isinstance(node, nodes.Listening):
        yield from _list_habits(prefix, path, node)


def _list_options(prefix: str, path: Path, node: nodes.Menu | nodes.Transfer) -> Iterator[Entry]:
    for index, option in enumerate(node.options):
        if option.spoken and option.label is not None:
            place = (*path, "options", index, "label")
            name = prompt_id(prefix, "options", option.name)
            yield Entry(name, option.label, place, option.key, option.language)


def _list_habits(prefix: str, path: Path, habits: nodes.Habits) -> Iterator[Entry]:
    for field, attempts in (
        ("on_silence", habits.on_silence),
        ("on_wrong_key", habits.on_wrong_key),
    ):
        for index, attempt in enumerate(attempts or ()):
            if attempt.say is not None:
                place = (*path, field, index, "say")
                yield Entry(prompt_id(prefix, field, str(index + 1)), attempt.say, place)
    if habits.on_give_up is not None and habits.on_give_up.say is not None:
        yield Entry(
            prompt_id(prefix, "on_give_up"), habits.on_give_up.say, (*path, "on_give_up", "say")
        )
