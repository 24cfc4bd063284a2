"""The HTTP client of sources and webhooks: asks only hosts that the operator allows.

No redirects, no proxies, no cookies, at most `MOST_BYTES` of an answer. Whatever goes wrong is an
`AnswerFault` with a public reason; nothing of a request or an answer is in it, or in any log.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from ivr.engine.answers import AnswerFault
from ivr.flow.addresses import SecretHeader, split_url
from ivr.flow.sources import Request

MOST_BYTES = 256 * 1024
"""Bytes of an answer. Nothing is decompressed: a few bytes could become many."""

CONNECTIONS = 100
"""Connections of an engine, to all hosts together."""

BACK_OFF = 0.2
"""Seconds before the second attempt; doubled before each one after it."""

AGAIN = frozenset({"dns", "connection", "server_error"})
"""Reasons for which another attempt may help. A time-out has used up the time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: its status (RFC 9110) and its body, hidden from printing."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"

    def json(self) -> Any:
        """The body as JSON. Raises AnswerFault `bad_json`."""
        try:
            return json.loads(self.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise AnswerFault("bad_json") from None


def _refuse(constant: str) -> None:
    raise ValueError("NaN and Infinity are no JSON (RFC 8259 section 6)")


class WebClient:
    """A pool of connections. `hosts` are those that may be asked; `secret` gives one by its name
    and raises AnswerFault `no_secret`. `sleep` waits between attempts, in seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hosts: Collection[str],
        secret: Callable[[str], str],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._hosts = frozenset(hosts)
        self._secret = secret
        self._sleep = sleep

    async def ask(
        self, request: Request, method: str, url: str, body: Any, key: str, attempts: int
    ) -> Answer:
        """Send a request, again while that may help; all within the request's time limit.

        `url` is encoded, `body` JSON-ready or None, `key` the same for the same act. Of a refusal
        (a status from 400 on) no body is read. Raises AnswerFault.
        """
        if split_url(url).host not in self._hosts:
            raise AnswerFault("host_not_allowed")
        headers = self._fill_headers(request.headers, key, method)
        try:
            async with asyncio.timeout(request.timeout / 1000):
                return await self._try(attempts, method, url, body, headers)
        except TimeoutError:
            raise AnswerFault("timeout") from None

    def _fill_headers(
        self, declared: Mapping[str, str | SecretHeader], key: str, method: str
    ) -> dict[str, str]:
        filled = {
            name: value if isinstance(value, str) else value.prefix + self._secret(value.secret)
            for name, value in declared.items()
        }
        filled |= {"Accept": "application/json", "Accept-Encoding": "identity"}
        return filled | ({"Idempotency-Key": key} if method == "POST" else {})

    async def _try(
        self, attempts: int, method: str, url: str, body: Any, headers: dict[str, str]
    ) -> Answer:
        for attempt in range(attempts):
            try:
                return await self._send(method, url, body, headers)
            except AnswerFault as fault:
                if fault.reason not in AGAIN or attempt == attempts - 1:
                    raise
            await self._sleep(BACK_OFF * 2**attempt)
        raise AssertionError("there is at least one attempt")

    async def _send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Answer:
        try:
            async with self._session.request(
                method, URL(url, encoded=True), json=body, headers=headers, allow_redirects=False
            ) as response:
                if 300 <= response.status < 400:
                    raise AnswerFault("redirect")
                if response.status >= 500 or response.status == 429:
                    raise AnswerFault("server_error")
                unwanted = response.status >= 400
                return Answer(response.status, b"" if unwanted else await _read(response))
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, AnswerFault):
                raise
            raise AnswerFault(_reason(error)) from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body as far as it may be long."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise AnswerFault("too_big")
    return bytes(body)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    return "tls" if isinstance(error, aiohttp.ClientSSLError) else "connection"


def open_session(trust: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """The pool of an engine's connections. Without `trust`, TLS trusts what the machine trusts."""
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS, ttl_dns_cache=60, ssl=True if trust is None else trust
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=False,
    )
