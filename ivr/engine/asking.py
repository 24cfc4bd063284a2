"""What the engine concludes when something outside was asked or told: lookups and messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.engine.values import Personal, Value


@dataclass(frozen=True, slots=True)
class WebhookAnswered:
    """A webhook was told something: `result` is accepted or failed, `reason` why it failed."""

    flow: str
    node: str
    webhook: str
    result: str
    reason: str | None = None
    type: Literal["webhook.answered"] = "webhook.answered"


@dataclass(frozen=True, slots=True)
class SourceAnswered:
    """A lookup came back: `result` is found, not_found or failed; `reason` says why it failed."""

    flow: str
    node: str
    source: str
    result: Literal["found", "not_found", "failed"]
    snapshot: Personal | str | None = None
    reason: str | None = None
    fields: Value = None
    type: Literal["source.answered"] = "source.answered"
