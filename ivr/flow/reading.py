"""From a tree to a model, or everything that is wrong with it.

pydantic checks; its words never reach a person: every error type becomes a fault code of ours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr.flow import addresses, bundle, calendars, nodes, scalars, sources
from ivr.flow.composer import CURLY
from ivr.flow.faults import Finding, Path, nearest
from ivr.flow.slips import INVISIBLE
from ivr.flow.tree import Plain, Tree

ModelType = TypeVar("ModelType", bound=BaseModel)

NODE_MODELS: Mapping[str, type[BaseModel]] = {
    str(model.model_fields["type"].default): model for model in nodes.KINDS
}
"""The node kinds by the word that stands under `type`."""

_PARTS: Mapping[str, type[BaseModel]] = {
    "options": nodes.Option,
    "cases": nodes.Case,
    "on_silence": nodes.Attempt,
    "on_wrong_key": nodes.Attempt,
    "on_give_up": nodes.GiveUp,
    "visits": nodes.Visits,
    "review_keys": nodes.ReviewKeys,
    "defaults": nodes.Habits,
    "limits": bundle.Limits,
    "destinations": bundle.Destination,
    "keys": nodes.UniversalJump,
    "fields": sources.JsonField,
    "headers": addresses.SecretHeader,
    "examples": sources.Example,
    "webhooks": sources.Webhook,
    "calendars": calendars.Calendar,
    "days": calendars.AgencyDay,
    "overrides": calendars.Override,
}
"""What stands under a key: the model of the mapping there, or of each entry there."""

_EXPECTATIONS: Mapping[str, str] = {
    "string_type": "text-expected",
    "int_parsing": "number-expected",
    "int_type": "number-expected",
    "int_parsing_size": "number-expected",
    "bool_parsing": "yes-or-no",
    "bool_type": "yes-or-no",
    "tuple_type": "list-expected",
    "dict_type": "mapping-expected",
    "mapping_type": "mapping-expected",
    "model_type": "mapping-expected",
    "model_attributes_type": "mapping-expected",
    "union_tag_not_found": "missing-type",
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("too-little", "ge"),
    "less_than_equal": ("too-much", "le"),
    "too_short": ("too-few", "min_length"),
    "too_long": ("too-many", "max_length"),
}
_TYPES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "nodes": ("unknown-type", NODE_MODELS),
    "sources": ("unknown-source-type", sources.SOURCE_MODELS),
}
_PATTERNS: Mapping[str, str] = {"hotline": "hotline-name", "digits": "digits-range"}


@dataclass(frozen=True, slots=True)
class _Error:
    path: Path
    type: str
    input: object
    context: Mapping[str, Any]


def read_model(
    model: type[ModelType], tree: Tree, file: str, data: Plain | None = None
) -> tuple[ModelType | None, list[Finding], list[Path]]:
    """The model in `tree`, what is wrong with it, and the paths of what could not be read.

    `data` is what to read when not all of `tree` is wanted. The model is None exactly when there
    are paths; a path can be without a finding when its part is broken already.
    """
    try:
        plain = tree.plain() if data is None else data
        return model.model_validate(plain, by_alias=True, by_name=False), [], []
    except ValidationError as failure:
        errors = [_simplify(error, tree) for error in failure.errors(include_url=False)]
    findings = [
        _translate(error, model, tree, file)
        for error in _without_noise(errors)
        if not _is_broken(error.path, tree)
    ]
    return None, findings, [error.path for error in errors]


def _simplify(error: Any, tree: Tree) -> _Error:
    """pydantic's `loc` without the names of union members."""
    path: list[str | int] = []
    loc, here = error["loc"], tree
    absent = error["type"] in ("missing", "extra_forbidden")
    for index, step in enumerate(loc):
        if len(path) == 2 and path[0] == "nodes" and index == 2:
            continue
        child = here.child(step)
        if child is None and not (absent and index == len(loc) - 1):
            continue
        path.append(step)
        here = child or here
    return _Error(tuple(path), error["type"], error["input"], error.get("ctx", {}))


def _without_noise(errors: list[_Error]) -> Iterator[_Error]:
    """One error for a path: of a union, only what the member says that was meant."""
    kinds: dict[Path, set[str]] = defaultdict(set)
    for error in errors:
        kinds[error.path].add(error.type)
    above = {path[:length] for path in kinds for length in range(len(path))}
    seen: set[Path] = set()
    for error in errors:
        better = _has_better(error, kinds[error.path], above)
        if error.path not in seen and not better:
            seen.add(error.path)
            yield error


def _has_better(error: _Error, kinds: set[str], above: set[Path]) -> bool:
    """Whether another error says more. `kinds` are those at its path, `above` has each path that
    another error lies below."""
    if isinstance(error.input, str):
        return _EXPECTATIONS.get(error.type) == "mapping-expected" and len(kinds) > 1
    return error.type in ("string_type", "literal_error", "too_short") and error.path in above


def _is_broken(path: Path, tree: Tree) -> bool:
    here: Tree | None = tree
    for step in path:
        here = here.child(step) if here is not None else None
        if here is not None and here.broken:
            return True
    return False


def _translate(error: _Error, model: type[BaseModel], tree: Tree, file: str) -> Finding:
    value = error.input if isinstance(error.input, str) else ""
    name = str(error.path[-1]) if error.path else ""
    given = {key: _shorten(one) for key, one in error.context.items() if isinstance(one, str)}
    values: dict[str, str] = {"value": _shorten(value), "name": name, **given}
    code, near = _EXPECTATIONS.get(error.type, error.type), None
    if value[:1] in CURLY:
        return Finding("curly-quotes", file, error.path, values)
    if value and INVISIBLE.search(value):
        return Finding("invisible-space", file, error.path, values)
    if error.type == "missing":
        code = "missing-field"
    elif error.type == "extra_forbidden":
        inside = isinstance(error.input, dict) and "type" in error.input
        if inside and model is bundle.Flow:
            return Finding("node-indentation", file, error.path, values)
        code, near = "unknown-field", nearest(name, _fields_at(error.path[:-1], model, tree))
    elif error.type == "union_tag_invalid":
        values["value"] = _shorten(str(error.context["tag"]))
        is_source = error.path[:1] == ("sources",)
        code, known = _TYPES["sources" if is_source else "nodes"]
        near = nearest(values["value"], known)
    elif error.type == "literal_error":
        choices = re.findall(r"'([^']*)'", error.context["expected"])
        code, near = "bad-choice", nearest(value, choices)
        values["choices"] = ", ".join(choices)
    elif error.type == "string_pattern_mismatch":
        code = _PATTERNS.get(name, "phone-number")
    elif error.type in _LIMITS:
        code, key = _LIMITS[error.type]
        values["limit"] = str(error.context[key])
    return Finding(code, file, error.path, values, near)


def _shorten(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:59]}…"


def _fields_at(path: Path, model: type[BaseModel], tree: Tree) -> list[str]:
    """The names that may stand in the mapping at `path`."""
    names = [str(step) for step in path if isinstance(step, str)]
    part: type[BaseModel] | None = model
    if len(names) == 2 and names[0] == "nodes":
        part = NODE_MODELS.get(_type_of(path, tree))
    elif len(names) == 2 and names[0] == "sources":
        part = sources.SOURCE_MODELS.get(_type_of(path, tree) or "table")
    elif names:
        part = _PARTS.get(names[-1]) or (_PARTS.get(names[-2]) if len(names) > 1 else None)
        part = part or scalars.Jump
    return [info.alias or name for name, info in part.model_fields.items()] if part else []


def _type_of(path: Path, tree: Tree) -> str:
    here: Tree | None = tree
    for step in (*path, "type"):
        here = here.child(step) if here is not None else None
    return here.value if here is not None and isinstance(here.value, str) else ""
