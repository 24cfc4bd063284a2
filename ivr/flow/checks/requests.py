"""Web services, Python functions and webhooks: placeholders, secrets in the file, examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ivr.flow import nodes
from ivr.flow.addresses import looks_like_a_secret, names_a_secret, split_url
from ivr.flow.checks.sources import check_cell
from ivr.flow.faults import Finding, Path
from ivr.flow.plan import SOURCES_FILE, Plan, flow_file, unknown
from ivr.flow.sources import (
    AnySource,
    Example,
    HttpSource,
    PythonSource,
    Request,
    TableSource,
    Webhook,
)
from ivr.flow.templates import Placeholder, TemplateFault, parse_template

SILENCE = 4_000
"""Milliseconds that a caller may hear nothing."""


def check(plan: Plan) -> Iterator[Finding]:
    """Every finding about sources that are no tables, about webhooks, and who asks them."""
    for name, source in plan.sources.items():
        place: Path = ("sources", name)
        if isinstance(source, HttpSource):
            yield from _check_placeholders(source, place)
            yield from _check_secrets(source, place)
        if not isinstance(source, TableSource):
            yield from _check_examples(name, source, place)
    for name, webhook in plan.webhooks.items():
        yield from _check_secrets(webhook, ("webhooks", name))
        for written, path in _list_texts(webhook.url, ("webhooks", name, "url")):
            for part in _parts(written):
                if isinstance(part, Placeholder):
                    yield Finding("address-placeholder", SOURCES_FILE, path)
    for flow, _, node, path in plan.each_node():
        if isinstance(node, nodes.Lookup | nodes.Notify) and node.meanwhile is None:
            yield from _check_silence(plan, node, flow_file(flow.flow), path)


def _check_silence(
    plan: Plan, node: nodes.Lookup | nodes.Notify, file: str, path: Path
) -> Iterator[Finding]:
    """A long wait without a word. Nobody waits for a message that is sent after a hangup only."""
    asked: AnySource | Webhook | None
    if isinstance(node, nodes.Lookup):
        name, asked = node.source, plan.sources.get(node.source)
    else:
        name, asked = node.webhook, plan.webhooks.get(node.webhook)
    if asked is not None and not isinstance(asked, TableSource) and asked.timeout > SILENCE:
        values = {"name": name, "seconds": str(asked.timeout // 1000)}
        yield Finding("silent-wait", file, path, values)


def _check_placeholders(source: HttpSource, place: Path) -> Iterator[Finding]:
    used: set[str] = set()
    texts = [*_list_texts(source.url, (*place, "url"))]
    texts += _list_texts(source.body, (*place, "body")) if source.body is not None else []
    for written, path in texts:
        try:
            parts = parse_template(written)
        except TemplateFault as fault:
            values = {"value": fault.written}
            yield Finding(fault.code, SOURCES_FILE, path, values, offset=fault.offset)
            continue
        for part in parts:
            if isinstance(part, Placeholder):
                used.add(part.name)
                if part.name not in source.key:
                    yield unknown("not-a-key", SOURCES_FILE, path, part.name, source.key)
    for index, name in enumerate(source.key):
        if name not in used:
            yield Finding("key-unused", SOURCES_FILE, (*place, "key", index), {"name": name})
    for pair in split_url(source.url).query.split("&"):
        if "{" in pair.partition("=")[0]:
            yield Finding("address-placeholder", SOURCES_FILE, (*place, "url"))


def _list_texts(value: Any, path: Path) -> Iterator[tuple[str, Path]]:
    """Every text in a nested value, with its place."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _list_texts(part, (*path, name))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _list_texts(part, (*path, index))
    else:
        yield str(value), path


def _check_secrets(request: Request, place: Path) -> Iterator[Finding]:
    """Secrets that stand in the file. Their value is never told."""
    for name, value in request.headers.items():
        path = (*place, "headers", name)
        if isinstance(value, str):
            if names_a_secret(name) or looks_like_a_secret(value):
                yield Finding("secret-in-file", SOURCES_FILE, path)
        elif looks_like_a_secret(value.prefix.strip()):
            yield Finding("secret-in-file", SOURCES_FILE, (*path, "prefix"))
    url, path = split_url(request.url), (*place, "url")
    pairs = [pair.partition("=") for pair in url.query.split("&")]
    named = any(names_a_secret(name) and value and "{" not in value for name, _, value in pairs)
    values = [*url.path.split("/"), *(value for _, _, value in pairs)]
    if named or any(_is_literal_secret(value) for value in values):
        yield Finding("secret-in-file", SOURCES_FILE, path)
    body = request.body if isinstance(request, HttpSource) else None
    for text, path in _list_texts(body or {}, (*place, "body")):
        if (names_a_secret(str(path[-1])) and "{" not in text) or _is_literal_secret(text):
            yield Finding("secret-in-file", SOURCES_FILE, path)


def _is_literal_secret(text: str) -> bool:
    return any(isinstance(part, str) and looks_like_a_secret(part) for part in _parts(text))


def _parts(text: str) -> tuple[str | Placeholder, ...]:
    try:
        return parse_template(text)
    except TemplateFault:
        return ()


def _check_examples(name: str, source: HttpSource | PythonSource, place: Path) -> Iterator[Finding]:
    if not any(example.found is not None for example in source.examples):
        yield Finding("no-examples", SOURCES_FILE, place, {"name": name})
    for index, example in enumerate(source.examples):
        path = (*place, "examples", index)
        for argument in example.arguments:
            if argument not in source.key:
                where = (*path, "with", argument)
                yield unknown("not-a-key", SOURCES_FILE, where, argument, source.key)
        if example.found is not None:
            yield from _check_found(source, example, (*path, "found"))


def _check_found(
    source: HttpSource | PythonSource, example: Example, path: Path
) -> Iterator[Finding]:
    found = example.found or {}
    for name, cell in found.items():
        if name not in source.fields:
            yield unknown("example-field", SOURCES_FILE, (*path, name), name, source.fields)
        else:
            yield from check_cell(source.fields[name], cell, SOURCES_FILE, (*path, name))
    for name, field in source.fields.items():
        if name not in found and not field.optional:
            yield Finding("example-lacks", SOURCES_FILE, path, {"name": name})
