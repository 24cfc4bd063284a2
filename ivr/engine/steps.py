"""What the engine asks to be done next. Semantic: each channel renders a step in its own way.

Times are milliseconds. A step is plain data that turns into JSON and back (`ivr.engine.plain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from ivr.engine.utterance import Utterance
from ivr.engine.values import Field, Secret


@dataclass(frozen=True, slots=True)
class Timing:
    """How long silence may last, in milliseconds.

    `first_key` counts from the end of the prompt to the first key, `next_key` from one key to the
    next, `total` from the end of the prompt to the end of the input.
    """

    first_key: int
    next_key: int
    total: int


@dataclass(frozen=True, slots=True)
class Say:
    """Play prompts. With `barge_in` any key ends them and stays for the next step."""

    utterances: tuple[Utterance, ...]
    barge_in: bool = True
    type: Literal["say"] = "say"


@dataclass(frozen=True, slots=True)
class Menu:
    """Play prompts and wait for one of `keys` (sequences of keys, none a prefix of another).

    Outcome `Keys` with what was typed, whether or not it is one of `keys`. With `pass_on`, silence
    and a key that begins none of `keys` give `Passed`, and that key stays for the next step.
    `flush` throws away what was typed ahead.
    """

    utterances: tuple[Utterance, ...]
    keys: tuple[str, ...]
    timing: Timing
    pass_on: bool = False
    flush: bool = False
    type: Literal["menu"] = "menu"


@dataclass(frozen=True, slots=True)
class Collect:
    """Play prompts and gather digits: at least `min`, at most `max`, ended by `finish`.

    `escapes` are a star, or a star and a key, that leave the input (`*0`). `kind` is
    the identifier kind that the digits must be, None for digits without a rule. `secret` keeps the
    digits from everybody but the driver; `personal` marks them as about a person.
    """

    utterances: tuple[Utterance, ...]
    min: int
    max: int
    finish: str
    escapes: tuple[str, ...]
    timing: Timing
    kind: str | None = None
    secret: bool = False
    personal: bool = True
    flush: bool = False
    type: Literal["collect"] = "collect"


@dataclass(frozen=True, slots=True)
class Record:
    """Play prompts and a tone, then record until `finish`, silence, the limit or hangup."""

    utterances: tuple[Utterance, ...]
    limit: int
    silence: int
    finish: str
    type: Literal["record"] = "record"


@dataclass(frozen=True, slots=True)
class PlayBack:
    """Play a message of the caller's own to them. Any key ends it and stays for the next step.

    `length` is that of the sound in milliseconds, `sha256` that of the file: the channel plays no
    other. The outcome is `Played`.
    """

    recording: str
    sha256: str
    length: int
    type: Literal["play_back"] = "play_back"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask a source. `meanwhile` is played when the answer takes longer than a moment."""

    source: str
    arguments: Mapping[str, Field]
    meanwhile: tuple[Utterance, ...] = ()
    type: Literal["lookup"] = "lookup"


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell a webhook something. `meanwhile` as in a lookup. No field is a secret."""

    webhook: str
    fields: Mapping[str, Field]
    meanwhile: tuple[Utterance, ...] = ()
    type: Literal["notify"] = "notify"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Give the recorded message a case number. Performed once for a call and turn, ever."""

    kind: str
    recording: str
    type: Literal["open_case"] = "open_case"


@dataclass(frozen=True, slots=True)
class SetRecording:
    """Begin or end the recording of the whole call."""

    on: bool
    type: Literal["set_recording"] = "set_recording"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Play prompts, then hand the caller to a person until one of them hangs up.

    `way` says what `name` is to Asterisk: an endpoint to `dial`, or a `queue`. `limit` is how many
    milliseconds the caller waits for a person at most; a talk has no limit. `keys` end the
    waiting, one key each. `context` is what the person is told of the call; a secret is never in
    it.
    """

    utterances: tuple[Utterance, ...]
    way: Literal["dial", "queue"]
    name: str
    limit: int
    keys: tuple[str, ...] = ()
    context: Mapping[str, Field] = field(default_factory=dict)
    type: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class Hangup:
    """Play the last words, if any, and end the call."""

    utterances: tuple[Utterance, ...] = ()
    type: Literal["hangup"] = "hangup"


Step: TypeAlias = Annotated[
    Say
    | Menu
    | Collect
    | Record
    | PlayBack
    | Lookup
    | Notify
    | OpenCase
    | SetRecording
    | Transfer
    | Hangup,
    Discriminator("type"),
]


class Recovery(StrEnum):
    """How a step is taken up again when the engine died and its outcome is unknown."""

    REPEAT = "repeat"  # a short apology, then the prompt again
    QUERY = "query"  # ask the channel or the disk what happened
    KEYED = "keyed"  # perform again: call and turn make it the same act
    REISSUE = "reissue"  # set again, whatever the state is


RECOVERY: Mapping[str, Recovery] = {
    "say": Recovery.REPEAT,
    "menu": Recovery.REPEAT,
    "collect": Recovery.REPEAT,
    "record": Recovery.QUERY,
    "play_back": Recovery.REPEAT,
    "lookup": Recovery.KEYED,
    "notify": Recovery.KEYED,
    "open_case": Recovery.KEYED,
    "set_recording": Recovery.REISSUE,
    "transfer": Recovery.QUERY,
    "hangup": Recovery.REISSUE,
}
"""The recovery table (design: the journal). Every step type has its row; a test checks that."""


def utterances_of(step: Step) -> tuple[Utterance, ...]:
    """The prompts that a step plays before anything else; empty for a step that plays none."""
    match step:
        case Say() | Menu() | Collect() | Record() | Transfer() | Hangup():
            return step.utterances
        case Lookup() | Notify():
            return step.meanwhile
        case PlayBack() | OpenCase() | SetRecording():
            return ()


def is_masked(step: Step) -> bool:
    """Whether a secret is keyed or spoken in the step, so that no recording may hold it."""
    if isinstance(step, Collect) and step.secret:
        return True
    return any(
        isinstance(spoken.value, Secret)
        for utterance in utterances_of(step)
        for spoken in utterance.values.values()
    )
