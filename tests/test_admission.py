"""The limit on calls: who is taken, and what the dialplan of the others is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.admission import Admission
from ivr.asterisk.fastagi import AgiSession, serve
from ivr.operations.instruments import Instruments
from tests.fastagi_peer import connect

APOLOGY = Path("/last-words/id/full")


def test_a_limit_and_the_numbers_that_it_does_not_hold_for() -> None:
    admission = Admission(2, frozenset({"112"}), APOLOGY, Instruments())
    assert admission.admits("1500", 1)
    assert not admission.admits("1500", 2)
    assert not admission.admits("1500", 3)
    assert admission.admits("112", 3)


@pytest.mark.parametrize("last", [True, False])
async def test_who_is_turned_away(last: bool) -> None:
    """By the last engine with an apology; by others without IVR_DONE, so the next one is asked."""
    admission = Admission(0, frozenset(), APOLOGY, Instruments(last=last))

    async def handler(session: AgiSession) -> None:
        await admission.turn_away(session)

    async with serve(handler, port=0) as server, connect(server.port) as asterisk:
        if last:
            assert await asterisk.answer(b"200 result=0") == b"ANSWER"
            done = await asterisk.answer(b"200 result=1")
            assert done == b'SET VARIABLE "IVR_DONE" "full"'
            played = await asterisk.answer(b"200 result=0 endpos=8000")
            assert played.startswith(b'STREAM FILE "/last-words/id/full" "" ')
        assert await asterisk.ended()
