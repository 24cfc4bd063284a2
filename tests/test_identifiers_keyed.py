"""Identifiers that are not what was pressed: telephone numbers, plates and booking codes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.identifiers import KINDS, check, check_written, normalise, read
from ivr.flow.letters import SIGNS, decode, encode
from ivr.flow.plates import REGIONS
from ivr.speech.groups import group_phone, group_plate
from ivr.speech.kinds import KINDS as SPOKEN

SIGNS_WRITTEN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=12)


@pytest.mark.parametrize(
    ("sign", "keys"),
    [("A", "21"), ("B", "22"), ("C", "23"), ("S", "74"), ("Z", "94"), ("7", "07"), ("0", "00")],
)
def test_a_sign_is_two_keys(sign: str, keys: str) -> None:
    assert (encode(sign), decode(keys)) == (keys, sign)


def test_every_letter_and_digit_has_its_keys() -> None:
    assert sorted(SIGNS.values()) == sorted("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@given(SIGNS_WRITTEN)
def test_what_was_keyed_is_read_back(written: str) -> None:
    assert decode(encode(written)) == written


@pytest.mark.parametrize("keys", ["1", "11", "24", "20", "2", "210", "2224"])
def test_keys_that_stand_for_nothing(keys: str) -> None:
    assert decode(keys) is None


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ("081234567890", "081234567890"),
        ("0812345678", "0812345678"),
        ("0812345678901", "0812345678901"),
        ("6281234567890", "081234567890"),
        ("62081234567890", "081234567890"),
        ("0215551234", "0215551234"),
        ("02155512345", "02155512345"),
        ("622155512345", "02155512345"),
        ("0361234567", "0361234567"),
        ("036721234", "036721234"),
        ("0370621234", "0370621234"),
        ("097112345", None),
    ],
)
def test_telephone_numbers(keys: str, written: str | None) -> None:
    assert check("phone", keys) == (None if written else "subscriber")
    if written:
        assert read("phone", keys) == written


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("08123456", "short"),
        ("081234567", "short"),
        ("08123456789012", "long"),
        ("0812345678901234", "long"),
        ("0800123456", "prefix"),
        ("081234567x", "short"),
        ("812345678901", "prefix"),
        ("0112345678", "prefix"),
        ("0012345678", "prefix"),
        ("0211234567", "subscriber"),
        ("0361034567", "subscriber"),
        ("021555123", "short"),
        ("021555123456", "long"),
        ("0361223456789", "long"),
    ],
)
def test_no_telephone_numbers(keys: str, reason: str) -> None:
    assert check("phone", keys) == reason


@pytest.mark.parametrize("written", ["+62 812-3456-7890", "62812 3456 7890", "0812.3456.7890"])
def test_one_number_in_the_ways_people_write_it(written: str) -> None:
    assert normalise("phone", written) == "081234567890"
    assert check_written("phone", written) is None
    assert group_phone(normalise("phone", written)) == ("0812", "3456", "7890")


@given(st.integers(10**7, 10**11 - 1), st.sampled_from("1235789"))
def test_every_mobile_number_is_one_in_all_its_forms(rest: int, block: str) -> None:
    number = f"08{block}{rest}"[:13]
    for keys in (number, f"62{number[1:]}", f"62{number}"):
        assert check("phone", keys) is None
        assert read("phone", keys) == number
        assert read("phone", read("phone", keys)) == number


@pytest.mark.parametrize(
    ("plate", "reason"),
    [
        ("B1234XYZ", None),
        ("DK1A", None),
        ("AB9999ZZZ", None),
        ("PY12B", None),
        ("C1234XY", "region"),
        ("I12A", "region"),
        ("B0123XY", "form"),
        ("B12345XY", "form"),
        ("1234XYZ", "form"),
        ("BXYZ12", "form"),
        ("ABC12X", "form"),
    ],
)
def test_plates(plate: str, reason: str | None) -> None:
    assert check("plate", encode(plate)) == reason
    assert check_written("plate", plate.lower()) == reason


def test_a_plate_is_written_with_its_spaces() -> None:
    keys = "2201020304929394"
    assert check("plate", keys) is None
    assert read("plate", keys) == "B 1234 XYZ"
    assert normalise("plate", "b1234xyz") == normalise("plate", "B-1234-XYZ") == "B 1234 XYZ"
    assert group_plate(read("plate", keys)) == ("B", "1234", "XYZ")


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("22010203049293", None),
        ("220102030492934", "short"),
        ("2201", "short"),
        ("2401020304929394", "letter"),
        ("22" * 10, "long"),
    ],
)
def test_keys_of_a_plate(keys: str, reason: str | None) -> None:
    assert check("plate", keys) == reason


@given(
    st.sampled_from(sorted(REGIONS)),
    st.integers(1, 9999),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=3),
)
def test_every_plate_of_a_region_is_one(region: str, number: int, series: str) -> None:
    keys = encode(f"{region}{number}{series}")
    assert check("plate", keys) is None
    assert read("plate", keys) == f"{region} {number} {series}"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("K7P2D0", None), ("K7P2D0F", None), ("123456", None), ("K7P2D", "short"), ("K" * 8, "long")],
)
def test_booking_codes(code: str, reason: str | None) -> None:
    assert check("booking_code", encode(code)) == reason
    assert check_written("booking_code", f" {code.lower()}") == reason
    if reason is None:
        assert read("booking_code", encode(code)) == normalise("booking_code", code) == code


def test_a_key_that_is_no_letter_in_a_booking_code() -> None:
    assert check("booking_code", "240101010101") == "letter"
    assert check("booking_code", "2101010101010") == "short"
    assert check_written("booking_code", "K7P2Ü0") == "letter"


def test_what_is_read_out_is_a_kind_that_speech_knows() -> None:
    assert {kind.speak for kind in KINDS.values()} <= SPOKEN.keys()


@given(st.sampled_from(sorted(KINDS)), st.text("0123456789", max_size=20))
def test_what_is_accepted_can_be_written_and_written_again(kind: str, keys: str) -> None:
    if check(kind, keys) is None:
        written = read(kind, keys)
        assert check_written(kind, written) is None
        assert normalise(kind, normalise(kind, written)) == normalise(kind, written)
        assert re.fullmatch("[0-9A-Z ]+", written)
