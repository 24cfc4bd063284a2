"""What the caller keys in or speaks: digits and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ivr.flow.habits import Habits, Listening
from ivr.flow.identifiers import KindName
from ivr.flow.scalars import Duration, KeySequence, Model, Name, Target, Text, refusal


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


class ReviewKeys(Model):
    """What the caller presses when a message is reviewed."""

    keep: KeySequence = "1"
    listen: KeySequence = "2"
    again: KeySequence = "3"


class Record(Listening):
    """Record what the caller says after a tone.

    `into` takes `seconds` and, with `case`, the `number` of the case that is opened for it.
    `on_nothing` is where a recording shorter than a second leads. After a hangup the message is
    kept and gets its number, then `on_hangup` goes on with the steps that need no caller.

    With `review` the caller can hear the message and speak again before it is kept; the listening
    fields are about that. Whatever ends the review but another take keeps the message: nothing
    that was said is lost. `on_give_up` is not inherited: without its own, the call goes on at
    `next`.
    """

    type: Literal["record"] = "record"
    say: Text
    limit: Duration = 180_000
    silence: Duration = 5_000
    finish: Literal["#"] = "#"
    into: Name
    case: Name | None = None
    review: bool = False
    review_keys: ReviewKeys = ReviewKeys()
    type_ahead: Literal["keep"] = "keep"
    on_nothing: Target
    next: Target

    @model_validator(mode="after")
    def _review_fields_with_review(self) -> Record:
        """By their values: in a bundle every field is written out."""
        about_review = {*Habits.model_fields, "keys", "review_keys"}
        for name in () if self.review else about_review:
            default = Record.model_fields[name].get_default(call_default_factory=True)
            if getattr(self, name) != default:
                raise refusal("needs-review")
        return self


class Consent(Listening):
    """Ask for leave, as evidence: agreed only by a key that was pressed for this question.

    `purpose` is a stable name for the journal. `into` takes whether leave was given, true or false.
    Silence and wrong keys refuse; `on_give_up` is not inherited, and where it stands the call goes
    there instead of to `refused`, without leave all the same.
    """

    type: Literal["consent"] = "consent"
    say: Text
    purpose: Name
    agree: KeySequence = "1"
    refuse: KeySequence = "2"
    into: Name | None = None
    type_ahead: Literal["flush"] = "flush"
    granted: Target
    refused: Target
