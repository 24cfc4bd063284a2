"""The three classes of data, carried by the type of a value.

A *public* value is a plain scalar. A `Personal` value is known to the engine but never leaves in
clear: the journal's leaf keeps a salted digest of it, the vault its ciphertext. A `Secret` is only
a reference: the digits themselves stay with the driver and the encrypted live row.

Rules of this file: neither class can be printed by accident (`str`, `repr` and `format` hide the
content), and both turn into JSON objects with one reserved key, `$personal` or `$secret`, so that
whoever writes a leaf finds them without knowing the shape around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

Scalar: TypeAlias = str | int | bool | None

PERSONAL_KEY = "$personal"
SECRET_KEY = "$secret"


class Personal:
    """A value about a person: visible to the engine through `reveal()`, to nobody by printing."""

    __slots__ = ("_value",)

    def __init__(self, value: str | int) -> None:
        self._value = value

    def reveal(self) -> str | int:
        """Return the value itself. Each call of this is a place to review."""
        return self._value

    def __repr__(self) -> str:
        return "Personal(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Personal, self._value))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_personal,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda personal: {PERSONAL_KEY: personal.reveal()}
            ),
        )


def _read_personal(data: object) -> Personal:
    if isinstance(data, Personal):
        return data
    if isinstance(data, Mapping) and set(data) == {PERSONAL_KEY}:
        return Personal(data[PERSONAL_KEY])
    raise ValueError("not a personal value")


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to digits that only the driver can resolve.

    `length` counts the digits. `reason` is why they are not valid (`short`, `checksum`, …), None
    when they are. The reference is a random name and tells nothing about the digits.
    """

    ref: str
    length: int
    valid: bool
    reason: str | None = None

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_secret,
            serialization=core_schema.plain_serializer_function_ser_schema(_write_secret),
        )


def _read_secret(data: object) -> Secret:
    if isinstance(data, Secret):
        return data
    if isinstance(data, Mapping) and set(data) == {SECRET_KEY}:
        return Secret(**data[SECRET_KEY])
    raise ValueError("not a secret")


def _write_secret(secret: Secret) -> dict[str, object]:
    return {
        SECRET_KEY: {
            "ref": secret.ref,
            "length": secret.length,
            "valid": secret.valid,
            "reason": secret.reason,
        }
    }


Field: TypeAlias = Personal | Secret | bool | int | str | None
"""A single value: what a variable or a field of a lookup's answer holds."""

Value: TypeAlias = Field | Mapping[str, Field]
"""What a variable holds: a single value, or the named fields of a lookup's answer."""


def reveal(value: Field) -> Scalar:
    """The value as a plain scalar for a condition or a lookup; a secret is an error here.

    Raises TypeError for a secret: conditions may ask for its `valid` and `length`, not its digits.
    """
    if isinstance(value, Secret):
        raise TypeError("a secret has no value that the engine can see")
    return value.reveal() if isinstance(value, Personal) else value
