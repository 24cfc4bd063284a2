"""What the engine concluded in a turn: facts in the past tense, one class each.

Log, reports and replay read nothing else. `flow` and `node` say where; times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator

from ivr.engine.agreeing import ConsentGiven, ConsentRefused
from ivr.engine.asking import SourceAnswered, WebhookAnswered
from ivr.engine.handing import TransferBegun, TransferEnded
from ivr.engine.messages import (
    CaseOpened,
    MessageKept,
    MessagePlayed,
    MessageRecorded,
    MessageRejected,
)
from ivr.engine.timetable import HoursChecked
from ivr.engine.utterance import Pace, Utterance
from ivr.engine.values import Field, Personal, Secret


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call began. `rules` is the version of the engine's rules; a `test` counts in no report."""

    dialled: str
    caller: Personal | None
    bundle: str
    flow: str
    language: str
    rules: int
    test: bool = False
    type: Literal["call.started"] = "call.started"


@dataclass(frozen=True, slots=True)
class NodeEntered:
    """The call came to a node."""

    flow: str
    node: str
    kind: str
    type: Literal["node.entered"] = "node.entered"


@dataclass(frozen=True, slots=True)
class PromptPlayed:
    """Prompts were played; `heard` is how much of them the caller heard."""

    flow: str
    node: str
    utterances: tuple[Utterance, ...]
    heard: int
    interrupted: bool
    type: Literal["prompt.played"] = "prompt.played"


@dataclass(frozen=True, slots=True)
class MenuChosen:
    """The caller chose an option; `waited` counts from the end of the prompt, 0 in it."""

    flow: str
    node: str
    option: str
    keys: str
    waited: int
    type: Literal["menu.chosen"] = "menu.chosen"


@dataclass(frozen=True, slots=True)
class UniversalUsed:
    """The caller pressed a key that means the same everywhere; `action` is what it did."""

    flow: str
    node: str
    keys: str
    action: str
    type: Literal["universal.used"] = "universal.used"


@dataclass(frozen=True, slots=True)
class InputSilent:
    """No key came; `count` silences in this node so far."""

    flow: str
    node: str
    count: int
    type: Literal["input.silent"] = "input.silent"


@dataclass(frozen=True, slots=True)
class InputWrong:
    """Keys that mean nothing here; `count` in this node so far."""

    flow: str
    node: str
    keys: str
    count: int
    type: Literal["input.wrong"] = "input.wrong"


@dataclass(frozen=True, slots=True)
class InputRejected:
    """Digits that cannot be right, and why (`short`, `checksum` …)."""

    flow: str
    node: str
    reason: str
    length: int
    count: int
    type: Literal["input.rejected"] = "input.rejected"


@dataclass(frozen=True, slots=True)
class InputAccepted:
    """Digits were taken over into a variable."""

    flow: str
    node: str
    name: str
    value: Secret | Personal | str
    length: int
    type: Literal["input.accepted"] = "input.accepted"


@dataclass(frozen=True, slots=True)
class InputConfirmed:
    """The caller said that the digits read back are right (or not)."""

    flow: str
    node: str
    right: bool
    type: Literal["input.confirmed"] = "input.confirmed"


@dataclass(frozen=True, slots=True)
class TriesExhausted:
    """A node gave up: too much `silence`, too many `wrong_key`, too many `visits`."""

    flow: str
    node: str
    reason: str
    type: Literal["tries.exhausted"] = "tries.exhausted"


@dataclass(frozen=True, slots=True)
class VariablesSet:
    """A `set` node gave values to names."""

    flow: str
    node: str
    values: Mapping[str, Field]
    type: Literal["variables.set"] = "variables.set"


@dataclass(frozen=True, slots=True)
class CaseTaken:
    """A `choose` node decided: `case` counts its cases from 1, 0 is `else`."""

    flow: str
    node: str
    case: int
    type: Literal["case.taken"] = "case.taken"


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The call goes on in another language."""

    flow: str
    node: str
    language: str
    type: Literal["language.chosen"] = "language.chosen"


@dataclass(frozen=True, slots=True)
class PaceChanged:
    """The caller wants to be spoken to slowly, or at the usual pace again."""

    flow: str
    node: str
    pace: Pace
    type: Literal["pace.changed"] = "pace.changed"


@dataclass(frozen=True, slots=True)
class RecordingSwitched:
    """The recording of the call began or ended."""

    on: bool
    recording: str | None
    type: Literal["recording.switched"] = "recording.switched"


@dataclass(frozen=True, slots=True)
class CallResumed:
    """Another engine took over the call in this step."""

    flow: str
    node: str
    step: str
    type: Literal["call.resumed"] = "call.resumed"


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller is gone; `heard` is how much of the last prompts was played."""

    flow: str
    node: str
    heard: int
    type: Literal["caller.hung_up"] = "caller.hung_up"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The call met a limit of the hotline: `turns`, `call` or `moves`."""

    flow: str
    node: str
    limit: str
    type: Literal["limit.reached"] = "limit.reached"


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The channel could not perform a step; the node's way out for faults was taken."""

    flow: str
    node: str
    step: str
    reason: str
    type: Literal["step.failed"] = "step.failed"


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The engine's last event. `turns` counts them all, so that none can be missing."""

    turns: int
    outcome: str
    type: Literal["call.ended"] = "call.ended"


Event: TypeAlias = Annotated[
    CallStarted
    | NodeEntered
    | PromptPlayed
    | MenuChosen
    | UniversalUsed
    | InputSilent
    | InputWrong
    | InputRejected
    | InputAccepted
    | InputConfirmed
    | TriesExhausted
    | VariablesSet
    | CaseTaken
    | HoursChecked
    | SourceAnswered
    | WebhookAnswered
    | MessageRecorded
    | MessagePlayed
    | MessageRejected
    | MessageKept
    | CaseOpened
    | LanguageChosen
    | PaceChanged
    | ConsentGiven
    | ConsentRefused
    | RecordingSwitched
    | TransferBegun
    | TransferEnded
    | CallResumed
    | CallerHungUp
    | LimitReached
    | StepFailed
    | CallEnded,
    Discriminator("type"),
]
