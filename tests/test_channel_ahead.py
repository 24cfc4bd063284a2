"""Keys that come faster than prompts: Asterisk is left alone as long as one of them waits.

Each order to it leaves a moment without a command, in which it may take a key twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ivr.asterisk.channel import AgiChannel
from ivr.asterisk.fastagi import AgiSession
from ivr.engine.outcomes import Keys, Silence
from ivr.engine.steps import Menu, Timing
from ivr.engine.utterance import Utterance
from ivr.speech.casting import load_casting
from ivr.speech.compose import Clip
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from tests.fastagi_peer import FakeAsterisk, converse

PROMPTS = Path(__file__).parent.parent / "prompts"
TIMING = Timing(first_key=5000, next_key=5000, total=9000)
HELLO = (Utterance("main.hello.say", "id", "Halo."),)
MENU = Menu(HELLO, ("1", "2", "3"), TIMING)
PAIRS = Menu(HELLO, ("12",), TIMING)


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    library = PromptLibrary(tmp_path / "sounds", load_casting(PROMPTS, Tones()))
    library.prepare([Clip("id", "Halo.")])
    return library


async def talk(
    library: PromptLibrary,
    scratch: Path,
    caller: Callable[[AgiChannel], Awaitable[None]],
    asterisk: Callable[[FakeAsterisk], Coroutine[Any, Any, None]],
) -> list[bytes]:
    """A call in which the steps and Asterisk's side run beside each other; gives the lines sent."""

    async def act(session: AgiSession) -> None:
        await caller(AgiChannel(session, library, scratch, scratch))

    return await converse(act, asterisk)


async def start_call(peer: FakeAsterisk) -> None:
    """Up to the prompt of the first menu."""
    await peer.answer_sync()
    await peer.answer(b"200 result=0")  # ANSWER
    await peer.answer_sync()
    await peer.hear()  # the collector
    await peer.answer_sync()


async def answer_call(peer: FakeAsterisk) -> None:
    """Up to the prompt of the first menu, which a key ends at once."""
    await start_call(peer)
    await peer.answer(b"200 result=49 endpos=80")


async def test_keys_that_wait_are_used_without_a_word_to_asterisk(
    library: PromptLibrary, tmp_path: Path
) -> None:
    async def caller(channel: AgiChannel) -> None:
        pressed = [await channel.perform(MENU, f"call-{n}") for n in range(3)]
        assert [one.keys for one in pressed if isinstance(one, Keys)] == ["1", "2", "3"]

    async def asterisk(peer: FakeAsterisk) -> None:
        await answer_call(peer)
        await peer.answer_sync(IVR_KEYS=b"123")
        await peer.hear()

    lines = await talk(library, tmp_path, caller, asterisk)
    verbs = [line.split(b'"')[0].strip() for line in lines]
    read, play = b"GET FULL VARIABLE", b"STREAM FILE"
    assert verbs == [read, b"ANSWER", read, play, read, play, read, play]
    assert b'"0123456789*#"' in lines[3]
    assert b'""' in lines[7], "a further key must not end the collector"


async def test_a_menu_that_needs_another_key_is_told_of_it(
    library: PromptLibrary, tmp_path: Path
) -> None:
    async def caller(channel: AgiChannel) -> None:
        pressed = await channel.perform(PAIRS, "call-1")
        assert isinstance(pressed, Keys)
        assert pressed.keys == "12"

    async def asterisk(peer: FakeAsterisk) -> None:
        await answer_call(peer)
        await peer.answer_sync(IVR_KEYS=b"1")
        await peer.hear()  # the collector that no key ends
        await peer.answer_sync(IVR_KEYS=b"1")
        assert b'"0123456789*#"' in await peer.answer(b"200 result=50 endpos=80")
        await peer.answer_sync(IVR_KEYS=b"12")
        await peer.hear()

    await talk(library, tmp_path, caller, asterisk)


async def test_a_key_after_the_prompt_ends_the_silence_that_follows_it(
    library: PromptLibrary, tmp_path: Path
) -> None:
    length = library.join(HELLO).duration_ms

    async def caller(channel: AgiChannel) -> None:
        assert await channel.perform(MENU, "call-1") == Keys("1", heard=length, waited=700)

    async def asterisk(peer: FakeAsterisk) -> None:
        await start_call(peer)
        await peer.answer(b"200 result=49 endpos=%d" % (8 * (length + 700)))
        await peer.answer_sync(IVR_KEYS=b"1")
        await peer.hear()

    lines = await talk(library, tmp_path, caller, asterisk)
    assert len(lines) == 8, "nothing is sent between the prompt's end and the key"


async def test_patience_may_end_before_the_silence_that_follows_the_prompt(
    library: PromptLibrary, tmp_path: Path
) -> None:
    hasty = Menu(HELLO, ("1",), Timing(first_key=50, next_key=50, total=9000))

    async def caller(channel: AgiChannel) -> None:
        length = library.join(HELLO).duration_ms
        assert await channel.perform(hasty, "call-1") == Silence(heard=length)

    async def asterisk(peer: FakeAsterisk) -> None:
        await start_call(peer)
        await peer.hear()  # the prompt, of whose end nothing is said
        await peer.answer_sync()
        await peer.hear()  # the collector

    await talk(library, tmp_path, caller, asterisk)
