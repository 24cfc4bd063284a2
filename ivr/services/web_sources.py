"""The sources that are web services: the adapter of the Source port for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonpath

from ivr.engine.answers import AnswerFault, make_found, make_not_found
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.flow.sources import AnySource, HttpSource
from ivr.services.filling import fill_address, fill_body
from ivr.services.guard import Guard
from ivr.services.web import Answer, WebClient


class WebSources:
    """Asks the web services that `sources` declares, each behind its breaker."""

    def __init__(self, sources: Mapping[str, AnySource], client: WebClient, guard: Guard) -> None:
        self._sources = sources
        self._client = client
        self._guard = guard

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """Ask the service, within the time that the source declares."""
        declared = self._sources.get(source)
        if not isinstance(declared, HttpSource):
            return Failed("unknown_source")
        try:
            with self._guard.passing(source, declared.url):
                return _read(declared, await self._ask(declared, arguments, key))
        except AnswerFault as fault:
            return Failed(fault.reason)

    async def _ask(self, declared: HttpSource, arguments: Mapping[str, Scalar], key: str) -> Answer:
        url = fill_address(declared.url, arguments)
        body = None if declared.body is None else fill_body(declared.body, arguments)
        repeatable = declared.method == "GET" or declared.keyed
        attempts = 1 + declared.retries if repeatable else 1
        return await self._client.ask(declared, declared.method, url, body, key, attempts)


def _read(declared: HttpSource, answer: Answer) -> Found | NotFound:
    """What the status and the JSON say. Raises AnswerFault."""
    if answer.status in declared.not_found or answer.status == 204:
        return make_not_found()
    if answer.status >= 400:
        raise AnswerFault("client_error")
    data = answer.json()
    if declared.exists is not None and _select(declared.exists, data) is None:
        return make_not_found()
    said = {
        name: _select(field.path or f"$.{name}", data) for name, field in declared.fields.items()
    }
    return make_found(declared.fields, said)


def _select(path: str, data: Any) -> object:
    """The value at a path, None when there is none."""
    match = jsonpath.match(path, data, strict=True)
    return None if match is None else match.obj
