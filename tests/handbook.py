"""The handbook's tables: what each field of the flow language means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ivr.flow import addresses, bundle, calendars, nodes, reading, scalars, sources
from ivr.flow.plan import CALENDARS_FILE, HOTLINE_FILE, SOURCES_FILE

HANDBOOK = Path(__file__).parent.parent / "docs" / "flow-language.md"
TEXT = HANDBOOK.read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", TEXT, flags=re.M)}

TABLES: Mapping[type[scalars.Model], str] = {
    bundle.Hotline: "field of hotline.yaml",
    bundle.Limits: "field of limits",
    bundle.Destination: "field of a destination",
    bundle.Flow: "field of a flow",
    nodes.ReviewKeys: "field of review_keys",
    sources.Sources: "field of sources.yaml",
    sources.SourceField: "field of a field",
    sources.JsonField: "field of a field",
    sources.Example: "field of an example",
    sources.Request: "field of a web service",
    sources.TableSource: "field of a table",
    sources.HttpSource: "field of a web service",
    sources.PythonSource: "field of a function",
    sources.Webhook: "field of a webhook",
    addresses.SecretHeader: "field of a secret header",
    calendars.Calendars: "field of calendars.yaml",
    calendars.Calendar: "field of a calendar",
    calendars.AgencyDay: "field of a day",
    calendars.Override: "field of an override",
    nodes.Node: "field of every node",
    nodes.Habits: "field of listening",
    nodes.Listening: "field of a listening node",
    nodes.Visits: "field of visits",
    nodes.Attempt: "field of an attempt",
    nodes.GiveUp: "field of on_give_up",
    nodes.UniversalJump: "field of a key",
    nodes.Option: "field of an option",
    nodes.Case: "field of a case",
    scalars.Jump: "field of a target",
}
"""The first heading of the table of each model that is no node kind; those have `field`."""


def read_meanings() -> dict[str, dict[str, str]]:
    """What every field means, by the names of model and field, its default at the end."""
    kinds = {kind: word for word, kind in reading.NODE_MODELS.items()}
    models = [*TABLES, *kinds]
    meanings: dict[str, dict[str, str]] = {}
    for model in models:
        rows: dict[str, str] = {}
        if model in sources.SOURCE_MODELS.values():
            rows |= dict(read_rows(TEXT, "field of every source"))
        for base in reversed(model.__mro__):
            if base in TABLES:
                rows |= dict(read_rows(TEXT, TABLES[base]))
            elif base in kinds:
                rows |= dict(read_rows(SECTIONS[kinds[base]], "field"))
        meanings[model.__name__] = rows
    return meanings


def read_rows(text: str, heading: str) -> Iterator[tuple[str, str]]:
    """The fields of the table under a heading, and what they mean."""
    table = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    assert table is not None, f"no table `{heading}`"
    for row in table[1].splitlines():
        fields, kind, default, meaning = (cell.strip() for cell in row[1:-1].split("|"))
        for name in re.findall(r"`([a-z_0-9]+)`", fields):
            yield name, tell(kind, default, meaning)


def tell(kind: str, default: str, meaning: str) -> str:
    """A row as a sentence, without links: an editor shows it where they lead nowhere."""
    told = f"{meaning[:1].upper()}{meaning[1:]}"
    told += ("" if told.endswith((".", ".”")) else ".") + f" Type: {kind}."
    if default not in ("", "required", "–"):
        told += f" Default: {default}."
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", told)


def read_files(section: str) -> dict[str, str]:
    """The example files of a section by the path that their first line names."""
    found = re.finditer(r"```yaml\n# flows/(\S+)\n(.*?)```", section, re.S)
    return {match[1]: match[2] for match in found}


EXAMPLES = {name: files for name, part in SECTIONS.items() if (files := read_files(part))}


def kind_of(file: str) -> str:
    """The schema of a file of a flow directory."""
    special = {HOTLINE_FILE: "hotline", SOURCES_FILE: "sources", CALENDARS_FILE: "calendars"}
    folders = {"texts": "texts", "data": "table"}
    return special.get(file) or folders.get(file.partition("/")[0], "flow")
