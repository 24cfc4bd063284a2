"""Leaves of the audit log: canonical bytes, digests instead of personal values."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ivr.audit.leaf import (
    ERASED,
    MAX_LEAF,
    Header,
    Leaf,
    as_recorded,
    digest_of,
    encode_leaf,
    hash_leaf,
    open_disclosures,
    read_leaf,
    read_time,
    restore,
    write_id,
    write_time,
)
from ivr.store.plain import turn_data
from tests.journal_samples import CALLER, PLATE, REF, make_turn

AT = datetime(2026, 11, 24, 2, 36, 36, 371042, tzinfo=UTC)
HEADER = Header("log", 7, "018f0000-0000-7000-8000-000000000000", AT, "engine", "c1", 3, "turn")


def _salts() -> Callable[[], bytes]:
    numbers = iter(range(1000))
    return lambda: next(numbers).to_bytes(16, "big")


def _encode(data: dict[str, Any]) -> Leaf:
    return encode_leaf(HEADER, data, _salts())


def test_a_leaf_is_these_bytes() -> None:
    assert (
        _encode({"b": 1, "a": ["é", None, True]}).raw
        == (
            '{"at":"2026-11-24T02:36:36.371042Z","call":"c1","data":{"a":["é",null,true],"b":1},'
            '"id":"018f0000-0000-7000-8000-000000000000","kind":"turn","log":"log","n":3,"seq":7,'
            '"src":"engine","v":1}'
        ).encode()
    )


@pytest.mark.parametrize(
    "data",
    [
        {"text": '\x00\x1f\x7f\b\f\n\r\t"\\/é\u2028\U0001f600'},
        {"b": 1, "a": 2, "B": 3, "_": 4, "a1": 5},
        {"\U0001f600": 1, "\ue000": 2, "é": 3},
        {"n": [0, -1, 2**53 - 1, -(2**53) + 1, True, None, [], {}, ""]},
    ],
)
def test_the_bytes_are_those_of_rfc_8785(data: dict[str, Any]) -> None:
    leaf = _encode(data)
    assert leaf.raw == rfc8785.dumps(json.loads(leaf.raw))
    assert json.loads(leaf.raw)["data"] == data


def test_the_hash_is_that_of_rfc_6962() -> None:
    # The empty leaf of the known-answer tests of Certificate Transparency.
    empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert hash_leaf(b"").hex() == empty
    assert hash_leaf(b"x") == hashlib.sha256(b"\x00x").digest()


def test_a_personal_value_becomes_the_digest_of_its_disclosure() -> None:
    leaf = _encode({"events": [{"caller": {"$personal": CALLER}}]})
    (disclosure,) = leaf.disclosures
    padded = disclosure + "=" * (-len(disclosure) % 4)
    salt, name, value = json.loads(base64.urlsafe_b64decode(padded))
    assert (salt, name, value) == ("AAAAAAAAAAAAAAAAAAAAAA", "/data/events/0/caller", CALLER)
    digest = base64.urlsafe_b64encode(hashlib.sha256(disclosure.encode()).digest()).decode()
    assert leaf.content["data"] == {"events": [{"caller": {"$digest": digest.rstrip("=")}}]}
    assert CALLER.encode() not in leaf.raw


def test_equal_values_have_different_digests() -> None:
    data = _encode({"a": {"$personal": "x"}, "b": {"$personal": "x"}}).content["data"]
    assert data["a"] != data["b"]
    again = encode_leaf(HEADER, {"a": {"$personal": "x"}}, lambda: b"another salt 16b")
    assert again.content["data"]["a"] != data["a"]


def test_a_secret_leaves_validity_length_and_reason() -> None:
    secret = {"ref": REF, "length": 5, "valid": False, "reason": "short"}
    leaf = _encode({"value": {"$secret": secret}})
    kept = {"length": 5, "valid": False, "reason": "short"}
    assert leaf.content["data"] == {"value": {"$secret": kept}}
    assert restore(leaf.content["data"], {}) == {"value": {"$secret": {**kept, "ref": ""}}}
    assert leaf.disclosures == ()


def test_an_utterance_leaves_no_template() -> None:
    leaf = _encode(turn_data(make_turn(n=2)))
    said = leaf.content["data"]["events"][0]["utterances"][0]
    assert said.keys() == {"prompt", "language", "values"}
    assert said["values"]["amount"] == {"value": "1500000", "kind": "rupiah"}
    assert said["values"]["plate"]["value"].keys() == {"$digest"}
    assert b"Nomor kendaraan" not in leaf.raw
    assert PLATE.encode() not in leaf.raw
    assert REF.encode() not in leaf.raw


def test_text_is_normalised_and_personal_text_is_not() -> None:
    leaf = _encode({"a": "e\u0301", "e\u0301": 1, "p": {"$personal": "e\u0301"}})
    assert leaf.content["data"]["a"] == "é"
    assert leaf.content["data"]["é"] == 1
    assert list(open_disclosures(leaf.disclosures).values()) == ["e\u0301"]


def test_what_is_read_back_is_as_recorded() -> None:
    data = turn_data(make_turn(n=2))
    leaf = _encode(data)
    opened = open_disclosures(leaf.disclosures)
    assert restore(read_leaf(leaf.raw)["data"], opened) == as_recorded(data)
    assert as_recorded(as_recorded(data)) == as_recorded(data)


def test_without_its_disclosure_a_value_reads_as_erased() -> None:
    leaf = _encode({"a": {"$personal": "x"}, "b": {"$personal": "y"}})
    first, second = leaf.disclosures
    only = restore(leaf.content["data"], open_disclosures([second]))
    assert only == {"a": {"$personal": ERASED}, "b": {"$personal": "y"}}
    forged = base64.urlsafe_b64encode(b'["AAAA","/data/a","forged"]').decode().rstrip("=")
    assert restore(leaf.content["data"], open_disclosures([forged])) == {
        "a": {"$personal": ERASED},
        "b": {"$personal": ERASED},
    }
    assert digest_of(first) != digest_of(second)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"a": [1, 1.5]}, "/a/1: a float"),
        ({"a": float("nan")}, "/a: a float"),
        ({"a": 2**53}, "/a: an integer"),
        ({"a": -(2**53)}, "/a: an integer"),
        ({"a/b~": {"c": b"x"}}, "/a~1b~0/c: a bytes"),
        ({"a": {"$other": 1}}, "/a: a name that is reserved"),
        ({"a": {"$digest": "x"}}, "/a: a name that is reserved"),
        ({"a": {1: 2}}, "/a: a name that is reserved"),
        ({"a": {"é": 1, "e\u0301": 2}}, "/a: two names"),
        ({"a": {"$personal": "x", "b": 1}}, "/a: this is not a personal value"),
        ({"a": {"$personal": None}}, "/a: this is not a personal value"),
        ({"a": {"$personal": "\ud800"}}, "/a: a personal value"),
        ({"a": {"$secret": {"ref": "r"}}}, "/a: this is not a secret"),
        ({"a": {"$secret": {"length": 1, "valid": True, "reason": 5}}}, "/a: this is not"),
        ({"a": "\ud800"}, "/a: a text"),
        ({"a": object()}, "/a: a object"),
    ],
)
def test_what_cannot_stand_in_a_leaf_is_named_by_its_place(data: Any, place: str) -> None:
    with pytest.raises(ValueError, match=f"^/data{place}"):
        _encode(data)


def test_endless_nesting_is_refused() -> None:
    data: dict[str, Any] = {}
    data["self"] = data
    with pytest.raises(ValueError, match="nested"):
        _encode(data)


def test_the_longest_leaf_is_what_a_tile_holds() -> None:
    room = MAX_LEAF - len(_encode({"a": ""}).raw)
    assert len(_encode({"a": "x" * room}).raw) == MAX_LEAF
    with pytest.raises(ValueError, match="longer than"):
        _encode({"a": "x" * (room + 1)})


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"v":2}', b"\xff"])
def test_a_leaf_of_another_version_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_leaf(raw)


def test_times_are_utc_with_microseconds() -> None:
    jakarta = timezone(timedelta(hours=7))
    assert write_time(datetime(2026, 1, 1, 7, tzinfo=jakarta)) == "2026-01-01T00:00:00.000000Z"
    assert read_time(write_time(AT)) == AT
    with pytest.raises(ValueError, match="zone"):
        write_time(datetime(2026, 1, 1))


def test_an_id_is_a_uuid_of_version_7() -> None:
    # The example of RFC 9562, appendix A.6.
    at = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    text = write_id(at, bytes.fromhex("0cc318c4dc0c0c07398f"))
    assert text == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    assert UUID(text).version == 7
    assert write_id(at, b"\xff" * 10) < write_id(at + timedelta(milliseconds=1), b"\x00" * 10)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text().filter(lambda name: not name.startswith("$")), inner)
        | st.builds(lambda value: {"$personal": value}, st.text() | st.integers(0, 10**20))
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["outcome", "events", "step"]), _PLAIN))
def test_any_data_come_back_and_the_bytes_are_canonical(data: dict[str, Any]) -> None:
    try:
        leaf = _encode(data)
    except ValueError as error:
        assert "one name" in str(error)  # noqa: PT017
        return
    assert leaf.raw == rfc8785.dumps(json.loads(leaf.raw))
    opened = open_disclosures(leaf.disclosures)
    assert restore(read_leaf(leaf.raw)["data"], opened) == as_recorded(data)
