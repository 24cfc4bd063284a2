"""JSON Schema of the files of a flow directory, for editors: completion, explanations, slips.

Generated from the models; what each field means comes from the handbook. The `.json` files beside
this module are what it makes, kept so by a test. Must not read files: `ivr.cli.schema` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from ivr.flow.bundle import Flow, Hotline
from ivr.flow.calendars import Calendars
from ivr.flow.scalars import WORDS, Jump
from ivr.flow.sources import Sources

Schema: TypeAlias = dict[str, Any]

Meanings: TypeAlias = Mapping[str, Mapping[str, str]]
"""What each field of a model means, by the model's and the field's name."""

FILES: Mapping[str, type[BaseModel]] = {
    "hotline": Hotline,
    "flow": Flow,
    "sources": Sources,
    "calendars": Calendars,
}
"""The schemas that come from a model. A new kind of file is a line here and in `PLACES`."""

PLACES: Mapping[str, str] = {
    "hotline": "hotline.yaml",
    "flow": "NAME.yaml",
    "sources": "sources.yaml",
    "calendars": "calendars.yaml",
    "texts": "texts/LANGUAGE.yaml",
    "table": "data/NAME.yaml",
}
"""Every schema, and which files it is of."""

_DRAFT = "http://json-schema.org/draft-07/schema#"
_JUMP: Schema = {"$ref": f"#/$defs/{Jump.__name__}"}
_NULL: Schema = {"type": "null"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""A text: the loader reads every scalar as one, so `1500` and `true` need no quotes."""

_TEXTS: Schema = {
    "description": "Translations, under the id of each text: flow.node.field.",
    "type": "object",
    "additionalProperties": {"anyOf": [_SCALAR, {"$ref": "#"}]},
}
_TABLE: Schema = {
    "description": "The rows of a table: `column: text` lines.",
    "type": "array",
    "items": {"type": "object", "additionalProperties": _SCALAR},
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
    refiner = _Refiner(definitions)
    parts = {part: refiner.refine(one) for part, one in sorted(definitions.items())}
    whole = refiner.refine(raw)
    for part, schema in ((model.__name__, whole), *parts.items()):
        _explain(part, schema, meanings)
    return {**_head(name, whole), "$defs": parts}


def _explain(part: str, schema: Schema, meanings: Meanings) -> None:
    """Give every property its meaning; one that is only a reference needs a place for it.

    The `type` of a kind is explained by what the kind does.
    """
    schema["description"] = _first_paragraph(schema["description"])
    for name, of in schema.get("properties", {}).items():
        if "$ref" in of:
            of = schema["properties"][name] = {"allOf": [of]}
        if name == "type" and "const" in of:
            of["description"] = schema["description"]
        elif name in meanings.get(part, {}):
            of["description"] = meanings[part][name]
        else:
            raise KeyError(f"nobody explains the field {name} of {part}")


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class _Refiner:
    """pydantic's schema as an editor needs it: YAML's scalars, no null, no inner names."""

    definitions: Schema

    def refine(self, raw: Any) -> Any:
        """A part of the schema with all that is in it."""
        if isinstance(raw, list):
            return [self.refine(item) for item in raw]
        if not isinstance(raw, dict):
            return raw
        if "discriminator" in raw:
            return self._choose_by(raw["discriminator"])
        kept: Schema = {
            key: self._refine_each(one)
            if key in ("properties", "patternProperties")
            else self.refine(one)
            for key, one in raw.items()
            if key not in ("title", "default", "anyOf")
        }
        if "anyOf" in raw:
            kept |= _choose_one([self.refine(one) for one in raw["anyOf"] if one != _NULL])
        if "patternProperties" in kept:
            kept["additionalProperties"] = False
        return kept | _loosen(kept)

    def _refine_each(self, parts: Mapping[str, Any]) -> Schema:
        return {name: self.refine(part) for name, part in parts.items()}

    def _choose_by(self, rule: Mapping[str, Any]) -> Schema:
        """One field decides which others there may be, so that faults name the right ones."""
        field, kinds = rule["propertyName"], rule["mapping"]
        parts = [self.definitions[ref.rpartition("/")[2]] for ref in kinds.values()]
        told = [_first_paragraph(part["description"]) for part in parts]
        return {
            "type": "object",
            "required": [field],
            "properties": {field: {"enum": list(kinds), "enumDescriptions": told}},
            "allOf": [
                {
                    "if": {"required": [field], "properties": {field: {"const": kind}}},
                    "then": {"$ref": ref},
                }
                for kind, ref in kinds.items()
            ],
        }


def _choose_one(choices: list[Schema]) -> Schema:
    """One of several; where a `Jump` may stand, so may the words."""
    if _JUMP in choices:
        choices.append({"enum": list(WORDS)})
    return {"anyOf": choices} if len(choices) > 1 else choices[0]


def _loosen(schema: Schema) -> Schema:
    """What YAML may take a value for that the loader reads as a text, and numbers in quotes."""
    match schema.get("type"):
        case "integer":
            return {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
        case "string" if "enum" not in schema and "const" not in schema:
            pattern = schema.get("pattern")
            if pattern is None:
                return _SCALAR
            return {"type": ["string", "integer"]} if re.fullmatch(pattern, "1") else {}
        case _:
            return {}
