"""From what a source says to the fields of its answer: types, words and classes of data.

The same for every kind of source, so that a table, a web service and an example cannot differ.
Pure. A value that does not fit is never shown: it may be about a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import rfc8785

from ivr.engine.outcomes import Found, NotFound
from ivr.engine.values import Field, Personal, Secret, reveal
from ivr.flow.sources import SourceField, is_date

LONGEST = 500
"""Characters of a text; a longer one is not something to be spoken."""


class AnswerFault(ValueError):
    """An answer cannot be used. `reason` is a public word, as in `ivr.engine.outcomes.Failed`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_fields(
    declared: Mapping[str, SourceField], said: Mapping[str, object]
) -> dict[str, Field]:
    """Every declared field with its type and class; what nobody declared is left out.

    Raises AnswerFault: `missing_field` (it is not there, or null), `wrong_type`, `no_word`.
    """
    return {name: _read(field, said.get(name)) for name, field in declared.items()}


def make_found(declared: Mapping[str, SourceField], said: Mapping[str, object]) -> Found:
    """The answer with the hash of its fields. Raises AnswerFault as `read_fields`.

    The hash of an answer about a person is personal: who knows what it may say could try it out.
    """
    fields = read_fields(declared, said)
    hashed = _hash({name: _plain(value) for name, value in fields.items()})
    personal = any(isinstance(value, Personal) for value in fields.values())
    return Found(fields, Personal(hashed) if personal else hashed)


def make_not_found() -> NotFound:
    """That there is no such entry, with the hash of nothing."""
    return NotFound(_hash(None))


def _plain(value: Field) -> str | int | None:
    assert not isinstance(value, Secret), "no answer holds a secret"
    return reveal(value)


def _hash(content: dict[str, str | int | None] | None) -> str:
    """SHA-256 of the canonical JSON (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _read(declared: SourceField, said: object) -> Field:
    if said is None:
        if declared.optional:
            return None
        raise AnswerFault("missing_field")
    value = _typed(declared.type, said)
    if declared.words and str(value) not in declared.words:
        raise AnswerFault("no_word")
    return Personal(value) if declared.personal else value


def _typed(kind: str, said: object) -> str | int:
    text = _as_text(said)
    if kind == "number":
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise AnswerFault("wrong_type")
        return int(text)
    if kind == "date" and not is_date(text):
        raise AnswerFault("wrong_type")
    return text


def _as_text(said: object) -> str:
    """A scalar as it is written in YAML. A whole number may come as 5 or 5.0, as JSON has it."""
    if isinstance(said, bool):
        return str(said).lower()
    if isinstance(said, float) and said.is_integer():
        return str(int(said))
    if isinstance(said, int) and abs(said) < 10**15:
        return str(said)
    if isinstance(said, str) and len(said) <= LONGEST and said.isprintable():
        return said
    raise AnswerFault("wrong_type")
