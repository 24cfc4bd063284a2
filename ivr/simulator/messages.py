"""The Notifier port without a network: messages are kept, and can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ivr.engine.outcomes import Failed, Notified
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.flow.sources import Reason


@dataclass(frozen=True, slots=True)
class Message:
    """What a webhook was told, in clear and hidden from printing, and under which key."""

    webhook: str
    fields: Mapping[str, Scalar] = field(repr=False)
    key: str = ""


class KeptMessages:
    """Takes every message to a webhook of the bundle. `show` hears of each, without its values."""

    def __init__(self, bundle: Bundle, show: Callable[[str], None] = lambda line: None) -> None:
        self.sent: list[Message] = []
        self._webhooks = bundle.webhooks
        self._faults: dict[str, Reason] = {}
        self._show = show

    def fail(self, webhook: str, reason: Reason | None) -> None:
        """From now on messages to `webhook` fail for this reason; None: they are taken again."""
        self._faults.pop(webhook, None)
        if reason is not None:
            self._faults[webhook] = reason

    async def notify(
        self, webhook: str, fields: Mapping[str, Scalar], key: str
    ) -> Notified | Failed:
        """Keep the message."""
        if webhook not in self._webhooks:
            return Failed("unknown_source")
        if (reason := self._faults.get(webhook)) is not None:
            return Failed(reason)
        self.sent.append(Message(webhook, dict(fields), key))
        self._show(f"-- message to {webhook}: {', '.join(fields)}")
        return Notified()
