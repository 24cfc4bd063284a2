"""What the caller keys in or speaks: digits and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ivr.flow.habits import Listening, Node
from ivr.flow.identifiers import KindName
from ivr.flow.scalars import Duration, Name, Target, Text, refusal


class Collect(Listening):
    """Gather digits into a variable.

    `digits` is how many: `6` or `15-16`; with `as` the identifier kind decides. `sensitive` keeps
    the digits away from everything but the lookup that needs them; `public` says that they are
    about nobody (a year, a train number). `confirm` reads them back, all or the last four.
    """

    type: Literal["collect"] = "collect"
    say: Text
    digits: Annotated[str, Field(pattern=r"^\d{1,2}(-\d{1,2})?$")] | None = None
    kind: KindName | None = Field(default=None, alias="as")
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
