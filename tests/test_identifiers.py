from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow import identifiers
from ivr.flow.identifiers import check, group, lengths, luhn_digit, normalise, reasons

DIGITS = st.text(alphabet="0123456789", max_size=20)


@pytest.mark.parametrize(
    ("digits", "reason"),
    [
        ("3201011508950001", None),
        ("3201015508950001", None),
        ("3201013102950001", "date"),
        ("3201018108950001", "date"),
        ("3201011508950000", "serial"),
        ("9601010101000001", None),
        ("9971011708450001", "province"),
        ("3200011508950001", "regency"),
        ("3201001508950001", "district"),
        ("3201012902000001", None),
        ("3201012902010001", "date"),
        ("3201016902960001", None),
        ("3201010013950001", "date"),
        ("3201014013950001", "date"),
        ("320101150895000", "short"),
        ("32010115089500011", "long"),
        ("", "short"),
        ("320101150895000x", "short"),
        ("٣٢٠١٠١١٥٠٨٩٥٠٠٠١", "short"),
    ],
)
def test_nik(digits: str, reason: str | None) -> None:
    assert check("nik", digits) == reason


@pytest.mark.parametrize(
    ("digits", "reason"),
    [
        ("021832415000000", None),
        ("0021832415000000", None),
        ("021832416000000", "checksum"),
        ("0021832416000000", "checksum"),
        ("3201011508950001", None),
        ("3201013102950001", "date"),
        ("9971011708450001", "province"),
        ("02183241500000", "short"),
        ("00218324150000000", "long"),
    ],
)
def test_npwp(digits: str, reason: str | None) -> None:
    assert check("npwp", digits) == reason


@pytest.mark.parametrize(
    ("digits", "reason"),
    [
        ("0009900000011", None),
        ("3201011508950001", None),
        ("3201013102950001", "date"),
        ("9971011708450001", "province"),
        ("000990000001", "short"),
        ("00099000000111", "short"),
        ("320101150895000", "short"),
        ("32010115089500011", "long"),
        ("000990000001x", "short"),
    ],
)
def test_bpjs(digits: str, reason: str | None) -> None:
    assert check("bpjs", digits) == reason


@pytest.mark.parametrize(
    ("digits", "digit"),
    [("02183241", "5"), ("01312166", "0"), ("12345678", "2"), ("65389112", "7"), ("0", "0")],
)
def test_luhn(digits: str, digit: str) -> None:
    assert luhn_digit(digits) == digit


@given(st.text(alphabet="0123456789", min_size=8, max_size=8), st.data())
def test_case_number_survives_no_single_slip(digits: str, data: st.DataObject) -> None:
    number = digits + luhn_digit(digits)
    assert check("case", number) is None
    at = data.draw(st.integers(0, 8))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    assert check("case", number[:at] + other + number[at + 1 :]) == "checksum"


def test_case_lengths() -> None:
    assert lengths("case") == (9, 9)
    assert check("case", "12345678") == "short"
    assert check("case", "1234567822") == "long"


def test_normalise() -> None:
    assert normalise("npwp", "021832415000000") == "0021832415000000"
    assert normalise("npwp", "0021832415000000") == "0021832415000000"
    assert normalise("nik", "3201011508950001") == "3201011508950001"
    assert normalise("case", "123456782") == "123456782"


def test_group() -> None:
    assert "-".join(group("npwp", "021832415000000")) == "02-183-241-5-000-000"
    assert group("nik", "3201011508950001") == ("3201", "0115", "0895", "0001")
    assert group("bpjs", "0009900000011") == ("0009", "9000", "00011")
    assert group("case", "123456782") == ("123", "456", "782")
    assert group("case", "12") == ("12",)


@given(st.sampled_from(sorted(identifiers.KINDS)), DIGITS)
def test_check_gives_only_its_reasons(kind: str, digits: str) -> None:
    reason = check(kind, digits)
    assert reason is None or reason in reasons(kind)
    least, most = lengths(kind)
    incomplete = kind == "bpjs" and len(digits) in (14, 15)
    if kind in ("nik", "npwp", "bpjs", "case"):
        assert (reason == "short") == (len(digits) < least or incomplete)
        assert (reason == "long") == (len(digits) > most)
    assert reason == "short" or len(digits) >= least
    assert "".join(group(kind, digits)) == digits


def test_unknown_kind() -> None:
    with pytest.raises(KeyError):
        check("passport", "1")
    assert reasons(None) == ("short", "long")
