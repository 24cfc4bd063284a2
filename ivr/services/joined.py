"""All kinds of sources as one: the Source that an engine asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.flow.sources import AnySource, HttpSource, PythonSource, TableSource
from ivr.ports import Source


class JoinedSources:
    """Asks the adapter of a source's kind. `count` hears the source and its result."""

    def __init__(
        self,
        sources: Mapping[str, AnySource],
        *,
        tables: Source,
        web: Source,
        python: Source,
        count: Callable[[str, str], None] = lambda source, result: None,
    ) -> None:
        self._sources = sources
        self._tables = tables
        self._web = web
        self._python = python
        self._count = count

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """What the source answers; one that nobody declares has failed."""
        declared = self._sources.get(source)
        if declared is None:
            return Failed("unknown_source")
        outcome = await self._adapter(declared).fetch(source, arguments, key)
        self._count(source, outcome.reason if isinstance(outcome, Failed) else outcome.type)
        return outcome

    def _adapter(self, declared: AnySource) -> Source:
        match declared:
            case TableSource():
                return self._tables
            case HttpSource():
                return self._web
            case PythonSource():
                return self._python
            case _ as never:
                assert_never(never)
