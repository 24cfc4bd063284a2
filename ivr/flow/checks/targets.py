"""Names that must exist: nodes, flows, sources, languages, arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ivr.flow import nodes
from ivr.flow.bundle import Flow
from ivr.flow.faults import Finding, Path
from ivr.flow.graph import list_exits, list_habit_exits
from ivr.flow.plan import CALENDARS_FILE, HOTLINE_FILE, SOURCES_FILE, Plan, flow_file, unknown
from ivr.flow.scalars import WORDS, Jump, Target
from ivr.flow.texts import DEFAULTS, RESERVED_FLOWS


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about a name that leads nowhere."""
    for flow in plan.flows.values():
        yield from _check_flow(plan, flow)
    for flow, name, node, path in plan.each_node():
        for exit_ in list_exits(plan, flow, name):
            if not exit_.inherited:
                yield from _check_target(plan, flow.flow, exit_.target, exit_.file, exit_.path)
        yield from _check_node(plan, flow, node, path)
    for target, path in list_habit_exits(plan.hotline.defaults, plan.hotline.keys):
        if isinstance(target, Jump):
            place = path if path[0] == "keys" else (DEFAULTS, *path)
            yield from _check_target(plan, "", target, HOTLINE_FILE, place)


def _check_flow(plan: Plan, flow: Flow) -> Iterator[Finding]:
    file, names = flow_file(flow.flow), plan.node_names(flow.flow)
    if flow.flow in RESERVED_FLOWS:
        yield Finding("reserved-name", file, ("flow",), {"name": flow.flow})
    if flow.start not in names and not plan.lacks(file, "start"):
        yield unknown("unknown-node", file, ("start",), flow.start, names)
    for name in names:
        if name in (*WORDS, DEFAULTS):
            yield Finding("reserved-name", file, ("nodes", name), {"name": name})
    for target, path in list_habit_exits(flow.defaults, flow.keys):
        place = path if path[0] == "keys" else (DEFAULTS, *path)
        yield from _check_target(plan, flow.flow, target, file, place)


def _check_target(
    plan: Plan, flow: str, target: Target, file: str, path: Path
) -> Iterator[Finding]:
    if not isinstance(target, Jump):
        names = plan.node_names(flow)
        if target not in names and target not in WORDS:
            yield unknown("unknown-node", file, path, target, [*names, *WORDS])
    elif target.flow not in plan.flow_names():
        yield unknown("unknown-flow", file, (*path, "flow"), target.flow, plan.flow_names())
    elif target.flow in plan.flows:
        names = plan.node_names(target.flow)
        if target.node is not None and target.node not in names:
            yield unknown("unknown-node", file, (*path, "node"), target.node, names)
        yield from _check_arguments(plan, target.flow, target.arguments, file, path)


def _check_arguments(
    plan: Plan, flow: str, arguments: Mapping[str, str], file: str, path: Path
) -> Iterator[Finding]:
    if plan.lacks(flow_file(flow), "inputs"):
        return
    inputs = plan.flows[flow].inputs
    yield from _compare(arguments, inputs, ("input", flow), file, path)


def _compare(
    arguments: Iterable[str], wanted: tuple[str, ...], about: tuple[str, str], file: str, path: Path
) -> Iterator[Finding]:
    """What stands under `with` must be exactly what the other side asks for."""
    kind, owner = about
    given = list(arguments)
    for name in given:
        if name not in wanted:
            place = (*path, "with", name)
            yield unknown(f"unknown-{kind}", file, place, name, wanted, owner=owner)
    for name in wanted:
        if name not in given:
            values = {"name": name, "owner": owner}
            yield Finding(f"missing-{kind}", file, (*path, "with") if given else path, values)


def _check_node(plan: Plan, flow: Flow, node: nodes.AnyNode, path: Path) -> Iterator[Finding]:
    file = flow_file(flow.flow)
    match node:
        case nodes.Subflow():
            yield from _check_subflow(plan, node, file, path)
        case nodes.Lookup():
            yield from _check_lookup(plan, node, file, path)
        case nodes.Notify():
            yield from _check_notify(plan, node, file, path)
        case nodes.Hours():
            yield from _check_calendar(plan, node.calendar, file, (*path, "calendar"))
        case nodes.Language():
            yield from _check_language(plan, node.to, file, (*path, "to"))
        case nodes.Say():
            yield from _check_language(plan, node.language, file, (*path, "language"))
        case nodes.Menu() | nodes.Transfer():
            for index, option in enumerate(node.options):
                place = (*path, "options", index, "language")
                yield from _check_language(plan, option.language, file, place)


def _check_language(plan: Plan, name: str | None, file: str, path: Path) -> Iterator[Finding]:
    languages = plan.hotline.languages
    if name not in (None, *languages) and not plan.lacks(HOTLINE_FILE, "languages"):
        values = {"name": name or "", "languages": ", ".join(languages)}
        yield Finding("unknown-language", file, path, values)


def _check_subflow(plan: Plan, node: nodes.Subflow, file: str, path: Path) -> Iterator[Finding]:
    if node.flow not in plan.flow_names():
        yield unknown("unknown-flow", file, (*path, "flow"), node.flow, plan.flow_names())
    elif node.flow in plan.flows:
        yield from _check_arguments(plan, node.flow, node.arguments, file, path)
        known = not plan.lacks(flow_file(node.flow), "results")
        if node.into is not None and known and not plan.flows[node.flow].results:
            yield Finding("no-results", file, (*path, "into"), {"name": node.flow})


def _check_lookup(plan: Plan, node: nodes.Lookup, file: str, path: Path) -> Iterator[Finding]:
    if node.source in plan.sources:
        key = plan.sources[node.source].key
        yield from _compare(node.arguments, key, ("key", node.source), file, path)
    elif not plan.lacks(SOURCES_FILE, "sources", node.source):
        yield unknown("unknown-source", file, (*path, "source"), node.source, plan.sources)


def _check_notify(plan: Plan, node: nodes.Notify, file: str, path: Path) -> Iterator[Finding]:
    if node.webhook in plan.webhooks:
        fields = plan.webhooks[node.webhook].fields
        yield from _compare(node.arguments, fields, ("message-field", node.webhook), file, path)
    elif not plan.lacks(SOURCES_FILE, "webhooks", node.webhook):
        yield unknown("unknown-webhook", file, (*path, "webhook"), node.webhook, plan.webhooks)


def _check_calendar(plan: Plan, name: str, file: str, path: Path) -> Iterator[Finding]:
    known = name in plan.calendars or plan.lacks(CALENDARS_FILE, "calendars", name)
    if not known and not plan.lacks(CALENDARS_FILE, "calendars"):
        yield unknown("unknown-calendar", file, path, name, plan.calendars)
