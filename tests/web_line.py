"""A source of a web peer: the client, its breaker and the seconds between attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ivr.engine.answers import AnswerFault
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.flow.sources import HttpSource
from ivr.services.guard import Guard
from ivr.services.web import WebClient, open_session
from ivr.services.web_sources import WebSources
from tests.web_peer import Asked, WebPeer, serving

SECRETS = {"trains": "sandi-rahasia-4711"}
PRIVATE = "Contoh Rahasia 3171010101900001"


def secret(name: str) -> str:
    if name not in SECRETS:
        raise AnswerFault("no_secret")
    return SECRETS[name]


def declare(url: str, **more: object) -> HttpSource:
    """A source with one field. It has all the time that a test may take, unless it says less."""
    usual = {"type": "http", "key": ["id"], "timeout": 20_000, "fields": {"name": {}}}
    return HttpSource.model_validate({**usual, "url": url, **more})


class Line:
    """A source of a peer, and the seconds between its attempts."""

    def __init__(self, session: object, hosts: list[str], declared: HttpSource) -> None:
        self.slept: list[float] = []
        self.now = 0.0
        self.told: list[tuple[str, bool]] = []
        self._client = WebClient(session, hosts, secret, self._sleep)  # type: ignore[arg-type]
        self._guard = Guard(lambda: self.now, lambda name, paused: self.told.append((name, paused)))
        self._source = WebSources({"it": declared}, self._client, self._guard)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, id_: str = "7", key: str = "call-1") -> Found | NotFound | Failed:
        return await self._source.fetch("it", {"id": id_}, key)

    async def ask_another(self, declared: HttpSource) -> Found | NotFound | Failed:
        """Ask what other flows declare by the same name."""
        source = WebSources({"it": declared}, self._client, self._guard)
        return await source.fetch("it", {"id": "7"}, "call-2")


@asynccontextmanager
async def lining(
    says: Callable[[Asked], bytes | str], path: str = "/x/{id}", **more: Any
) -> AsyncIterator[tuple[Line, WebPeer]]:
    async with serving(says) as peer, open_session() as session:
        yield Line(session, [peer.host], declare(f"http://{peer.host}{path}", **more)), peer


async def ask_once(said: bytes | str, **more: Any) -> Found | NotFound | Failed:
    async with lining(lambda asked: said, **more) as (line, _):
        return await line.ask()
