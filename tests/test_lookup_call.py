"""A whole call with a secret and a web service: what is sent, and what nobody keeps."""

from __future__ import annotations

import json
import logging

import pytest

from ivr.flow.bundle import Bundle
from ivr.services.guard import Guard
from ivr.services.web import WebClient, open_session
from ivr.services.web_sources import WebSources
from ivr.simulator import Act, Press, Quiet
from tests.contract.source_ends import no_secret
from tests.service import Service
from tests.talk import load_texts, write_flow
from tests.web_peer import HANG, Asked, answer, serving

NIK = "3171010101900001"
FLOW = """
  ask: {type: collect, say: Masukkan NIK., as: nik, sensitive: true, into: nik, next: find}
  find:
    type: lookup
    source: people
    with: {nik: "{nik}"}
    into: person
    meanwhile: Mohon tunggu.
    found: tell
    not_found: none
    failed: sorry
  tell: {type: hangup, say: "Status Anda {person.status}."}
  none: {type: hangup, say: Tidak ada.}
  sorry: {type: hangup, say: "Maaf, sedang tidak tersedia."}
"""
SOURCES = """
sources:
  people:
    type: http
    key: [nik]
    method: POST
    url: http://HOST/people
    body: {nik: "{nik}"}
    timeout: LIMIT
    fields:
      status: {personal: true, words: {active: aktif}}
    examples: [{found: {status: active}}]
"""
ACTS: list[Act] = [Quiet(), Press(f"{NIK}#")]


def load_at(host: str, limit: str) -> Bundle:
    sources = SOURCES.replace("HOST", host).replace("LIMIT", limit)
    return load_texts({"main.yaml": write_flow("main", FLOW), "sources.yaml": sources})


async def call(
    says: bytes | str, limit: str = "20s", patience: float = 5.0
) -> tuple[Service, list[Asked]]:
    async with serving(lambda asked: says) as peer, open_session() as session:
        bundle = load_at(peer.host, limit)
        service = Service(bundle, list(ACTS))
        client = WebClient(session, [peer.host], no_secret)
        source = WebSources(bundle.sources, client, Guard(lambda: 0.0))
        service.change(source=source, patience=patience)
        await service.run()
        return service, peer.asked


async def test_the_service_gets_the_digits_and_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    service, (asked,) = await call(answer({"status": "active", "name": "Contoh Rahasia"}))
    assert asked.json == {"nik": NIK}
    assert asked.headers["idempotency-key"].startswith("id-1-")
    assert "<< Status Anda aktif." in service.shown
    turns = await service.turns()
    written = json.dumps([[one.outcome, one.events, one.step] for one in turns], default=dict)
    assert NIK not in written + caplog.text
    assert "Rahasia" not in written + caplog.text
    (answered,) = await service.events("source.answered")
    assert answered["fields"] == {"status": {"$personal": "active"}}
    assert list(answered["snapshot"]) == ["$personal"]


async def test_a_service_that_says_nothing_is_waited_for_with_a_word() -> None:
    service, _ = await call(HANG, limit="200ms", patience=0.01)
    assert "   … Mohon tunggu." in service.shown
    assert "<< Maaf, sedang tidak tersedia." in service.shown
    (answered,) = await service.events("source.answered")
    assert (answered["result"], answered["reason"]) == ("failed", "timeout")
