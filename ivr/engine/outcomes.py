"""What may come back from a step: the closed set of the engine's inputs, lossless.

Times are milliseconds. `heard` is how much of the step's prompts was really played. Whatever a
caller does is one of these; an exception is always a fault of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from ivr.engine.values import Field, Personal, Secret


@dataclass(frozen=True, slots=True)
class Started:
    """A call came in. `caller` is None when the number is withheld. `test`: to the test number."""

    dialled: str
    caller: Personal | None = None
    test: bool = False
    type: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Played:
    """Prompts were played, to the end or until a key that belongs to a later step."""

    heard: int
    interrupted: bool = False
    type: Literal["played"] = "played"


@dataclass(frozen=True, slots=True)
class Keys:
    """A menu's answer. `waited` counts from the end of the prompt to the first key, 0 in it."""

    keys: str
    heard: int
    waited: int = 0
    type: Literal["keys"] = "keys"


@dataclass(frozen=True, slots=True)
class Digits:
    """A collect's answer, complete or not: `ended` says what ended it."""

    value: Secret | Personal | str
    length: int
    ended: Literal["finish", "length", "silence", "total"]
    heard: int
    waited: int = 0
    type: Literal["digits"] = "digits"


@dataclass(frozen=True, slots=True)
class Escaped:
    """In a collect the caller typed one of its escapes, such as `*0`."""

    keys: str
    heard: int
    type: Literal["escaped"] = "escaped"


@dataclass(frozen=True, slots=True)
class Silence:
    """No key came in time."""

    heard: int
    type: Literal["silence"] = "silence"


@dataclass(frozen=True, slots=True)
class Passed:
    """A menu with `pass_on` ended by silence, or by a key that stays for the next step."""

    heard: int
    type: Literal["passed"] = "passed"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message was recorded: `recording` names it in the recordings directory.

    `length` is its sound in milliseconds (0: nothing was said), `sha256` of the file's bytes in
    hex, empty when there is no file. `ended` is `unknown` after a crash.
    """

    recording: str
    length: int
    size: int
    sha256: str
    ended: Literal["finish", "silence", "limit", "hangup", "unknown"]
    heard: int = 0
    type: Literal["recorded"] = "recorded"


@dataclass(frozen=True, slots=True)
class Found:
    """A source answered. `snapshot` is the SHA-256 of the data that the answer comes from: of a
    table's file, or of the answer itself. It is personal when the answer is and nothing else is
    hashed.
    """

    fields: Mapping[str, Field]
    snapshot: Personal | str
    type: Literal["found"] = "found"


@dataclass(frozen=True, slots=True)
class NotFound:
    """A source has no such entry."""

    snapshot: str
    type: Literal["not_found"] = "not_found"


@dataclass(frozen=True, slots=True)
class Notified:
    """A webhook took what it was told."""

    type: Literal["notified"] = "notified"


@dataclass(frozen=True, slots=True)
class Failed:
    """A source could not answer, a webhook not be told. `reason` is a stable public word, one of
    `ivr.flow.sources.Reason`.
    """

    reason: str
    type: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """The message has a case number, digits with a Luhn check digit at the end."""

    number: Personal
    type: Literal["case_opened"] = "case_opened"


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """The call's recording is on or off now. `recording` names the segment that began, if any."""

    on: bool
    recording: str | None = None
    type: Literal["recording_set"] = "recording_set"


@dataclass(frozen=True, slots=True)
class Transferred:
    """A transfer is over. `waited` is until the person answered or the attempt ended, `talked`
    from the answer on, 0 without one.

    `recording` names the recording of the talk, None when there is none.
    `result`: `ended` (the person hung up after a talk), `left` (the caller did, before an answer
    or after one), `key` (the caller pressed `key` while waiting), or why nobody answered.
    """

    result: Literal[
        "ended", "left", "key", "busy", "no_answer", "queue_full", "queue_closed", "failed"
    ]
    key: str = ""
    waited: int = 0
    talked: int = 0
    heard: int = 0
    recording: str | None = None
    type: Literal["transferred"] = "transferred"


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone. `heard` is how much of the step's prompts was played before."""

    heard: int = 0
    type: Literal["hung_up"] = "hung_up"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The engine died during the step and another took over: what the step brought is unknown."""

    type: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True)
class Unable:
    """The channel could not perform the step although the caller is there (a sound is gone)."""

    reason: str
    type: Literal["unable"] = "unable"


@dataclass(frozen=True, slots=True)
class Ended:
    """The channel has hung up as it was asked to."""

    heard: int = 0
    type: Literal["ended"] = "ended"


Outcome: TypeAlias = Annotated[
    Started
    | Played
    | Keys
    | Digits
    | Escaped
    | Silence
    | Passed
    | Recorded
    | Found
    | NotFound
    | Notified
    | Failed
    | CaseOpened
    | RecordingSet
    | Transferred
    | HungUp
    | Resumed
    | Unable
    | Ended,
    Discriminator("type"),
]
