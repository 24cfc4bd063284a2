"""The limit on calls: who is taken, and what the dialplan of the others is told."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ivr.admission import APOLOGIES, Admission, most_sessions
from ivr.asterisk.fastagi import AgiSession, Limits, serve
from ivr.operations.instruments import Instruments
from tests.fastagi_peer import connect

APOLOGY = Path("/last-words/id/full")


def test_a_limit_and_the_numbers_that_it_does_not_hold_for() -> None:
    admission = Admission(2, frozenset({"112"}), Instruments())
    assert admission.admits("1500", 1)
    assert not admission.admits("1500", 2)
    assert not admission.admits("1500", 3)
    assert admission.admits("112", 3)


@pytest.mark.parametrize("last", [True, False])
async def test_who_is_turned_away(last: bool) -> None:
    """By the last engine with an apology; by others without IVR_DONE, so the next one is asked."""
    admission = Admission(0, frozenset(), Instruments(last=last))

    async def handler(session: AgiSession) -> None:
        await admission.turn_away(session, APOLOGY)

    async with serve(handler, port=0) as server, connect(server.port) as asterisk:
        if last:
            assert await asterisk.answer(b"200 result=0") == b"ANSWER"
            done = await asterisk.answer(b"200 result=1")
            assert done == b'SET VARIABLE "IVR_DONE" "full"'
            played = await asterisk.answer(b"200 result=0 endpos=8000")
            assert played.startswith(b'STREAM FILE "/last-words/id/full" "" ')
        assert await asterisk.ended()


async def test_so_many_hear_the_apology_and_there_is_room_for_others() -> None:
    admission = Admission(0, frozenset(), Instruments(last=True))
    limits = Limits(calls=most_sessions(500, 1), calls_per_second=1e6, burst=1000, waiting=1000)

    async def handler(session: AgiSession) -> None:
        await admission.turn_away(session, APOLOGY)

    async with serve(handler, port=0, limits=limits) as server, AsyncExitStack() as stack:
        for _ in range(APOLOGIES):
            peer = await stack.enter_async_context(connect(server.port))
            assert await peer.hear() == b"ANSWER"
        one_more = await stack.enter_async_context(connect(server.port))
        assert await one_more.ended()
        peer.say(b"HANGUP\n511 result=-1 dead\n")
        assert await peer.ended()
        next_one = await stack.enter_async_context(connect(server.port))
        assert await next_one.hear() == b"ANSWER"


def test_an_engine_has_room_for_the_calls_of_one_that_died() -> None:
    assert most_sessions(500, 2) > 2 * 500 + APOLOGIES
