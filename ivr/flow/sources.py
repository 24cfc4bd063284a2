"""What `lookup` nodes may ask, as the file `sources.yaml` declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from ivr.flow.scalars import Model, Name, Text


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


class Example(Model):
    """An answer that a call without the network gets, for the arguments in `with`.

    With `found` these fields, with `failed` that reason; with neither there is no such entry.
    Arguments that `with` leaves out may be anything.
    """

    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")
    found: Mapping[Name, str] | None = None
    failed: Name | None = None


class TableSource(Model):
    """A source that is a table file. `key` names the columns that the arguments must match.

    `kinds` names the identifier kind of a column, so that both ways of writing it match.
    """

    table: str
    key: tuple[Name, ...] = Field(min_length=1)
    kinds: Mapping[Name, Literal["nik", "npwp", "bpjs", "case"]] = Field(default_factory=dict)
    fields: Mapping[Name, SourceField]


class Sources(Model):
    """The file `sources.yaml`."""

    sources: Mapping[Name, TableSource] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table source, every cell a string, and the SHA-256 of the file's bytes."""

    rows: tuple[Mapping[str, str], ...]
    sha256: str
