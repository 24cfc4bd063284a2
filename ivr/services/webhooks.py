"""The webhooks of `sources.yaml`: the adapter of the Notifier port."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.engine.answers import AnswerFault
from ivr.engine.outcomes import Failed, Notified
from ivr.engine.values import Scalar
from ivr.flow.sources import Webhook
from ivr.services.filling import fill_address
from ivr.services.guard import Guard
from ivr.services.web import WebClient


class Webhooks:
    """Sends each message as a JSON object. `count` hears the webhook and what became of it."""

    def __init__(
        self,
        webhooks: Mapping[str, Webhook],
        client: WebClient,
        guard: Guard,
        count: Callable[[str, str], None] = lambda webhook, result: None,
    ) -> None:
        self._webhooks = webhooks
        self._client = client
        self._guard = guard
        self._count = count

    async def notify(
        self, webhook: str, fields: Mapping[str, Scalar], key: str
    ) -> Notified | Failed:
        """Post the fields, again while that may help; what answers 2xx has taken them."""
        declared = self._webhooks.get(webhook)
        if declared is None:
            return Failed("unknown_source")
        try:
            with self._guard.passing(f"webhook {webhook}", declared.url):
                await self._send(declared, fields, key)
        except AnswerFault as fault:
            self._count(webhook, fault.reason)
            return Failed(fault.reason)
        self._count(webhook, "accepted")
        return Notified()

    async def _send(self, declared: Webhook, fields: Mapping[str, Scalar], key: str) -> None:
        url = fill_address(declared.url, {})
        attempts = 1 + declared.retries
        answer = await self._client.ask(declared, "POST", url, dict(fields), key, attempts)
        if answer.status >= 400:
            raise AnswerFault("client_error")
