"""The HTTP client of sources: every way in which a web service can go wrong, over real sockets."""

from __future__ import annotations

import gzip
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from ivr.engine.outcomes import Failed, Found
from ivr.flow.addresses import SecretHeader
from ivr.services.web import MOST_BYTES, open_session
from tests.web_line import PRIVATE, Line, ask_once, declare, lining
from tests.web_peer import HANG, RESET, answer, serving


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer({"name": "a"}, 500), "server_error"),
        (answer({"name": "a"}, 429), "server_error"),
        (answer({"name": "a"}, 403), "client_error"),
        (answer(b"", 302, Location="http://127.0.0.1:1/"), "redirect"),
        (answer(b"<html>" + PRIVATE.encode()), "bad_json"),
        (answer(b'{"name": NaN}'), "bad_json"),
        (answer(gzip.compress(b'{"name": 1}', mtime=0), Content_Encoding="gzip"), "bad_json"),
        (answer(b"\xff\xfe"), "bad_json"),
        (answer(b"[" * 100_000), "bad_json"),
        (answer(b'"' + b"x" * MOST_BYTES + b'"'), "too_big"),
        (answer({"other": 1}), "missing_field"),
        (answer({"name": None}), "missing_field"),
        (answer({"name": ["a"]}), "wrong_type"),
        (answer({"name": {"a": 1}}), "wrong_type"),
        (answer([1, 2]), "missing_field"),
        (RESET, "connection"),
        (b"this is no HTTP\r\n\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "timeout"),
        (HANG, "timeout"),
    ],
)
async def test_each_fault_has_its_reason(said: bytes | str, reason: str) -> None:
    limit = 300 if reason == "timeout" else 20_000
    assert await ask_once(said, timeout=limit) == Failed(reason)


async def test_a_large_answer_is_not_read_to_its_end() -> None:
    """10 MB are promised; the peer could only send them all if somebody read them."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n"
    said = head + b'"' + b"x" * 10_485_759
    assert await ask_once(said) == Failed("too_big")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(status=404), "not_found"),
        (answer(b"", 204), "not_found"),
        (answer({"data": None}), "not_found"),
        (answer({"name": "b"}), "not_found"),
        (answer({"data": {"name": "b"}}), "found"),
    ],
)
async def test_what_is_not_there_is_not_found(said: bytes, outcome: str) -> None:
    got = await ask_once(said, exists="$.data", fields={"name": {"path": "$.data.name"}})
    assert got.type == outcome


@pytest.mark.parametrize(
    ("json", "kind", "value"),
    [
        (5, "number", 5),
        (5.0, "number", 5),
        ("5", "number", 5),
        (True, "text", "true"),
        (12, "text", "12"),
        ("2026-03-31", "date", "2026-03-31"),
    ],
)
async def test_json_becomes_what_the_field_says(json: object, kind: str, value: str | int) -> None:
    fields = {"name": {"path": "$.a[0]['b']", "type": kind}}
    got = await ask_once(answer({"a": [{"b": json}]}), fields=fields)
    assert isinstance(got, Found)
    assert got.fields == {"name": value}


async def test_arguments_stay_in_their_segment_and_value() -> None:
    async with lining(lambda asked: answer({"name": "a"}), "/x/{id}/y?q=a{id}&fixed=1") as (
        line,
        peer,
    ):
        assert isinstance(await line.ask("../?&#%/ é@evil.example"), Found)
        sent = "..%2F%3F%26%23%25%2F%20%C3%A9%40evil.example"
        assert [one.target for one in peer.asked] == [f"/x/{sent}/y?q=a{sent}&fixed=1"]
        for id_ in ("", ".", ".."):
            assert await line.ask(id_) == Failed("bad_argument")
        assert len(peer.asked) == 1


async def test_a_body_has_the_arguments_with_their_types_and_the_key_of_the_act() -> None:
    body = {"who": {"id": "{id}", "ids": ["no. {id}"]}, "fixed": "1"}
    async with lining(lambda asked: answer({"name": "a"}), "/x", method="POST", body=body) as (
        line,
        peer,
    ):
        await line.ask('7", "x": "', key="call-9-3")
    (asked,) = peer.asked
    assert asked.json == {
        "who": {"id": '7", "x": "', "ids": ['no. 7", "x": "']},
        "fixed": "1",
    }
    assert asked.headers["idempotency-key"] == "call-9-3"
    assert asked.headers["content-type"] == "application/json"


async def test_a_secret_is_sent_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    headers = {"Authorization": SecretHeader(secret="trains", prefix="Bearer "), "X-Plain": "1"}
    async with lining(lambda asked: answer(b"?"), headers=headers) as (line, peer):
        got = await line.ask(PRIVATE)
    (asked,) = peer.asked
    assert asked.headers["authorization"] == "Bearer sandi-rahasia-4711"
    assert asked.headers["x-plain"] == "1"
    assert "idempotency-key" not in asked.headers
    assert got == Failed("bad_json")
    assert "sandi" not in caplog.text
    assert "Rahasia" not in caplog.text


async def test_without_its_secret_nothing_is_asked() -> None:
    headers = {"Authorization": SecretHeader(secret="other")}
    async with lining(lambda asked: answer({"name": "a"}), headers=headers) as (line, peer):
        assert await line.ask() == Failed("no_secret")
        assert peer.connections == 0


async def test_a_host_that_is_not_allowed_is_not_asked() -> None:
    async with serving(lambda asked: answer({"name": "a"})) as peer, open_session() as session:
        for hosts in ([], ["127.0.0.1"], ["api.example.go.id"]):
            line = Line(session, hosts, declare(f"http://{peer.host}/x/{{id}}"))
            assert await line.ask() == Failed("host_not_allowed")
        assert peer.connections == 0


async def test_a_name_that_nobody_has_is_a_fault_of_its_own() -> None:
    async with open_session() as session:
        declared = declare("https://nobody.invalid/x/{id}")
        assert await Line(session, ["nobody.invalid"], declared).ask() == Failed("dns")


@pytest.mark.parametrize("kind", ["right", "expired", "other name", "unknown authority"])
async def test_only_a_certificate_that_holds_is_trusted(kind: str) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    name = "example.org" if kind == "other name" else "localhost"
    until = datetime.now(UTC) - timedelta(days=1) if kind == "expired" else None
    begun = datetime.now(UTC) - timedelta(days=2) if kind == "expired" else None
    issuer = stranger if kind == "unknown authority" else authority
    certificate = issuer.issue_cert(name, not_before=begun, not_after=until)
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    certificate.configure_cert(theirs)
    async with (
        serving(lambda asked: answer({"name": "a"}), theirs) as peer,
        open_session(ours) as session,
    ):
        host = f"localhost:{peer.port}"
        got = await Line(session, [host], declare(f"https://{host}/x/{{id}}")).ask()
    assert got == Failed("tls") if kind != "right" else isinstance(got, Found)
