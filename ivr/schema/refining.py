"""pydantic's schema as an editor needs it: YAML's scalars, no null, no inner names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ivr.flow.scalars import WORDS, Jump
from ivr.scripts.model import VERBS

Schema: TypeAlias = dict[str, Any]

SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""A text: the loader reads every scalar as one, so `1500` and `true` need no quotes."""

_NULL: Schema = {"type": "null"}


def _refer(model: type) -> str:
    return f"#/$defs/{model.__name__}"


_JUMP: Schema = {"$ref": _refer(Jump)}
_STEPS: Mapping[str, str] = {_refer(model): verb for verb, model in VERBS.items()}
"""The verb that makes a step one of this definition."""

_HAS: Mapping[str, Schema] = {
    verb: {"type": "object", "required": [verb]} for verb in _STEPS.values()
}
_STEP: Schema = {
    "type": "object",
    "allOf": [{"if": _HAS[verb], "then": {"$ref": ref}} for ref, verb in _STEPS.items()],
}
"""The word that a step has decides which others there may be."""

_NO_VERB: Schema = {
    "if": {"anyOf": list(_HAS.values())},
    "else": {
        "properties": {verb: {"$ref": f"{ref}/properties/{verb}"} for ref, verb in _STEPS.items()},
        "additionalProperties": False,
        "minProperties": 1,
    },
}
"""Beside the choice of a step: where no word fits, the word is wrong, and not any one step."""


def first_paragraph(text: str) -> str:
    """What a docstring says before its details, in one line."""
    return " ".join(text.partition("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Refiner:
    """Refines a schema whose `definitions` are known, and not refined."""

    definitions: Schema

    def refine(self, raw: Any) -> Any:
        """A part of the schema with all that is in it."""
        if isinstance(raw, list):
            return [self.refine(item) for item in raw]
        if not isinstance(raw, dict):
            return raw
        if "discriminator" in raw:
            return self._choose_by(raw["discriminator"])
        if _STEPS.keys() == {choice.get("$ref") for choice in raw.get("oneOf", ())}:
            return _STEP
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
        told = [first_paragraph(part["description"]) for part in parts]
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
    beside = _NO_VERB if _STEP in choices else {}
    return {"anyOf": choices, **beside} if len(choices) > 1 else choices[0]


def _loosen(schema: Schema) -> Schema:
    """What YAML may take a value for that the loader reads as a text, and numbers in quotes."""
    match schema.get("type"):
        case "integer":
            return {"type": ["integer", "string"], "pattern": "^[0-9]+$"}
        case "string" if "enum" not in schema and "const" not in schema:
            pattern = schema.get("pattern")
            if pattern is None:
                return SCALAR
            return {"type": ["string", "integer"]} if re.fullmatch(pattern, "1") else {}
        case _:
            return {}
