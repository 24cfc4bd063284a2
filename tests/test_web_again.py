"""The HTTP client of sources: attempts, the time limit that they share, and the circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ivr.engine.outcomes import Failed, Found
from ivr.services.breaker import FAILURES, PAUSE
from tests.web_line import declare, lining
from tests.web_peer import HANG, Asked, answer


def sequence(*said: bytes | str) -> Callable[[Asked], bytes | str]:
    rest = iter(said)
    return lambda asked: next(rest)


BROKEN, RIGHT = answer(b"", 503), answer({"name": "a"})


async def test_it_is_tried_again_with_growing_pauses() -> None:
    async with lining(sequence(BROKEN, BROKEN, BROKEN, RIGHT), retries=3) as (line, peer):
        assert isinstance(await line.ask(), Found)
        assert line.slept == [0.2, 0.4, 0.8]
    async with lining(sequence(BROKEN, BROKEN), retries=1) as (line, peer):
        assert await line.ask() == Failed("server_error")
        assert len(peer.asked) == 2


@pytest.mark.parametrize("said", [answer(b"?"), answer(b"", 403), answer(b"", 301)])
async def test_what_would_come_again_is_not_tried_again(said: bytes) -> None:
    async with lining(lambda asked: said, retries=3) as (line, peer):
        assert isinstance(await line.ask(), Failed)
        assert len(peer.asked) == 1


async def test_a_post_is_tried_again_only_under_its_key() -> None:
    keyed: dict[str, Any] = {"method": "POST", "keyed": True, "retries": 1}
    async with lining(sequence(BROKEN, RIGHT), "/x", **keyed) as (line, peer):
        assert isinstance(await line.ask(), Found)
        assert [one.headers["idempotency-key"] for one in peer.asked] == ["call-1", "call-1"]
    async with lining(sequence(BROKEN, RIGHT), "/x", method="POST") as (line, peer):
        assert await line.ask() == Failed("server_error")
        assert len(peer.asked) == 1


async def test_all_attempts_share_one_time_limit() -> None:
    """The second attempt waits for ever; the limit of the source ends both together."""
    async with lining(sequence(BROKEN, HANG), retries=3, timeout=300) as (line, peer):
        assert await line.ask() == Failed("timeout")
        assert len(peer.asked) == 2


async def test_connections_are_used_again() -> None:
    async with lining(lambda asked: RIGHT) as (line, peer):
        for _ in range(5):
            await line.ask()
        assert (len(peer.asked), peer.connections) == (5, 1)


async def test_a_service_that_is_down_is_given_a_pause() -> None:
    said = [BROKEN]
    async with lining(lambda asked: said[0]) as (line, peer):
        for _ in range(FAILURES):
            assert await line.ask() == Failed("server_error")
        assert await line.ask() == Failed("paused")
        assert len(peer.asked) == FAILURES
        line.now += PAUSE
        assert await line.ask() == Failed("server_error")
        assert await line.ask() == Failed("paused")
        assert line.told[-1] == ("it", True)
        line.now += PAUSE
        said[0] = RIGHT
        assert isinstance(await line.ask(), Found)
        assert isinstance(await line.ask(), Found)
        assert line.told[-1] == ("it", False)
        assert len(peer.asked) == FAILURES + 3


async def test_a_wrong_address_in_other_flows_takes_the_service_from_nobody() -> None:
    async with lining(lambda asked: BROKEN if "/wrong" in asked.target else RIGHT) as (line, peer):
        wrong = declare(f"http://{peer.host}/wrong/{{id}}")
        for _ in range(FAILURES):
            assert await line.ask_another(wrong) == Failed("server_error")
        assert await line.ask_another(wrong) == Failed("paused")
        assert isinstance(await line.ask(), Found)


async def test_only_one_request_tries_a_service_after_its_pause() -> None:
    said: list[bytes | str] = [BROKEN]
    probed = asyncio.Event()

    def says(asked: Asked) -> bytes | str:
        if said[0] == HANG:
            probed.set()
        return said[0]

    async with lining(says) as (line, _):
        for _ in range(FAILURES):
            await line.ask()
        line.now += PAUSE
        said[0] = HANG
        async with asyncio.TaskGroup() as group:
            probe = group.create_task(line.ask())
            await probed.wait()
            assert await line.ask() == Failed("paused")
            probe.cancel()
        said[0] = RIGHT
        assert isinstance(await line.ask(), Found)


async def test_odd_questions_do_not_take_a_service_away_from_others() -> None:
    refusals = [answer(b"", 400), answer({"name": None}), answer({"name": []})] * FAILURES
    async with lining(sequence(*refusals, RIGHT)) as (line, _):
        for _ in range(len(refusals)):
            assert isinstance(await line.ask(), Failed)
            assert await line.ask("..") == Failed("bad_argument")
        assert isinstance(await line.ask(), Found)
