"""JSON Schema of the files of a flow directory, for editors: completion, explanations, slips.

Generated from the models of the flow language and of call scripts; what each field means comes from
the handbook. The `.json` files beside this module are what it makes, kept so by a test. Must not
read files: `ivr.cli.schema` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import BaseModel

from ivr.flow.bundle import Flow, Hotline
from ivr.flow.calendars import Calendars
from ivr.flow.sources import Sources
from ivr.schema.refining import SCALAR, Refiner, Schema, first_paragraph
from ivr.scripts.model import CallFile

Meanings: TypeAlias = Mapping[str, Mapping[str, str]]
"""What each field of a model means, by the model's and the field's name."""

FILES: Mapping[str, type[BaseModel]] = {
    "hotline": Hotline,
    "flow": Flow,
    "sources": Sources,
    "calendars": Calendars,
    "calls": CallFile,
}
"""The schemas that come from a model. A new kind of file is a line here and in `PLACES`."""

PLACES: Mapping[str, str] = {
    "hotline": "hotline.yaml",
    "flow": "NAME.yaml",
    "sources": "sources.yaml",
    "calendars": "calendars.yaml",
    "texts": "texts/LANGUAGE.yaml",
    "table": "data/NAME.yaml",
    "calls": "calls/NAME.yaml",
}
"""Every schema, and which files it is of."""

_DRAFT = "http://json-schema.org/draft-07/schema#"

_TEXTS: Schema = {
    "description": "Translations, under the id of each text: flow.node.field.",
    "type": "object",
    "additionalProperties": {"anyOf": [SCALAR, {"$ref": "#"}]},
}
_TABLE: Schema = {
    "description": "The rows of a table: `column: text` lines.",
    "type": "array",
    "items": {"type": "object", "additionalProperties": SCALAR},
}


def make_schemas(meanings: Meanings) -> dict[str, Schema]:
    """Every schema by its name. Raises KeyError for a field that nobody explains."""
    made = {name: _make(model, meanings) for name, model in FILES.items()}
    return {**made, "texts": _head("texts", _TEXTS), "table": _head("table", _TABLE)}


def _head(name: str, schema: Schema) -> Schema:
    return {"$schema": _DRAFT, "title": f"Satu Pintu: {PLACES[name]}", **schema}


def _make(model: type[BaseModel], meanings: Meanings) -> Schema:
    name = next(name for name, one in FILES.items() if one is model)
    raw = model.model_json_schema(by_alias=True)
    definitions = raw.pop("$defs", {})
    refiner = Refiner(definitions)
    parts = {part: refiner.refine(one) for part, one in sorted(definitions.items())}
    whole = refiner.refine(raw)
    for part, schema in ((model.__name__, whole), *parts.items()):
        _explain(part, schema, meanings)
    return {**_head(name, whole), "$defs": parts}


def _explain(part: str, schema: Schema, meanings: Meanings) -> None:
    """Give every property its meaning; one that is only a reference needs a place for it.

    The `type` of a kind is explained by what the kind does.
    """
    schema["description"] = first_paragraph(schema["description"])
    for name, of in schema.get("properties", {}).items():
        if "$ref" in of:
            of = schema["properties"][name] = {"allOf": [of]}
        if name == "type" and "const" in of:
            of["description"] = schema["description"]
        elif name in meanings.get(part, {}):
            of["description"] = meanings[part][name]
        else:
            raise KeyError(f"nobody explains the field {name} of {part}")
