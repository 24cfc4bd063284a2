"""Whatever a caller types, an address keeps its host, its path's length and its query's names."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ivr.engine.answers import AnswerFault
from ivr.flow.addresses import looks_like_a_secret, names_a_secret
from ivr.services.filling import fill_address, fill_body

ADDRESS = "https://api.example.go.id:8443/a/{x}/b-{y}?q={x}&r=1{y}2"


@given(x=st.text(), y=st.text())
def test_an_argument_stays_where_it_was_put(x: str, y: str) -> None:
    if x in ("", ".", ".."):
        with pytest.raises(AnswerFault, match="bad_argument"):
            fill_address(ADDRESS, {"x": x, "y": y})
        return
    filled = fill_address(ADDRESS, {"x": x, "y": y})
    for parts in (urlsplit(filled), urlsplit(str(URL(filled, encoded=True)))):
        assert (parts.scheme, parts.netloc) == ("https", "api.example.go.id:8443")
        assert [unquote(one) for one in parts.path.split("/")] == ["", "a", x, f"b-{y}"]
        query = parse_qsl(parts.query, keep_blank_values=True)
        assert query == [("q", x), ("r", f"1{y}2")]
        assert parts.fragment == ""


def test_half_a_character_is_sent_as_a_question_mark() -> None:
    assert fill_address("https://a.example/{x}", {"x": "\ud800"}) == "https://a.example/%3F"


def test_values_keep_their_types_in_a_body() -> None:
    body = {"n": "{n}", "t": "{t}", "b": "{b}", "gone": "{no}", "in": ["{n}{t}{b}{no}", "{{n}}"]}
    filled = fill_body(body, {"n": 5, "t": "x", "b": True})
    assert filled == {"n": 5, "t": "x", "b": True, "gone": None, "in": ["5xtrue", "{n}"]}


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abc",
        "Basic YnVkaTpzYW5kaQ==",
        "sk_live_contoh",
        "AKIACONTOH",
        "eyJhbGciOiJub25lIn0",
        "4f9a8b7c6d5e4f3a2b1c0d9e",
    ],
)
def test_keys_look_like_secrets(text: str) -> None:
    assert looks_like_a_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "application/json",
        "Bearer",
        "satu-pintu/1.0",
        "3171010101900001",
        "kantor-pelayanan-pajak-pratama-contoh",
        "2026-03-31",
        "",
    ],
)
def test_plain_words_and_numbers_do_not(text: str) -> None:
    assert not looks_like_a_secret(text)


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "apikey", "access_token", "Cookie"])
def test_secrets_are_sent_under_such_names(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["Accept-Language", "X-Agency", "number", "day", "key"])
def test_others_are_harmless(name: str) -> None:
    assert not names_a_secret(name)
