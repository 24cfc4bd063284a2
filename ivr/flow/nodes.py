"""The node kinds: one frozen class each, under the name that designers write as `type`.

Each kind has a `case` in `ivr.engine.nodes`, a section in `docs/flow-language.md` and a test file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, model_validator

from ivr.flow.habits import (
    Attempt as Attempt,
)
from ivr.flow.habits import (
    GiveUp as GiveUp,
)
from ivr.flow.habits import (
    Habits as Habits,
)
from ivr.flow.habits import (
    KeyAction as KeyAction,
)
from ivr.flow.habits import (
    Keys as Keys,
)
from ivr.flow.habits import (
    Listening as Listening,
)
from ivr.flow.habits import (
    Node as Node,
)
from ivr.flow.habits import (
    UniversalJump as UniversalJump,
)
from ivr.flow.habits import (
    Visits as Visits,
)
from ivr.flow.scalars import (
    DestinationName,
    Duration,
    FlowName,
    KeySequence,
    Model,
    Name,
    Target,
    Text,
    refusal,
)


class Say(Node):
    """Say something and go on.

    `barge_in: false` plays it to its end whatever the caller presses (a legal notice). `language`
    fixes the language of this prompt, whatever the call's is: `say` is written in it and has no
    translations.
    """

    type: Literal["say"] = "say"
    say: Text
    language: str | None = None
    barge_in: bool = True
    next: Target


class Option(Model):
    """A line of a menu: spoken as “Untuk {label}, tekan {key}.” unless `spoken: false`.

    `language` fixes the language of the line (“For English, press two.”), as in `Say`.
    """

    key: KeySequence
    name: Name
    label: Text | None = None
    language: str | None = None
    value: str | None = None
    next: Target | None = None
    spoken: bool = True


class Menu(Listening):
    """Offer options. `into` takes the chosen option's `value` (or its name).

    `otherwise` makes the menu pass on: silence, or a key that begins no option, leads there at
    once and the key stays for the next node.
    """

    type: Literal["menu"] = "menu"
    say: Text | None = None
    options: tuple[Option, ...] = Field(min_length=1, max_length=12)
    into: Name | None = None
    next: Target | None = None
    otherwise: Target | None = None


class Collect(Listening):
    """Gather digits into a variable.

    `digits` is how many: `6` or `15-16`; with `as` the identifier kind decides. `sensitive` keeps
    the digits away from everything but the lookup that needs them; `public` says that they are
    about nobody (a year, a train number). `confirm` reads them back, all or the last four.
    """

    type: Literal["collect"] = "collect"
    say: Text
    digits: Annotated[str, Field(pattern=r"^\d{1,2}(-\d{1,2})?$")] | None = None
    kind: Literal["nik", "npwp", "bpjs", "case"] | None = Field(default=None, alias="as")
    sensitive: bool = False
    public: bool = False
    finish: Literal["#"] = "#"
    into: Name
    confirm: Literal["all", "last4"] | None = None
    on_invalid: Mapping[Name, Text] = Field(default_factory=dict)
    next: Target

    @model_validator(mode="after")
    def _one_rule_for_length(self) -> Collect:
        if (self.digits is None) == (self.kind is None):
            raise refusal("digits-or-as")
        if self.sensitive and self.public:
            raise refusal("sensitive-public")
        if self.sensitive and self.confirm == "all":
            raise refusal("sensitive-confirm")
        return self

    def lengths(self) -> tuple[int, int] | None:
        """Least and most digits, None when the identifier kind decides."""
        if self.digits is None:
            return None
        least, _, most = self.digits.partition("-")
        return int(least), int(most or least)


class Case(Model):
    """A branch of `choose`: `if` compares values, `when` is a CEL expression; one of the two."""

    equals: Mapping[str, str] | None = Field(default=None, alias="if")
    when: str | None = None
    next: Target

    @model_validator(mode="after")
    def _one_condition(self) -> Case:
        if (self.equals is None) == (self.when is None):
            raise refusal("if-or-when")
        return self


class Choose(Node):
    """Take the first case that holds, else `else`."""

    type: Literal["choose"] = "choose"
    cases: tuple[Case, ...] = Field(min_length=1)
    otherwise: Target = Field(alias="else")


class Set(Node):
    """Give values to names.

    `values` are texts (a whole-value placeholder `"{x}"` passes the value itself), `compute` are
    CEL expressions. `recording` begins or ends the recording of the call.
    """

    type: Literal["set"] = "set"
    values: Mapping[Name, str] = Field(default_factory=dict)
    compute: Mapping[Name, str] = Field(default_factory=dict)
    recording: Literal["on", "off"] | None = None
    next: Target


class Subflow(Node):
    """Run another flow and come back. `into` takes the results that the flow declares."""

    type: Literal["subflow"] = "subflow"
    flow: FlowName
    arguments: Mapping[Name, str] = Field(default_factory=dict, alias="with")
    into: Name | None = None
    next: Target


class Record(Node):
    """Record what the caller says after a tone.

    `into` takes `seconds` and, with `case`, the `number` of the case that is opened for it.
    `on_nothing` is where a recording shorter than a second leads. After a hangup the message is
    kept and gets its number, then `on_hangup` goes on with the steps that need no caller.
    """

    type: Literal["record"] = "record"
    say: Text
    limit: Duration = 180_000
    silence: Duration = 5_000
    finish: Literal["#"] = "#"
    into: Name
    case: Name | None = None
    on_nothing: Target
    on_hangup: Target | None = None
    next: Target


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


class Language(Node):
    """Go on in another language."""

    type: Literal["language"] = "language"
    to: str
    next: Target


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


class Hangup(Node):
    """Say the last words and end the call. `outcome` is how reports count the call."""

    type: Literal["hangup"] = "hangup"
    say: Text | None = None
    outcome: Name = "informasi"


AnyNode: TypeAlias = Annotated[
    Say
    | Menu
    | Collect
    | Choose
    | Set
    | Subflow
    | Record
    | Lookup
    | Hours
    | Language
    | Transfer
    | Hangup,
    Discriminator("type"),
]

KINDS: tuple[type[Node], ...] = get_args(get_args(AnyNode)[0])
