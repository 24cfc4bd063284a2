"""What the caller does not notice: conditions, values, and flows within flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ivr.flow.habits import Node
from ivr.flow.scalars import FlowName, Model, Name, Target, refusal


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
