"""What the world does in a call script: what sources answer and what officers do.

Pure: must not know YAML, and must not play anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from ivr.flow.scalars import Duration, Model, Name

EVERY = "*"
"""Stands for every source."""


_Result: TypeAlias = Literal["table", "not_found", "failed"]


class Answer(Model):
    """What a source answers: `found` fields as they stand in a table, or a `result`.

    `table` is its own answer. `after`: milliseconds.
    """

    result: _Result = "table"
    found: Mapping[Name, str] | None = None
    after: Duration = 0


SLOW_ANSWER = Answer(after=5_000)
"""The word `slow`: long enough that the caller is told to wait."""


_Doing: TypeAlias = Literal["answer", "busy", "no_answer", "full", "closed", "unreachable"]


class Officers(Model):
    """What the officers do with a caller; `after` and `talk` belong to `answer`.

    Both are milliseconds.
    """

    do: _Doing
    after: Duration = 5_000
    talk: Duration = 60_000


def _read_answer(written: object) -> object:
    if written == "slow":
        return SLOW_ANSWER
    return {"result": written} if isinstance(written, str) else written


def _read_answers(written: object) -> object:
    return written if isinstance(written, list | tuple) else [written]


def _read_lookups(written: object) -> object:
    return {EVERY: written} if isinstance(written, str) else written


def _read_officers(written: object) -> object:
    return {"do": written} if isinstance(written, str) else written


class SetOfficers(Model):
    """What the officers do from here on."""

    officers: Annotated[
        Officers, BeforeValidator(_read_officers, json_schema_input_type=_Doing | Officers)
    ]


_Word: TypeAlias = Literal[_Result, "slow"]
_OneAnswer: TypeAlias = Annotated[
    Answer, BeforeValidator(_read_answer, json_schema_input_type=_Word | Answer)
]
_SeveralAnswers: TypeAlias = Annotated[tuple[_OneAnswer, ...], Field(min_length=1)]

Answers: TypeAlias = Annotated[
    _SeveralAnswers,
    BeforeValidator(_read_answers, json_schema_input_type=_OneAnswer | _SeveralAnswers),
]
"""One answer after the other; the last one stays."""


class SetLookups(Model):
    """What sources answer from here on, by their name.

    `EVERY` for all.
    """

    lookups: Annotated[
        Mapping[str, Answers],
        BeforeValidator(_read_lookups, json_schema_input_type=_Word | Mapping[str, Answers]),
    ]
