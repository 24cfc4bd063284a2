"""What a call may ask of the outside, as the file `sources.yaml` declares it.

Sources, which `lookup` nodes ask, and webhooks, which `notify` nodes tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from ivr.flow.addresses import Address, HeaderName, HeaderValue, JsonPath, SecretHeader
from ivr.flow.identifiers import KindName
from ivr.flow.scalars import Duration, Model, Name, Text, refusal

Reason: TypeAlias = Literal[
    "timeout",
    "dns",
    "connection",
    "tls",
    "redirect",
    "client_error",
    "server_error",
    "too_big",
    "bad_json",
    "missing_field",
    "wrong_type",
    "no_word",
    "bad_argument",
    "host_not_allowed",
    "no_secret",
    "no_entry",
    "broken",
    "paused",
    "not_personal",
    "unknown_source",
]
"""Why a source or a webhook failed: public words, for the journal, metrics and examples."""

TimeLimit: TypeAlias = Annotated[Duration, Field(ge=100, le=30_000)]
"""Milliseconds that a caller may be kept waiting, retries included."""


class SourceField(Model):
    """A field of a source's answer.

    `type` is what conditions see, `speak` how it is spoken (a speech kind), `personal` whether it
    is about a person. `words` are the words for each value, in each language. An `optional` field
    may be missing; its value is None then.
    """

    type: Literal["text", "number", "date"] = "text"
    speak: str | None = None
    personal: bool = False
    optional: bool = False
    words: Mapping[str, Text] = Field(default_factory=dict)


class JsonField(SourceField):
    """A field of a JSON answer. Without `path` it is the member of that name at the top."""

    path: JsonPath | None = None


class Example(Model):
    """An answer that a call without the network gets, for the arguments in `with`.

    With `found` these fields, with `failed` that reason; with neither there is no such entry.
    Arguments that `with` leaves out may be anything.
    """

    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")
    found: Mapping[Name, str] | None = None
    failed: Reason | None = None

    @model_validator(mode="after")
    def _one_answer(self) -> Example:
        if self.found is not None and self.failed is not None:
            raise refusal("found-or-failed")
        return self


class TableSource(Model):
    """A source that is a table file. `key` names the columns that the arguments must match.

    `kinds` names the identifier kind of a column, so that both ways of writing it match.
    """

    type: Literal["table"] = "table"
    table: str
    key: tuple[Name, ...] = Field(min_length=1)
    kinds: Mapping[Name, KindName] = Field(default_factory=dict)
    fields: Mapping[Name, SourceField]


class Request(Model):
    """What every request over HTTP says. `timeout` counts for all attempts together."""

    url: Address
    headers: Mapping[HeaderName, HeaderValue | SecretHeader] = Field(default_factory=dict)
    timeout: TimeLimit
    retries: int = Field(default=0, ge=0, le=3)


class HttpSource(Request):
    """A source that is a web service with JSON answers.

    `key` names the arguments; placeholders in `url` and `body` say where each goes. `keyed` says
    that the service knows the header Idempotency-Key, so that a POST may be tried again. An answer
    with a status of `not_found`, or in which `exists` selects nothing or null, is no such entry.
    """

    type: Literal["http"]
    key: tuple[Name, ...] = ()
    method: Literal["GET", "POST"] = "GET"
    body: Mapping[str, Any] | None = None
    keyed: bool = False
    exists: JsonPath | None = None
    not_found: tuple[Annotated[int, Field(ge=400, le=499)], ...] = (404,)
    fields: Mapping[Name, JsonField]
    examples: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> HttpSource:
        if self.method == "GET" and self.body is not None:
            raise refusal("body-with-get")
        if self.method == "POST" and self.retries and not self.keyed:
            raise refusal("retries-unkeyed")
        return self


def _check_entry(name: str) -> str:
    if not name.replace(".", "").replace("-", "").replace("_", "").isalnum() or len(name) > 80:
        raise refusal("entry-name")
    return name


class PythonSource(Model):
    """A source that is a Python function: `entry` is its name in the group `satu_pintu.sources`."""

    type: Literal["python"]
    entry: Annotated[str, AfterValidator(_check_entry)]
    key: tuple[Name, ...] = ()
    timeout: TimeLimit
    fields: Mapping[Name, SourceField]
    examples: tuple[Example, ...] = ()


AnySource: TypeAlias = TableSource | HttpSource | PythonSource

SOURCE_MODELS: Mapping[str, type[Model]] = {
    "table": TableSource,
    "http": HttpSource,
    "python": PythonSource,
}
"""The kinds of sources by the word that stands under `type`."""

_TAG = " source"
"""Ends the tags of the union, so that none of them can be the name of a field."""


def _kind_of(data: object) -> str:
    """The tag of a source. What is no mapping is read as a table, which says so."""
    if isinstance(data, TableSource | HttpSource | PythonSource):
        return data.type + _TAG
    kind = data.get("type", "table") if isinstance(data, Mapping) else "table"
    return f"{kind}{_TAG}" if kind in SOURCE_MODELS else str(kind)


class Webhook(Request):
    """Whom a `notify` node tells something: a POST of a JSON object with exactly these fields.

    `personal` says that this receiver may be told personal data. A try that is repeated has the
    same Idempotency-Key.
    """

    fields: tuple[Name, ...] = Field(min_length=1)
    personal: bool = False


class Sources(Model):
    """The file `sources.yaml`."""

    sources: Mapping[
        Name,
        Annotated[
            Annotated[TableSource, Tag("table source")]
            | Annotated[HttpSource, Tag("http source")]
            | Annotated[PythonSource, Tag("python source")],
            Discriminator(_kind_of),
        ],
    ] = Field(default_factory=dict)
    webhooks: Mapping[Name, Webhook] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table source, every cell a string, and the SHA-256 of the file's bytes."""

    rows: tuple[Mapping[str, str], ...]
    sha256: str


def is_date(text: str) -> bool:
    """Whether a text is a date as 2026-03-31."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
