"""The suite of the port `Notifier`, over every adapter that is shipped."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from ivr.engine.outcomes import Failed, Notified
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.ports import Notifier
from ivr.services.guard import Guard
from ivr.services.web import WebClient, open_session
from ivr.services.webhooks import Webhooks
from ivr.simulator.messages import KeptMessages
from tests.contract.source_ends import no_secret
from tests.talk import load_texts, write_flow
from tests.web_peer import Asked, answer, serving


def load_webhook(url: str = "http://127.0.0.1:1", more: str = "") -> Bundle:
    files = {
        "main.yaml": write_flow("main", "  end: {type: hangup}\n"),
        "sources.yaml": f"webhooks:\n  office:\n    url: {url}/told?from=ivr\n    timeout: 20s\n"
        f"    fields: [topic, n]\n{more}",
    }
    return load_texts(files)


@dataclass(frozen=True, slots=True)
class End:
    """A notifier; what came out at the other end, with its key; and how to make it fail."""

    notifier: Notifier
    sent: Callable[[], list[tuple[Mapping[str, Scalar], str]]]
    break_off: Callable[[], None]


@asynccontextmanager
async def kept() -> AsyncIterator[End]:
    messages = KeptMessages(load_webhook())
    yield End(
        messages,
        lambda: [(one.fields, one.key) for one in messages.sent],
        lambda: messages.fail("office", "server_error"),
    )


@asynccontextmanager
async def web() -> AsyncIterator[End]:
    statuses = [202]
    taken: list[Asked] = []

    def says(asked: Asked) -> bytes:
        if statuses[-1] < 300:
            taken.append(asked)
        return answer(b"thank you", statuses[-1])

    async with serving(says) as peer, open_session() as session:
        webhooks = load_webhook(f"http://{peer.host}").webhooks
        client = WebClient(session, [peer.host], no_secret)
        yield End(
            Webhooks(webhooks, client, Guard(lambda: 0.0)),
            lambda: [(one.json, one.headers["idempotency-key"]) for one in taken],
            lambda: statuses.append(500),
        )


@pytest.fixture(params=[kept, web], ids=["kept", "web"])
async def end(request: pytest.FixtureRequest) -> AsyncIterator[End]:
    opened: AbstractAsyncContextManager[End] = request.param()
    async with opened as one:
        yield one


FIELDS: Mapping[str, Scalar] = {"topic": "air", "n": 5}


async def test_a_message_arrives_with_its_types_and_its_key(end: End) -> None:
    assert await end.notifier.notify("office", FIELDS, "call-7") == Notified()
    assert end.sent() == [(FIELDS, "call-7")]


async def test_whoever_cannot_be_told_has_failed(end: End) -> None:
    end.break_off()
    assert await end.notifier.notify("office", FIELDS, "call-7") == Failed("server_error")
    assert end.sent() == []


async def test_an_unknown_webhook_fails_and_does_not_raise(end: End) -> None:
    assert await end.notifier.notify("nobody", FIELDS, "call-7") == Failed("unknown_source")


async def test_nothing_of_a_message_is_logged(end: End, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await end.notifier.notify("office", {"topic": "Contoh Rahasia", "n": 4711}, "call-7")
    assert "Rahasia" not in caplog.text
    assert "4711" not in caplog.text


async def test_a_message_is_sent_again_under_the_same_key() -> None:
    said = iter([answer(b"", 503), answer(b"x" * 300)])
    counted: list[tuple[str, str]] = []
    async with serving(lambda asked: next(said)) as peer, open_session() as session:
        webhooks = load_webhook(f"http://{peer.host}", "    retries: 1\n").webhooks
        client = WebClient(session, [peer.host], no_secret)
        notifier = Webhooks(
            webhooks, client, Guard(lambda: 0.0), lambda *told: counted.append(told)
        )
        assert await notifier.notify("office", FIELDS, "call-7") == Notified()
        assert {one.headers["idempotency-key"] for one in peer.asked} == {"call-7"}
        assert [one.target for one in peer.asked] == ["/told?from=ivr"] * 2
    assert counted == [("office", "accepted")]
