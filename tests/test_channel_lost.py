"""A connection that breaks is no hangup: the caller may still be there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.asterisk.channel import AgiChannel
from ivr.asterisk.fastagi import AgiSession, serve
from ivr.engine.outcomes import HungUp, Outcome
from ivr.engine.steps import Say
from ivr.engine.utterance import Utterance
from ivr.errors import ChannelLost
from ivr.ports import Input
from ivr.speech.casting import load_casting
from ivr.speech.compose import Clip
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from tests.fastagi_peer import FakeAsterisk, connect

STEP = Say((Utterance("main.hello.say", "id", "Halo."),))
PROMPTS = Path(__file__).parent.parent / "prompts"


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    library = PromptLibrary(tmp_path / "sounds", load_casting(PROMPTS, Tones()))
    library.prepare([Clip("id", "Halo.")])
    return library


async def perform(library: PromptLibrary, scratch: Path, last: bytes) -> Outcome | Input | str:
    """One step against a peer that hears ANSWER, says `last` and is gone."""
    done: asyncio.Future[Outcome | Input | str] = asyncio.get_running_loop().create_future()

    async def handler(session: AgiSession) -> None:
        channel = AgiChannel(session, library, scratch, scratch)
        try:
            done.set_result(await channel.perform(STEP, "call-1"))
        except ChannelLost:
            done.set_result("lost")

    async with serve(handler, port=0) as server, connect(server.port) as asterisk:
        await break_off(asterisk, last)
        return await done


async def break_off(asterisk: FakeAsterisk, last: bytes) -> None:
    await asterisk.hear()
    asterisk.say(last)
    asterisk.writer.close()


async def test_a_broken_connection_is_no_hangup(library: PromptLibrary, tmp_path: Path) -> None:
    assert await perform(library, tmp_path, b"") == "lost"


async def test_a_hangup_is_one(library: PromptLibrary, tmp_path: Path) -> None:
    assert await perform(library, tmp_path, b"HANGUP\n") == HungUp(0)
