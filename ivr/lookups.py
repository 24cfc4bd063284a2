"""Sources and webhooks of a bundle put together: tables, web services, Python functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from ivr.config import Settings
from ivr.errors import IvrError, SetupError
from ivr.flow.addresses import SecretHeader, split_url
from ivr.flow.bundle import Bundle
from ivr.flow.sources import HttpSource, PythonSource, Request
from ivr.operations.meters import SourceMeters
from ivr.ports import Notifier, Source
from ivr.services.credentials import Credentials
from ivr.services.guard import Guard
from ivr.services.joined import JoinedSources
from ivr.services.python_sources import PythonSources, load_functions
from ivr.services.tables import Tables
from ivr.services.web import WebClient, open_session
from ivr.services.web_sources import WebSources
from ivr.services.webhooks import Webhooks


class Outside:
    """What an engine asks and tells. Connections and breakers are shared by all its bundles."""

    def __init__(self, client: WebClient, meters: SourceMeters) -> None:
        self._client = client
        self._meters = meters
        self._guard = Guard(asyncio.get_running_loop().time, meters.set_paused)

    def source(self, bundle: Bundle) -> Source:
        """The sources of a bundle. A function that cannot be loaded fails in every call."""
        return JoinedSources(
            bundle.sources,
            tables=Tables(bundle),
            web=WebSources(bundle.sources, self._client, self._guard),
            python=PythonSources(bundle.sources, load_functions(_entries(bundle)).usable),
            count=self._meters.count_answer,
        )

    def notifier(self, bundle: Bundle) -> Notifier:
        """The webhooks of a bundle."""
        return Webhooks(bundle.webhooks, self._client, self._guard, self._meters.count_message)


@asynccontextmanager
async def open_outside(settings: Settings, meters: SourceMeters) -> AsyncIterator[Outside]:
    """The connections of an engine, in a block."""
    async with open_session() as session:
        secrets = Credentials(settings.secret_directory)
        yield Outside(WebClient(session, settings.source_hosts, secrets.read), meters)


def find_missing(settings: Settings, bundle: Bundle) -> Iterator[IvrError]:
    """What the bundle's sources and webhooks need and this machine lacks."""
    secrets = Credentials(settings.secret_directory)
    for name in sorted(set(_list_secrets(bundle))):
        try:
            secrets.examine(name)
        except SetupError as error:
            yield error
    yield from _refused_hosts(settings, bundle)
    yield from load_functions(_entries(bundle)).errors


def require_outside(settings: Settings, bundle: Bundle) -> None:
    """Raises SetupError that tells all that `find_missing` finds."""
    if missing := [str(error) for error in find_missing(settings, bundle)]:
        raise SetupError("sources and webhooks lack what they need here\n" + "\n".join(missing))


def _refused_hosts(settings: Settings, bundle: Bundle) -> Iterator[SetupError]:
    asked = {split_url(request.url).host for request in _list_requests(bundle)}
    refused = sorted(asked - set(settings.source_hosts))
    if refused:
        noun, are = ("host", "is") if len(refused) == 1 else ("hosts", "are")
        whole = ",".join(sorted(asked | set(settings.source_hosts)))
        yield SetupError(
            f"sources.yaml asks the {noun} {', '.join(refused)}, which {are} not allowed",
            place="IVR_SOURCE_HOSTS",
            remedy=f"If calls may send data there, set IVR_SOURCE_HOSTS={whole}",
        )


def _list_requests(bundle: Bundle) -> Iterator[Request]:
    yield from (one for one in bundle.sources.values() if isinstance(one, HttpSource))
    yield from bundle.webhooks.values()


def _list_secrets(bundle: Bundle) -> Iterator[str]:
    for request in _list_requests(bundle):
        for value in request.headers.values():
            if isinstance(value, SecretHeader):
                yield value.secret


def _entries(bundle: Bundle) -> list[str]:
    functions = (one for one in bundle.sources.values() if isinstance(one, PythonSource))
    return sorted({one.entry for one in functions})
