"""The small types of the flow language: names, keys, durations, texts, targets.

The loader reads every scalar as a string; these types give it its meaning, so that `01`, `no` and
`12:30` stay what the designer wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Annotated, Any, LiteralString, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from ivr.flow import messages


class Model(BaseModel):
    """A part of the language: frozen, and nothing that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def refusal(code: LiteralString, **values: str) -> PydanticCustomError:
    """What a validator raises: a fault code, and values for its sentence in `ivr.flow.messages`."""
    return PydanticCustomError(code, code, dict(values))


def shape(pattern: str, code: str) -> WithJsonSchema:
    """What an editor is told of a type that our own validator reads: a text of this pattern.

    `code` is the fault of a text that is not: editors show its sentence.
    """
    sentence = messages.LANGUAGES["en"][code].replace("'{value}' ", "this ")
    told = {"type": "string", "pattern": f"^({pattern})$", "patternErrorMessage": sentence}
    return WithJsonSchema(told)


_DURATION = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)"
_NAME = r"[a-z][a-z0-9_]*"
_LANGUAGE = r"[a-z]{2,3}"
FLOW_NAME = rf"{_NAME}(/{_NAME})*"
_DESTINATION = r"[a-z0-9-]{1,40}"
_KEYS = r"[0-9*#]{1,4}"
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def _read_duration(written: object) -> object:
    if not isinstance(written, str):
        return written
    found = re.fullmatch(_DURATION, written.strip())
    if not found:
        raise refusal("duration")
    milliseconds = float(found[1]) * _UNITS[found[2]]
    if not isfinite(milliseconds):
        raise refusal("duration")
    return round(milliseconds)


def _check_name(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise refusal("name")
    return name


def _check_flow_name(name: str) -> str:
    if not re.fullmatch(FLOW_NAME, name):
        raise refusal("flow-name")
    return name


def _check_language(name: str) -> str:
    if not re.fullmatch(_LANGUAGE, name):
        raise refusal("language-name")
    return name


def _check_destination(name: str) -> str:
    if not re.fullmatch(_DESTINATION, name):
        raise refusal("destination-name")
    return name


def _check_keys(keys: str) -> str:
    if not re.fullmatch(_KEYS, keys):
        raise refusal("key-sequence")
    return keys


Duration: TypeAlias = Annotated[
    int, BeforeValidator(_read_duration), Field(ge=0, le=86_400_000), shape(_DURATION, "duration")
]
"""Milliseconds, written with a unit: `500ms`, `8s`, `15m`."""

Name: TypeAlias = Annotated[str, AfterValidator(_check_name), shape(_NAME, "name")]
"""The name of a node, an option, a variable."""

FlowName: TypeAlias = Annotated[
    str, AfterValidator(_check_flow_name), shape(FLOW_NAME, "flow-name")
]
"""The name of a flow: its file's path below the directory, without `.yaml`."""

LanguageName: TypeAlias = Annotated[
    str, AfterValidator(_check_language), shape(_LANGUAGE, "language-name")
]
"""A language: two or three letters of ISO 639."""

DestinationName: TypeAlias = Annotated[
    str, AfterValidator(_check_destination), shape(_DESTINATION, "destination-name")
]
"""Somebody whom a call can be handed to: an endpoint, a queue, or what the hotline calls it."""

KeySequence: TypeAlias = Annotated[str, AfterValidator(_check_keys), shape(_KEYS, "key-sequence")]
"""One key, or a few that are pressed one after the other."""

Text: TypeAlias = str | Mapping[str, str]
"""Words to be spoken: in the default language, or one text for each language."""


class Jump(Model):
    """Go to another flow for good: `next: {flow: shared/complaint, with: {agency: djp}}`."""

    flow: FlowName
    node: Name | None = None
    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")


Target: TypeAlias = Name | Jump
"""Where to go: a node of this flow, a `Jump`, or one of the two words of `WORDS`."""

BACK = "back"
RETURN = "return"
WORDS = (BACK, RETURN)
"""`back` is the node before this one that listened; `return` ends a subflow."""


def target_text(target: Target) -> str:
    """The target as a person writes it, for messages."""
    return f"flow {target.flow}" if isinstance(target, Jump) else target


def as_plain(value: Any) -> Any:
    """Models, records, mappings and lists of them as JSON-ready data, with all defaults."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if is_dataclass(value):
        return {one.name: as_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    return value
