"""Names and what they stand for: variables of the running flow, and the facts of the call."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.engine.draft import Draft
from ivr.engine.values import Field, Personal, Scalar, Secret, Value, reveal
from ivr.flow.expressions import ExpressionFault, evaluate
from ivr.flow.templates import Placeholder, parse_template

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def call_facts(draft: Draft) -> dict[str, Field]:
    """What `call.…` offers. Times are on the hotline's clock."""
    now = draft.local_time
    return {
        "date": now.date().isoformat(),
        "year": now.year,
        "month": now.month,
        "day": now.day,
        "hour": now.hour,
        "minute": now.minute,
        "weekday": _WEEKDAYS[now.weekday()],
        "language": draft.run.language,
        "dialled": draft.run.dialled,
    }


def find(draft: Draft, name: str) -> Field:
    """The value behind `name` or `name.field`; None when it has not been set."""
    head, _, tail = name.partition(".")
    value: Value = call_facts(draft) if head == "call" else draft.run.frame.variables.get(head)
    if tail and isinstance(value, Secret):
        return _told_of(value).get(tail)
    if isinstance(value, Mapping):
        return value.get(tail) if tail else None
    return None if tail else value


def _told_of(secret: Secret) -> dict[str, Scalar]:
    return {"length": secret.length, "valid": secret.valid, "reason": secret.reason}


def fill(draft: Draft, text: str) -> Field:
    """A `with` or `values` entry: a whole-value placeholder passes the value, others make text.

    Text with a personal value in it is personal. A secret can only be passed whole.
    """
    parts = parse_template(text)
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return find(draft, parts[0].name)
    values = [find(draft, part.name) if isinstance(part, Placeholder) else part for part in parts]
    words = "".join("" if value is None else str(reveal(value)) for value in values)
    return Personal(words) if any(isinstance(value, Personal) for value in values) else words


def fill_all(draft: Draft, texts: Mapping[str, str]) -> dict[str, Value]:
    """All entries of a `with`, each filled."""
    return {name: fill(draft, text) for name, text in texts.items()}


def visible(draft: Draft) -> dict[str, Scalar | Mapping[str, Scalar]]:
    """What an expression may see: personal values in clear, of a secret only what is told of it."""
    names: dict[str, Scalar | Mapping[str, Scalar]] = {
        name: _visible_value(value) for name, value in draft.run.frame.variables.items()
    }
    names["call"] = {name: reveal(value) for name, value in call_facts(draft).items()}
    return names


def _visible_value(value: Value) -> Scalar | Mapping[str, Scalar]:
    if isinstance(value, Secret):
        return _told_of(value)
    if isinstance(value, Mapping):
        return {
            name: reveal(field) for name, field in value.items() if not isinstance(field, Secret)
        }
    return reveal(value)


def compute(draft: Draft, expression: str) -> Field:
    """The value of an expression; personal as soon as any variable of the flow in it is.

    None when it cannot be computed (a name without a value, a wrong type).
    """
    try:
        value = evaluate(expression, visible(draft))
    except ExpressionFault:
        return None
    if value is None or isinstance(value, bool):
        return value
    return Personal(value) if _touches_personal(draft, expression) else value


def _touches_personal(draft: Draft, expression: str) -> bool:
    return any(
        _is_personal(value) and name in expression
        for name, value in draft.run.frame.variables.items()
    )


def _is_personal(value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(isinstance(field, Personal | Secret) for field in value.values())
    return isinstance(value, Personal | Secret)


def holds(draft: Draft, equals: Mapping[str, str] | None, when: str | None) -> bool:
    """Whether a case of `choose` holds; a condition that cannot be computed does not."""
    if equals is not None:
        return all(_same(find(draft, name), wanted) for name, wanted in equals.items())
    try:
        return evaluate(when or "false", visible(draft)) is True
    except ExpressionFault:
        return False


def _same(value: Field, wanted: str) -> bool:
    if value is None or isinstance(value, Secret):
        return False
    plain = reveal(value)
    return (str(plain).lower() if isinstance(plain, bool) else str(plain)) == wanted
