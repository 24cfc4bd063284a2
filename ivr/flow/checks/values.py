"""Names and values: placeholders, conditions, computed values, and where a secret may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.flow import nodes
from ivr.flow.expressions import LONGEST, Complaint, check_expression
from ivr.flow.faults import Finding, Path, nearest
from ivr.flow.graph import list_exits
from ivr.flow.names import CALL, Names, flatten, list_all, sort_of
from ivr.flow.plan import HOTLINE_FILE, SOURCES_FILE, Plan, flow_file
from ivr.flow.scalars import Jump
from ivr.flow.templates import Placeholder, TemplateFault, locate_placeholders, parse_template
from ivr.flow.texts import list_flow_texts, list_hotline_texts
from ivr.flow.translation import Written

_SENT = {"secret-used": "secret-sent"}
"""What is said of a message instead: a secret cannot even be passed whole."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The names of a flow. `whole` is False when nodes that may set more could not be read."""

    file: str
    names: Names
    whole: bool

    def complain(self, name: str, file: str, path: Path, offset: int | None) -> Iterator[Finding]:
        """Nothing if `name` stands for a value, else why not."""
        sort = sort_of(self.names, name)
        if isinstance(sort, Mapping):
            fields = ", ".join(f"{name}.{field}" for field in sort)
            yield Finding("needs-field", file, path, {"name": name, "fields": fields}, None, offset)
        elif sort is None and (self.whole or name.partition(".")[0] in self.names):
            near = nearest(name, list_all(self.names))
            yield Finding("undefined-name", file, path, {"name": name}, near, offset)


def check(
    plan: Plan,
    names: Mapping[str, Names],
    written: Mapping[str, Mapping[str, Written]],
) -> Iterator[Finding]:
    """Every finding about names and values."""
    hotline = _Scope(HOTLINE_FILE, {"call": CALL}, True)
    for entry in list_hotline_texts(plan.hotline):
        if entry.path[0] == "defaults":
            yield from _check_texts(hotline, written.get(entry.id, {}))
    for flow in plan.flows.values():
        file = flow_file(flow.flow)
        whole = plan.is_whole(flow.flow) and not plan.lacks(SOURCES_FILE)
        scope = _Scope(file, names[flow.flow], whole)
        for entry in list_flow_texts(flow):
            yield from _check_texts(scope, written.get(entry.id, {}))
        for index, name in enumerate(flow.results):
            if name not in scope.names and whole:
                near = nearest(name, scope.names)
                yield Finding("undefined-name", file, ("results", index), {"name": name}, near)
        for node_name, node in flow.nodes.items():
            path = ("nodes", node_name)
            yield from _check_node(plan, scope, node, path)
            for exit_ in list_exits(plan, flow, node_name):
                if isinstance(exit_.target, Jump) and not exit_.inherited:
                    place = (*exit_.path, "with")
                    yield from _check_arguments(scope, exit_.target.arguments, place)


def _check_texts(scope: _Scope, languages: Mapping[str, Written]) -> Iterator[Finding]:
    """Undefined names are told once, where the first language has them."""
    for index, found in enumerate(languages.values()):
        for placeholder, offset in _placeholders(found.text):
            if sort_of(scope.names, placeholder.name) == "secret":
                if placeholder.kind not in (None, "last4"):
                    values = {"name": placeholder.name}
                    yield Finding("secret-spoken", found.file, found.path, values, offset=offset)
            elif index == 0:
                yield from scope.complain(placeholder.name, found.file, found.path, offset)


def _placeholders(text: str) -> tuple[tuple[Placeholder, int], ...]:
    """The placeholders with their offsets; nothing when the text is no template."""
    try:
        return locate_placeholders(text)
    except TemplateFault:
        return ()


def _check_node(  # noqa: C901 - one case for each kind
    plan: Plan, scope: _Scope, node: nodes.AnyNode, path: Path
) -> Iterator[Finding]:
    match node:
        case nodes.Set():
            for name, text in node.values.items():
                yield from _check_value(scope, text, (*path, "values", name), secret=False)
            for name, expression in node.compute.items():
                place = (*path, "compute", name)
                yield from _check_expression(scope, expression, place, condition=False)
        case nodes.Choose():
            for index, case in enumerate(node.cases):
                yield from _check_case(plan, scope, case, (*path, "cases", index))
        case nodes.Lookup() | nodes.Subflow():
            yield from _check_arguments(scope, node.arguments, (*path, "with"))
        case nodes.Notify():
            for name, text in node.arguments.items():
                for one in _check_value(scope, text, (*path, "with", name), secret=False):
                    yield replace(one, code=_SENT.get(one.code, one.code))
        case nodes.Transfer():
            for name, text in node.context.items():
                yield from _check_value(scope, text, (*path, "context", name), secret=False)
    yield from _check_reserved(scope, node, path)


def _check_reserved(scope: _Scope, node: nodes.AnyNode, path: Path) -> Iterator[Finding]:
    """`call` is the engine's."""
    match node:
        case nodes.Set():
            names = [("values", name) for name in node.values]
            names += [("compute", name) for name in node.compute]
        case (
            nodes.Menu()
            | nodes.Collect()
            | nodes.Record()
            | nodes.Consent()
            | nodes.Lookup()
            | nodes.Hours()
            | nodes.Subflow()
        ):
            names = [("into", node.into or "")]
        case _:
            return
    for field, name in names:
        if name == "call":
            place = (*path, field) if field == "into" else (*path, field, name)
            yield Finding("reserved-name", scope.file, place, {"name": name})


def _check_arguments(scope: _Scope, arguments: Mapping[str, str], path: Path) -> Iterator[Finding]:
    for name, text in arguments.items():
        yield from _check_value(scope, text, (*path, name), secret=True)


def _check_value(scope: _Scope, text: str, path: Path, *, secret: bool) -> Iterator[Finding]:
    """A value with placeholders. A secret is passed on whole or not at all."""
    try:
        parts = parse_template(text)
    except TemplateFault as fault:
        values = {"value": fault.written}
        yield Finding(fault.code, scope.file, path, values, offset=fault.offset)
        return
    for placeholder, offset in _placeholders(text):
        if sort_of(scope.names, placeholder.name) == "secret":
            if not secret or len(parts) > 1:
                values = {"name": placeholder.name}
                yield Finding("secret-used", scope.file, path, values, offset=offset)
        else:
            yield from scope.complain(placeholder.name, scope.file, path, offset)


def _check_case(plan: Plan, scope: _Scope, case: nodes.Case, path: Path) -> Iterator[Finding]:
    for name, value in (case.equals or {}).items():
        place = (*path, "if", name)
        if sort_of(scope.names, name) == "secret":
            yield Finding("secret-used", scope.file, place, {"name": name})
        elif not name.endswith((".valid", ".length", ".reason")):
            yield from scope.complain(name, scope.file, place, None)
        if name == "call.language" and value not in plan.hotline.languages:
            values = {"name": value, "languages": ", ".join(plan.hotline.languages)}
            yield Finding("unknown-language", scope.file, place, values)
    if case.when is not None:
        yield from _check_expression(scope, case.when, (*path, "when"), condition=True)


def _check_expression(
    scope: _Scope, expression: str, path: Path, *, condition: bool
) -> Iterator[Finding]:
    names = flatten(scope.names)
    result = check_expression(expression, names)
    if isinstance(result, Complaint):
        yield from _explain(scope, result, expression, path)
    elif condition and result not in ("bool", "any"):
        yield Finding("not-a-condition", scope.file, path, {"type": result})


def _explain(scope: _Scope, complaint: Complaint, expression: str, path: Path) -> Iterator[Finding]:
    code, about = complaint.code, complaint.about
    sort = sort_of(scope.names, about)
    near = None
    if code == "undefined-name" and sort == "secret":
        code = "secret-used"
    elif code == "undefined-name" and isinstance(sort, Mapping):
        yield from scope.complain(about, scope.file, path, complaint.column)
        return
    elif code == "undefined-name":
        if not scope.whole and about.partition(".")[0] not in scope.names:
            return
        near = nearest(about, flatten(scope.names))
    values = {"name": about, "types": complaint.types, "limit": str(LONGEST)}
    values["rest"] = expression[complaint.column :][:20] or "…"
    yield Finding(code, scope.file, path, values, near, complaint.column)
