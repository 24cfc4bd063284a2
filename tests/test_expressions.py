from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.expressions import (
    LONGEST,
    Complaint,
    ExpressionFault,
    Scalar,
    Type,
    check_expression,
    evaluate,
)

NAMES: Mapping[str, Scalar | Mapping[str, Scalar]] = {
    "topic": "spt",
    "days": 40,
    "late": False,
    "nothing": None,
    "taxpayer": {"status": "active", "letters": 2},
    "call": {"date": "2026-01-30", "year": 2026, "language": "id"},
}
TYPES: Mapping[str, Type] = {
    "topic": "string",
    "days": "int",
    "late": "bool",
    "agency": "any",
    "taxpayer.status": "string",
    "call.date": "string",
    "npwp.valid": "bool",
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('topic == "spt"', True),
        ("days > 30 && !late", True),
        ("late || days < 30", False),
        ("days - 10", 30),
        ("days / 7 + days % 7", 10),
        ("-days", -40),
        ('taxpayer.status == "active"', True),
        ("taxpayer.letters + 1", 3),
        ('days > 30 ? "jauh" : "dekat"', "jauh"),
        ('days_between(call.date, "2026-03-31")', 60),
        ('days_between("2024-02-28", "2024-03-01")', 2),
        ('days_between("2026-03-31", call.date)', -60),
        ('topic in ["spt", "bayar"]', True),
        ('topic.startsWith("s") && topic.size() == 3', True),
        ("string(days)", "40"),
        ('int("0123")', 123),
        ("nothing == null", True),
        ("nothing", None),
        ('"unknown" == topic || missing == 1 || true', True),
    ],
)
def test_values(expression: str, value: Scalar) -> None:
    found = evaluate(expression, NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "expression",
    [
        "missing == 1",
        "taxpayer.state",
        "topic.status",
        'topic + 1 == "spt1"',
        "days > topic",
        "1 / 0 == 1",
        "9223372036854775807 + days",
        "days ? 1 : 2",
        'days_between("31-03-2026", call.date)',
        "days_between(days, call.date)",
        "0.5",
        "[1, 2]",
        "taxpayer",
        'timestamp("2026-01-01T00:00:00Z")',
        "[1].exists(x, x == 1)",
        "days >",
        "",
        "1 + " * LONGEST + "1",
        "(" * 200 + "1" + ")" * 200,
    ],
)
def test_expression_without_a_value(expression: str) -> None:
    with pytest.raises(ExpressionFault):
        evaluate(expression, NAMES)


def test_a_value_is_never_quoted() -> None:
    with pytest.raises(ExpressionFault) as caught:
        evaluate("int(topic) + days_between(topic, topic)", {"topic": "0218324150"})
    assert "0218324150" not in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ('topic == "x"', "bool"),
        ("days + 1", "int"),
        ('topic + "x"', "string"),
        ("agency", "any"),
        ("agency > 3", "bool"),
        ('taxpayer.status == "active" && npwp.valid', "bool"),
        ('days_between(call.date, "2026-03-31")', "int"),
    ],
)
def test_types(expression: str, type_: Type) -> None:
    assert check_expression(expression, TYPES) == type_


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ('topik == "x"', Complaint("undefined-name", 0, "topik")),
        ("days > 1 && taxpayer.state > 1", Complaint("undefined-name", 12, "taxpayer.state")),
        ('npwp == "1"', Complaint("undefined-name", 0, "npwp")),
        ('days == "1"', Complaint("expression-types", 5, "==", "int, string")),
        ("days +\n  topic", Complaint("expression-types", 5, "+", "int, string")),
        ("days +\n  topik", Complaint("undefined-name", 9, "topik")),
        ("length(topic) > 1", Complaint("expression-function", 0, "length")),
        ("1 < topic.nope()", Complaint("expression-function", 10, "nope")),
        ("days = 1", Complaint("expression-syntax", 5)),
        ('days > 1 and topic == "x"', Complaint("expression-syntax", 9)),
        ("", Complaint("expression-syntax", 0)),
        ('topic == "x', Complaint("expression-syntax", 9)),
        ("0.5", Complaint("expression-result", 0, "double")),
        ("[1].all(x, x > 0)", Complaint("expression-macro", 4, "all")),
        ("x" * (LONGEST + 1), Complaint("expression-length", 0, str(LONGEST + 1))),
        ("(" * 100 + "1" + ")" * 100, Complaint("expression-syntax", 0)),
    ],
)
def test_complaints(expression: str, complaint: Complaint) -> None:
    assert check_expression(expression, TYPES) == complaint


@given(st.text(alphabet="abctopicdays.()[]{}!=<>&|+-*/%?:\"' 019\n\\é", max_size=60))
@settings(deadline=None)
def test_any_text_is_judged(expression: str) -> None:
    judged = check_expression(expression, TYPES)
    if isinstance(judged, Complaint):
        assert 0 <= judged.column <= len(expression)
