"""What lies outside the call: sources, webhooks, calendars and officers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ivr.flow.habits import Node
from ivr.flow.nodes.menus import Option
from ivr.flow.scalars import DestinationName, Name, Target, Text


class Lookup(Node):
    """Ask a source that `sources.yaml` declares."""

    type: Literal["lookup"] = "lookup"
    source: Name
    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")
    into: Name
    meanwhile: Text | None = None
    found: Target
    not_found: Target
    failed: Target


class Notify(Node):
    """Tell a webhook of `sources.yaml` something; `arguments` are exactly its fields."""

    type: Literal["notify"] = "notify"
    webhook: Name
    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")
    meanwhile: Text | None = None
    next: Target
    failed: Target


class Hours(Node):
    """Go on by the clock: whether a calendar of `calendars.yaml` is open.

    `holiday` is for a date that is closed as a whole by a holiday or an agency day; `unknown` for
    a year whose holidays are not known. Without them `closed` is taken. `into` takes
    `ivr.flow.fields.HOURS_FIELDS`.
    """

    type: Literal["hours"] = "hours"
    calendar: Name
    into: Name | None = None
    open: Target
    closed: Target
    holiday: Target | None = None
    unknown: Target | None = None


class Transfer(Node):
    """Hand the caller to a person, and take the call back afterwards.

    `to` is a destination of `hotline.yaml`. `options` are the keys that end the waiting, one key
    each. `context` is what the officer is told, beside what the engine always tells. `otherwise`
    is for every unhappy exit that has no target of its own.
    """

    type: Literal["transfer"] = "transfer"
    say: Text | None = None
    to: DestinationName
    options: tuple[Option, ...] = Field(default=(), max_length=3)
    context: Mapping[Name, str] = Field(default_factory=dict, max_length=8)
    ended: Target
    busy: Target | None = None
    no_answer: Target | None = None
    queue_full: Target | None = None
    queue_closed: Target | None = None
    failed: Target | None = None
    otherwise: Target | None = None
    on_hangup: Target | None = None

    def unhappy(self) -> Mapping[str, Target | None]:
        """The exits of an attempt that reached nobody, each with its own target or the common."""
        own = {
            "busy": self.busy,
            "no_answer": self.no_answer,
            "queue_full": self.queue_full,
            "queue_closed": self.queue_closed,
            "failed": self.failed,
        }
        return {name: target or self.otherwise for name, target in own.items()}
