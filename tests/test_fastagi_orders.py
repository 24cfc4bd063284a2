"""What follows a reply in the same instant: reads, and the next command."""

from __future__ import annotations

import pytest

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession, Order
from ivr.errors import ChannelLost
from tests.fastagi_peer import FakeAsterisk, expand
from tests.test_fastagi_session import KEY, PLAY, converse

SILENCE = command.stream_file("silence", "123", duration=60)
LISTEN = b'STREAM FILE "silence" "123" 0'


class Loop:
    """A line that listens on for ever, and what it read."""

    def __init__(self) -> None:
        self.read: list[tuple[str, ...]] = []

    def collect(self, values: tuple[str, ...]) -> Order:
        self.read.append(values)
        return Order(SILENCE, ("IVR_KEYS",), self.collect)


async def test_what_follows_is_sent_without_being_asked_for() -> None:
    loop = Loop()

    async def script(session: AgiSession) -> None:
        done = await session.interrupt("IVR_KEYS", then=lambda _: Order(PLAY, ("A",), loop.collect))
        assert done.sent is not None
        reply = await session.finish(done.sent)
        assert reply.endpos == 800
        assert await done.sent.values.wait(5)
        assert loop.read == [("12",)]
        listening = session.listening
        assert listening is not None
        assert await listening.values.wait(5)
        assert listening.values.result() == ("3",)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync(IVR_KEYS=b"1")
        await asterisk.answer(KEY)
        await asterisk.answer_sync(A=b"12")
        assert await asterisk.answer(KEY) == LISTEN
        await asterisk.answer_sync(IVR_KEYS=b"3")
        assert await asterisk.hear() == LISTEN

    await converse(script, peer)


async def test_an_interruption_that_meets_the_end_is_the_only_one() -> None:
    """The command ends while the sync is on its way: no second sync is sent for its end."""
    loop = Loop()

    async def script(session: AgiSession) -> None:
        first = await session.interrupt("IVR_KEYS", then=loop.collect)
        assert first.sent is not None
        second = await session.interrupt("IVR_KEYS", then=lambda _: Order(PLAY))
        assert second.values == ("5",)
        assert second.sent is not None
        assert first.sent.values.result() == ("5",)
        assert (await session.finish(second.sent)).endpos == 800

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync()
        assert await asterisk.hear() == LISTEN
        sync = await asterisk.hear()
        asterisk.say(KEY + b"\n" + expand(sync, {"IVR_KEYS": b"5"}))
        assert await asterisk.answer(KEY) == PLAY.line.strip()
        assert await asterisk.hear() == b""

    await converse(script, peer)


@pytest.mark.parametrize("refusal", [b"200 result=-1 endpos=0", b"511 Command Not Permitted"])
async def test_nothing_follows_a_refusal(refusal: bytes) -> None:
    loop = Loop()

    async def script(session: AgiSession) -> None:
        done = await session.interrupt("IVR_KEYS", then=loop.collect)
        assert done.sent is not None
        assert await done.sent.values.wait(5)
        assert not done.sent.values.good

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync()
        await asterisk.answer(refusal)
        assert await asterisk.hear() == b""

    await converse(script, peer)


async def test_after_a_hangup_only_what_needs_no_caller_is_sent() -> None:
    async def script(session: AgiSession) -> None:
        gone = await session.interrupt("IVR_KEYS", then=lambda _: Order(PLAY))
        assert session.hung_up
        assert gone.sent is None
        noop = await session.interrupt("IVR_KEYS", then=lambda _: Order(command.noop()))
        assert noop.sent is not None
        assert (await session.finish(noop.sent)).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        asterisk.say(b"HANGUP\n")
        await asterisk.answer_sync()
        await asterisk.answer_sync()
        assert await asterisk.answer(b"200 result=0") == b"NOOP"

    await converse(script, peer)


async def test_the_end_of_the_connection_ends_every_wait() -> None:
    loop = Loop()

    async def script(session: AgiSession) -> None:
        done = await session.interrupt("IVR_KEYS", then=loop.collect)
        assert done.sent is not None
        with pytest.raises(ChannelLost):
            await session.finish(done.sent)
        assert await done.sent.values.wait(5)
        with pytest.raises(ChannelLost):
            done.sent.values.result()

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync()
        assert await asterisk.hear() == LISTEN
        asterisk.writer.write_eof()

    await converse(script, peer)
