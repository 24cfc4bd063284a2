"""A call script as it is written: one small frozen class for each thing that can happen in it.

Pure: must not know YAML, and must not play anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from ivr.flow.scalars import Duration, Model, Name, refusal, shape
from ivr.scripts.world import SetLookups, SetOfficers

WHEN = datetime(2026, 3, 2, 10, 0)
"""When a call begins that does not say it: a Monday, on the hotline's clock."""

_DATE = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?"
_PRESS = r"[0-9*#]{1,100}"


EARLIEST, LATEST = 1970, 9000
"""Years of a call: in others a time zone, or a long call, may lead to where no calendar goes."""


def _read_date(written: object) -> object:
    if not isinstance(written, str):
        return written
    if not re.fullmatch(_DATE, written):
        raise refusal("script-date")
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise refusal("script-date") from None
    if not EARLIEST <= at.year <= LATEST:
        raise refusal("script-date")
    return at


def _check_press(keys: object) -> object:
    if isinstance(keys, str) and not re.fullmatch(_PRESS, keys):
        raise refusal("script-press")
    return keys


_WrittenDate = BeforeValidator(
    _read_date, json_schema_input_type=Annotated[str, shape(_DATE, "script-date")]
)


class Dial(Model):
    """The call begins: what is dialled, when, from which number, in which language.

    `caller` None: withheld; `language` None: the first of the hotline.
    """

    dial: str
    at: Annotated[datetime, _WrittenDate] = WHEN
    caller: str | None = None
    language: str | None = None


class Press(Model):
    """Keys, after what is being said."""

    press: Annotated[str, BeforeValidator(_check_press), shape(_PRESS, "script-press")]


class Silence(Model):
    """The caller says nothing until the call goes on by itself, so many times."""

    silence: int = Field(ge=1, le=10)


class Speak(Model):
    """The caller speaks for so long, after what is being said.

    `speak`: milliseconds.
    """

    speak: Duration


class Wait(Model):
    """The caller does nothing for so long, after what is being said.

    `wait`: milliseconds.
    """

    wait: Duration


class Listen(Model):
    """The caller listens only so long, and then acts, also in mid-sentence.

    `listen`: milliseconds.
    """

    listen: Duration


class HangUp(Model):
    """The caller hangs up, after what is being said."""

    hang_up: Literal["yes"] = "yes"


class Hear(Model):
    """Words that must be heard.

    `language` None: in any; `exactly`: a whole prompt.
    """

    hear: str
    language: str | None = None
    exactly: bool = False


class Reach(Model):
    """A node (`tax.main`) or flow that the call must come to."""

    reach: str


class Value(Model):
    """Variables, and what they must be."""

    value: Mapping[str, str] = Field(min_length=1)


class Outcome(Model):
    """How reports must count the call."""

    outcome: Name


Act: TypeAlias = Press | Silence | Speak | Wait | Listen | HangUp
Setting: TypeAlias = SetOfficers | SetLookups
Expectation: TypeAlias = Hear | Reach | Value | Outcome
AnyStep: TypeAlias = Dial | Act | Setting | Expectation

VERBS: Mapping[str, type[Model]] = {
    "dial": Dial,
    "press": Press,
    "silence": Silence,
    "speak": Speak,
    "wait": Wait,
    "listen": Listen,
    "hang_up": HangUp,
    "officers": SetOfficers,
    "lookups": SetLookups,
    "hear": Hear,
    "reach": Reach,
    "value": Value,
    "outcome": Outcome,
}
"""The steps of a script by the word that they begin with."""

_ALONE = {"silence": {"silence": "1"}, "hang_up": {"hang_up": "yes"}}


def _read_step(written: object) -> object:
    if isinstance(written, str):
        if written not in _ALONE:
            raise refusal("script-step", value=written)
        return _ALONE[written]
    if isinstance(written, dict):
        verbs = [name for name in written if name in VERBS]
        if len(verbs) != 1:
            wrong = next((name for name in written if name not in VERBS), "")
            raise refusal("script-steps" if verbs else "script-step", value=wrong)
    return written


def _verb(step: object) -> str:
    """A tag that no field is called, so that it is not taken for part of a path."""
    if isinstance(step, dict):
        return " ".join(("to", *(name for name in step if name in VERBS)))
    return f"to {next(word for word, model in VERBS.items() if isinstance(step, model))}"


_WholeStep: TypeAlias = Annotated[
    Annotated[Dial, Tag("to dial")]
    | Annotated[Press, Tag("to press")]
    | Annotated[Silence, Tag("to silence")]
    | Annotated[Speak, Tag("to speak")]
    | Annotated[Wait, Tag("to wait")]
    | Annotated[Listen, Tag("to listen")]
    | Annotated[HangUp, Tag("to hang_up")]
    | Annotated[SetOfficers, Tag("to officers")]
    | Annotated[SetLookups, Tag("to lookups")]
    | Annotated[Hear, Tag("to hear")]
    | Annotated[Reach, Tag("to reach")]
    | Annotated[Value, Tag("to value")]
    | Annotated[Outcome, Tag("to outcome")],
    Discriminator(_verb),
]
Step: TypeAlias = Annotated[
    _WholeStep,
    BeforeValidator(_read_step, json_schema_input_type=Literal["silence", "hang_up"] | _WholeStep),
]


class CallFile(Model):
    """A file of call scripts.

    `begin` stands before every call that does not dial itself.
    """

    begin: tuple[Step, ...] = ()
    calls: Mapping[str, tuple[Step, ...]] = Field(min_length=1)
