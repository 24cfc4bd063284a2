"""Which names a flow may use, and what is known of them before a call.

A name counts as known when anything in the flow gives it a value; whether it has one at a certain
node only the call will tell. Must not judge: `ivr.flow.checks` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.expressions import Complaint, Type, check_expression
from ivr.flow.fields import HOURS_FIELDS
from ivr.flow.graph import list_exits
from ivr.flow.plan import Plan
from ivr.flow.scalars import Jump
from ivr.flow.sources import AnySource
from ivr.flow.templates import TemplateFault, whole_placeholder

CALL: Mapping[str, Type] = {
    "date": "string",
    "year": "int",
    "month": "int",
    "day": "int",
    "hour": "int",
    "minute": "int",
    "weekday": "string",
    "language": "string",
    "dialled": "string",
}
"""What `call.…` offers. `date` is as 2026-03-31, `weekday` an English word: `monday`."""

_FIELDS: Mapping[str, Type] = {"text": "string", "number": "int", "date": "string"}
_OF_SECRET: Mapping[str, Type] = {"valid": "bool", "length": "int", "reason": "any"}
_ROUNDS = 20
"""How often arguments are passed on until nothing new is learned; far more than flows are deep."""

Sort: TypeAlias = "Type | Literal['secret'] | Mapping[str, Type | Literal['secret']]"
"""What a name stands for: a value, digits that nobody may see, or named fields."""

Names: TypeAlias = Mapping[str, Sort]
"""The variables of a flow."""


def list_names(plan: Plan) -> Mapping[str, Names]:
    """The variables of every flow, `call` included."""
    found: dict[str, dict[str, Sort]] = {
        name: {"call": CALL, **dict.fromkeys(flow.inputs, "any")}
        for name, flow in plan.flows.items()
    }
    for _ in range(_ROUNDS):
        before = {name: dict(names) for name, names in found.items()}
        for name, flow in plan.flows.items():
            for node_name, node in flow.nodes.items():
                for variable, sort in _assignments(plan, node, before, name):
                    if variable != "call":
                        found[name][variable] = _join(found[name].get(variable), sort)
                _pass_on(plan, flow, node_name, before, found)
        if found == before:
            break
    return found


def flatten(names: Names) -> dict[str, Type]:
    """The names that an expression may use, fields written out; secrets show only their check."""
    flat: dict[str, Type] = {}
    for name, sort in names.items():
        if sort == "secret":
            flat |= {f"{name}.{field}": type_ for field, type_ in _OF_SECRET.items()}
        elif isinstance(sort, str):
            flat[name] = sort
        else:
            fields = {f"{name}.{field}": kind for field, kind in sort.items()}
            flat |= {field: kind for field, kind in fields.items() if kind != "secret"}
    return flat


def sort_of(names: Names, name: str) -> Sort | None:
    """What `name` or `name.field` stands for, None when nothing gives it a value."""
    variable, _, field = name.partition(".")
    sort = names.get(variable)
    if not field or sort is None:
        return sort
    if sort == "any":
        return "any"
    return sort.get(field) if isinstance(sort, Mapping) else None


def list_all(names: Names) -> list[str]:
    """Every name that can stand in a text, for suggestions."""
    return [
        full
        for name, sort in names.items()
        for full in ([f"{name}.{field}" for field in sort] if isinstance(sort, Mapping) else [name])
    ]


def _join(one: Sort | None, other: Sort) -> Sort:
    """What is known when a name is given values of two sorts. A secret remains one."""
    if one is None or one == other:
        return other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {**one, **other}
    return "secret" if "secret" in (one, other) else "any"


def _assignments(  # noqa: C901 - one case for each kind
    plan: Plan, node: nodes.AnyNode, names: Mapping[str, Names], flow: str
) -> Iterator[tuple[str, Sort]]:
    match node:
        case nodes.Collect():
            yield node.into, "secret" if node.sensitive else "string"
        case nodes.Menu() if node.into is not None:
            yield node.into, "string"
        case nodes.Consent() if node.into is not None:
            yield node.into, "bool"
        case nodes.Set():
            for name, text in node.values.items():
                yield name, _sort_of_text(text, names[flow])
            for name, expression in node.compute.items():
                result = check_expression(expression, flatten(names[flow]))
                yield name, "any" if isinstance(result, Complaint) else result
        case nodes.Record():
            case_number: Mapping[str, Type] = {"number": "string"} if node.case else {}
            yield node.into, {"seconds": "int", **case_number}
        case nodes.Lookup():
            yield node.into, _fields_of(plan.sources.get(node.source))
        case nodes.Hours() if node.into is not None:
            yield node.into, dict.fromkeys(HOURS_FIELDS, "string")
        case nodes.Subflow() if node.into is not None:
            yield node.into, _results_of(plan.flows.get(node.flow), names)


def _fields_of(source: AnySource | None) -> Sort:
    if source is None:
        return "any"
    return {name: _FIELDS[declared.type] for name, declared in source.fields.items()}


def _results_of(flow: Flow | None, names: Mapping[str, Names]) -> Sort:
    if flow is None:
        return "any"
    sorts = {name: names[flow.flow].get(name, "any") for name in flow.results}
    return {name: sort if isinstance(sort, str) else "any" for name, sort in sorts.items()}


def _sort_of_text(text: str, names: Names) -> Sort:
    """A whole-value placeholder passes the value with what is known of it."""
    try:
        whole = whole_placeholder(text)
    except TemplateFault:
        return "any"
    return "string" if whole is None else sort_of(names, whole.name) or "any"


def _pass_on(
    plan: Plan,
    flow: Flow,
    node_name: str,
    names: Mapping[str, Names],
    found: dict[str, dict[str, Sort]],
) -> None:
    """What the inputs of other flows learn from the arguments of this node."""
    node = flow.nodes[node_name]
    jumps = [exit_.target for exit_ in list_exits(plan, flow, node_name)]
    if isinstance(node, nodes.Subflow):
        jumps.append(Jump(flow=node.flow, arguments=node.arguments))
    for jump in jumps:
        if not isinstance(jump, Jump) or jump.flow not in plan.flows:
            continue
        for name, text in jump.arguments.items():
            if name in plan.flows[jump.flow].inputs:
                sort = _sort_of_text(text, names[flow.flow])
                if sort == "secret":
                    found[jump.flow][name] = "secret"
