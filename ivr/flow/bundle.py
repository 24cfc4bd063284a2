"""What gets published: a hotline with its flows, sources and texts, and their content hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import Field as DataField
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from ivr.flow.calendars import Calendar
from ivr.flow.holidays import NO_HOLIDAYS, Holidays
from ivr.flow.nodes import AnyNode, Habits, Keys
from ivr.flow.scalars import (
    DestinationName,
    Duration,
    FlowName,
    LanguageName,
    Model,
    Name,
    Text,
    as_plain,
    refusal,
)
from ivr.flow.sources import AnySource, Table, Webhook


class Limits(Model):
    """What a call may use at most."""

    call: Duration = 900_000
    turns: int = Field(default=500, ge=10, le=5000)


class Destination(Model):
    """Whom a call can be handed to: an endpoint (`dial`) or a waiting line (`queue`) of Asterisk.

    Never a telephone number: what the name means stands in Asterisk's own configuration. `ring` is
    how long an endpoint rings, `wait` the longest wait in a queue, both in milliseconds.
    """

    title: str | None = None
    dial: DestinationName | None = None
    queue: DestinationName | None = None
    ring: Annotated[Duration, Field(ge=1_000)] | None = None
    wait: Annotated[Duration, Field(ge=1_000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Destination:
        if (self.dial is None) == (self.queue is None):
            raise refusal("dial-or-queue")
        if (self.ring is not None and self.queue) or (self.wait is not None and self.dial):
            raise refusal("ring-or-wait")
        return self

    @property
    def limit(self) -> int:
        """Milliseconds until the attempt is given up."""
        return (self.ring or 30_000) if self.dial else (self.wait or 600_000)

    @property
    def unhappy(self) -> tuple[str, ...]:
        """How an attempt may end without a talk: exits of a `transfer` node."""
        if self.dial:
            return ("busy", "no_answer", "failed")
        return ("no_answer", "queue_full", "queue_closed", "failed")


class Hotline(Model):
    """The file `hotline.yaml`: numbers, languages, and what every flow inherits.

    `flow_language` is the version of the language that the directory is written in; one that does
    not say so has the first.
    `person` is the flow that leads to a person: every place that listens must have a way there.
    `destinations` are those whom a `transfer` node can hand a caller to.
    `phrases` says some of the engine's own words otherwise. `when_store_is_away` says for a number
    what becomes of its calls when nothing can be recorded; one that is not there refuses them.
    """

    hotline: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    flow_language: Annotated[int, Field(ge=1)] = 1
    numbers: Mapping[Annotated[str, Field(pattern=r"^\+?\d{1,15}$")], FlowName]
    languages: tuple[LanguageName, ...] = Field(min_length=1)
    timezone: str = "Asia/Jakarta"
    keys: Keys = Field(default_factory=dict)
    limits: Limits = Limits()
    defaults: Habits
    person: FlowName | None = None
    destinations: Mapping[DestinationName, Destination] = Field(default_factory=dict)
    phrases: Mapping[Name, Text] = Field(default_factory=dict)
    when_store_is_away: Mapping[str, Literal["go_on", "refuse_new_calls"]] = Field(
        default_factory=dict
    )


class Flow(Model):
    """One file of the directory. `inputs` come from `with`; `results` go back to a subflow."""

    flow: FlowName
    title: str
    agency: Name | None = None
    start: Name
    inputs: tuple[Name, ...] = ()
    results: tuple[Name, ...] = ()
    keys: Keys = Field(default_factory=dict)
    defaults: Habits = Habits()
    nodes: Mapping[Name, AnyNode] = Field(min_length=1)


@dataclass(frozen=True)
class Bundle:
    """All that decides a call. Immutable; `hash` names it for ever.

    `texts` holds for each language every prompt by its id (`tax.welcome.say`), menu options as the
    whole sentence that is spoken. `tables` are by the name of their source. `holidays` are empty
    when there are no calendars. `kept` are the bytes that it was read from, empty when it was made
    of files.
    """

    hotline: Hotline
    flows: Mapping[str, Flow]
    sources: Mapping[str, AnySource]
    texts: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, Table]
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    holidays: Holidays = NO_HOLIDAYS
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    kept: bytes = field(default=b"", compare=False, repr=False)

    @cached_property
    def content(self) -> bytes:
        """The bundle as JSON, which `read_bundle` reads: UTF-8, no spaces, nothing left out.

        Defaults are in it too, so that a later release with others reads the same bundle.
        """
        if self.kept:
            return self.kept
        parts = {one.name: as_plain(getattr(self, one.name)) for one in _decisive_fields()}
        return json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def flow_for(self, dialled: str) -> str:
        """The flow that a dialled number reaches; the first one when the number is unknown."""
        numbers = self.hotline.numbers
        return numbers.get(dialled) or next(iter(numbers.values()))


def _decisive_fields() -> list[DataField[object]]:
    return [one for one in fields(Bundle) if one.name != "kept"]


_BUNDLE: TypeAdapter[Bundle] = TypeAdapter(Bundle)


def read_bundle(content: bytes) -> Bundle:
    """The bundle again. Raises ValueError when the content is none that this release knows."""
    return replace(_BUNDLE.validate_json(content), kept=content)
