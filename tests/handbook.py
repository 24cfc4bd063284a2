"""The handbook's tables: what each field of flows and call scripts means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ivr.flow import addresses, bundle, calendars, nodes, reading, scalars, sources
from ivr.flow.plan import CALENDARS_FILE, HOTLINE_FILE, SOURCES_FILE
from ivr.scripts import model as scripts
from ivr.scripts import world

DOCS = Path(__file__).parent.parent / "docs"
TEXT = (DOCS / "flow-language.md").read_text("utf-8")
SCRIPTS = (DOCS / "call-scripts.md").read_text("utf-8")
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

SCRIPT_TABLES: Mapping[type[scalars.Model], str] = {
    scripts.CallFile: "field of a script file",
    scripts.Dial: "below `dial`",
    world.Answer: "field of an answer",
    world.Officers: "below `officers`",
    scripts.Hear: "below `hear`",
}
STEP_TABLES = ("step | what happens", "step | from here on", "step | comes true when")
"""The verbs of scripts: the last heading begins the sentence that an editor shows."""


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
    return meanings | read_script_meanings()


def read_script_meanings() -> dict[str, dict[str, str]]:
    """The same for call scripts."""
    verbs = {name: told for heading in STEP_TABLES for name, told in read_rows(SCRIPTS, heading)}
    meanings = {model.__name__: {verb: verbs[verb]} for verb, model in scripts.VERBS.items()}
    for model, heading in SCRIPT_TABLES.items():
        meanings.setdefault(model.__name__, {}).update(read_rows(SCRIPTS, heading))
    return meanings


def read_rows(text: str, heading: str) -> Iterator[tuple[str, str]]:
    """The fields of the table under a heading, and what they mean."""
    table = re.search(rf"^(\| {re.escape(heading)} \|.*)\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    assert table is not None, f"no table `{heading}`"
    _, *columns = split_row(table[1])
    for row in table[2].splitlines():
        fields, *cells = split_row(row)
        for name in re.findall(r"`([a-z_0-9]+)(?:: [^`]*)?`", fields):
            yield name, tell(dict(zip(columns, cells, strict=True)))


def split_row(row: str) -> list[str]:
    return [cell.strip() for cell in row[1:-1].split("|")]


def tell(row: Mapping[str, str]) -> str:
    """A row as a sentence, without links: an editor shows it where they lead nowhere."""
    *_, (heading, meaning) = row.items()
    if heading in ("from here on", "comes true when"):
        meaning = f"{heading} {meaning}"
    told = f"{meaning[:1].upper()}{meaning[1:]}"
    told += "" if told.endswith((".", ".”")) else "."
    told += f" Type: {kind}." if (kind := row.get("type")) else ""
    default = row.get("default", "")
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
    folders = {"texts": "texts", "data": "table", "calls": "calls"}
    return special.get(file) or folders.get(file.partition("/")[0], "flow")
