from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import pytest
import uvloop

from ivr.asterisk.agi import Command, Reply, command
from ivr.asterisk.fastagi import AgiSession, Limits, Stats, serve
from ivr.errors import ChannelClosed, ChannelError, ChannelLost, ProtocolError
from tests.fastagi_peer import FakeAsterisk, connect, expand

PLAY = command.stream_file("menu", "123", duration=3)
KEY = b"200 result=49 endpos=800"

Script = Callable[[AgiSession], Awaitable[None]]
Peer = Callable[[FakeAsterisk], Awaitable[None]]


async def converse(script: Script, peer: Peer, limits: Limits | None = None) -> Stats:
    """Run both sides of one call; what either raises fails the test."""
    failures: list[Exception] = []

    async def handler(session: AgiSession) -> None:
        try:
            await script(session)
        except Exception as error:
            failures.append(error)

    async with (
        asyncio.timeout(10),
        serve(handler, port=0, limits=limits) as server,
        connect(server.port) as asterisk,
    ):
        await peer(asterisk)
        await asterisk.ended()
    if failures:
        raise failures[0]
    return server.stats


async def test_a_command_returns_its_reply() -> None:
    async def script(session: AgiSession) -> None:
        assert session.environment.path == "hotline/tax"
        assert await session.command(command.answer()) == Reply(200, "0")
        assert await session.command(PLAY) == Reply(200, "49", None, 800)

    async def peer(asterisk: FakeAsterisk) -> None:
        assert await asterisk.answer(b"200 result=0") == b"ANSWER"
        assert await asterisk.answer(KEY) == b'STREAM FILE "menu" "123" 0'

    stats = await converse(script, peer)
    assert (stats.accepted, stats.served, stats.live, stats.failed) == (1, 1, 0, 0)


async def test_variables_are_read_in_one_round_trip_whatever_is_in_them() -> None:
    async def script(session: AgiSession) -> None:
        assert await session.read("IVR_KEYS", "DIALSTATUS", "NONE") == ("12*", "a)\nHANGUP\n(b", "")
        assert not session.hung_up

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync(IVR_KEYS=b"12*", DIALSTATUS=b"a)\nHANGUP\n(b")
        assert await asterisk.hear() == b""

    assert (await converse(script, peer)).strays == 0


async def test_an_interrupted_command_prints_nothing() -> None:
    async def script(session: AgiSession) -> None:
        await session.start(PLAY)
        outcome = await session.interrupt("IVR_KEYS")
        assert (outcome.reply, outcome.values) == (None, ("7",))
        assert (await session.command(command.answer())).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        await asterisk.answer_sync(IVR_KEYS=b"7")
        assert await asterisk.answer(b"200 result=0") == b"ANSWER"

    await converse(script, peer)


async def test_a_command_that_ends_while_it_is_interrupted_gives_its_reply() -> None:
    async def script(session: AgiSession) -> None:
        listening = await session.start(PLAY)
        outcome = await session.interrupt("IVR_KEYS")
        assert outcome.reply == Reply(200, "49", None, 800)
        assert await session.finish(listening) == outcome.reply

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        line = await asterisk.hear()
        asterisk.say(KEY + b"\n", expand(line, {}))

    await converse(script, peer)


async def test_a_command_that_ended_before_the_interruption_gives_its_reply() -> None:
    async def script(session: AgiSession) -> None:
        listening = await session.start(PLAY)
        assert await session.wait(listening, 5)
        assert (await session.interrupt()).reply == Reply(200, "49", None, 800)
        assert (await session.interrupt()).reply is None

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(KEY)
        await asterisk.answer_sync()
        await asterisk.answer_sync()

    await converse(script, peer)


async def test_a_line_that_asterisk_left_in_its_buffer_is_freed_by_the_next_sync() -> None:
    async def script(session: AgiSession) -> None:
        await session.start(PLAY)
        outcome = await session.interrupt("IVR_KEYS")
        assert (outcome.reply, outcome.values) == (None, ("2",))

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        unseen, poke = await asterisk.hear(), await asterisk.hear()
        assert unseen != poke
        asterisk.say(expand(unseen, {"IVR_KEYS": b"1"}), expand(poke, {"IVR_KEYS": b"2"}))

    assert (await converse(script, peer)).pokes == 1


async def test_no_two_lines_are_under_way_but_a_command_and_its_sync() -> None:
    async def script(session: AgiSession) -> None:
        listening = await session.start(PLAY)
        with pytest.raises(RuntimeError, match="STREAM FILE is under way"):
            await session.command(command.answer())
        with pytest.raises(RuntimeError, match="under way"):
            await session.read("IVR_KEYS")
        assert (await session.finish(listening)).result == "49"

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(KEY)
        assert await asterisk.hear() == b""

    await converse(script, peer)


async def test_what_cannot_be_interrupted_is_not() -> None:
    async def script(session: AgiSession) -> None:
        listening = await session.start(command.execute("Dial", "PJSIP/officer"))
        with pytest.raises(RuntimeError, match="EXEC cannot be interrupted"):
            await session.interrupt()
        await session.finish(listening)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(b"200 result=0")
        assert await asterisk.hear() == b""

    await converse(script, peer)


async def test_two_tasks_do_not_cross_their_replies() -> None:
    async def script(session: AgiSession) -> None:
        reading = asyncio.create_task(session.read("IVR_KEYS"))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await session.command(command.answer())
        assert await reading == ("5",)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync(IVR_KEYS=b"5")

    await converse(script, peer)


@pytest.mark.parametrize(
    ("left", "reply"),
    [(PLAY, None), (PLAY, KEY), (command.execute("Wait", "1"), b"200 result=0")],
)
async def test_a_cancelled_command_is_cleared_away_by_the_next(
    left: Command, reply: bytes | None
) -> None:
    async def script(session: AgiSession) -> None:
        task = asyncio.create_task(session.command(left))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert (await session.command(command.noop())).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        assert await asterisk.hear() == left.line.rstrip()
        if reply is not None:
            asterisk.say(reply + b"\n")
        line = await asterisk.hear()
        if line != b"NOOP":
            asterisk.say(expand(line, {}))
            assert await asterisk.hear() == b"NOOP"
        asterisk.say(b"200 result=0\n")

    assert (await converse(script, peer)).strays == 0


async def test_a_cancelled_reading_is_cleared_away_by_the_next() -> None:
    async def script(session: AgiSession) -> None:
        task = asyncio.create_task(session.read("IVR_KEYS"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await session.read("IVR_KEYS") == ("2",)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer_sync(IVR_KEYS=b"1")
        while (line := await asterisk.hear()) != b"":
            asterisk.say(expand(line, {"IVR_KEYS": b"2"}))

    assert (await converse(script, peer)).strays == 0


async def test_a_cancelled_interruption_is_cleared_away_by_the_next_command() -> None:
    async def script(session: AgiSession) -> None:
        await session.start(PLAY)
        task = asyncio.create_task(session.interrupt())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await session.command(command.noop())).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        await asterisk.answer_sync()
        assert await asterisk.answer(b"200 result=0") == b"NOOP"

    await converse(script, peer)


async def test_waiting_for_a_command_may_be_given_up_and_taken_up_again() -> None:
    async def script(session: AgiSession) -> None:
        listening = await session.start(PLAY)
        assert not await session.wait(listening, 0)
        assert await session.wait(listening, 5)
        assert (await session.finish(listening)).endpos == 800

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(KEY)

    await converse(script, peer)


async def test_after_a_time_out_the_session_is_in_step_again() -> None:
    async def script(session: AgiSession) -> None:
        with pytest.raises(ChannelError, match=r"ANSWER was not answered within 0.01 s") as fault:
            await session.command(command.answer(), 0.01)
        assert type(fault.value) is ChannelError
        assert (await session.command(command.noop())).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        assert await asterisk.hear() == b"ANSWER"
        await asterisk.answer_sync()
        assert await asterisk.answer(b"200 result=0") == b"NOOP"

    await converse(script, peer)


async def test_a_reply_that_comes_with_the_sync_is_not_lost() -> None:
    async def script(session: AgiSession) -> None:
        assert (await session.command(command.answer(), 0.01)).result == "0"

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        line = await asterisk.hear()
        asterisk.say(b"200 result=0\n", expand(line, {}))

    await converse(script, peer)


async def test_an_asterisk_that_does_not_answer_is_left() -> None:
    async def script(session: AgiSession) -> None:
        with pytest.raises(ProtocolError, match="does not answer"):
            await session.command(command.answer(), 0.01)
        with pytest.raises(ProtocolError, match="does not answer"):
            await session.command(command.noop())

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.ended()

    stats = await converse(script, peer, Limits(patience=(0.01, 0.01)))
    assert stats.pokes == 2


async def test_hangup_is_an_event_and_bars_what_needs_a_caller() -> None:
    async def script(session: AgiSession) -> None:
        assert (await session.command(PLAY)).result == "-1"
        await session.hangup.wait()
        assert session.hung_up
        with pytest.raises(ChannelClosed, match="hung up"):
            await session.command(PLAY)
        assert await session.read("IVR_KEYS") == ("9",)
        assert (await session.command(command.set_variable("IVR_DONE", "hangup"))).result == "1"

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        asterisk.say(b"HANG", b"UP\n200 result=-1 endpos=4000\nHANGUP\n")
        await asterisk.answer_sync(IVR_KEYS=b"9")
        assert await asterisk.answer(b"200 result=1") == b'SET VARIABLE "IVR_DONE" "hangup"'

    await converse(script, peer)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (b"511 Command Not Permitted on a dead channel", ChannelClosed, "hung up"),
        (b"HANGUP\n511 Command Not Permitted on a dead channel", ChannelClosed, "hung up"),
        (b"510 Invalid or unknown command", ProtocolError, "refused ANSWER with code 510"),
        (b"520-Invalid\nUsage: ANSWER\n\n520 End of proper usage.", ProtocolError, "code 520"),
        (b"520 Invalid command syntax.", ProtocolError, "code 520"),
    ],
)
async def test_a_refusal_is_an_exception_and_leaves_the_session_in_step(
    reply: bytes, error: type[ChannelError], words: str
) -> None:
    async def script(session: AgiSession) -> None:
        with pytest.raises(error, match=words):
            await session.command(command.answer())
        assert await session.read("A") == ("1",)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(reply)
        await asterisk.answer_sync(A=b"1")

    assert (await converse(script, peer)).strays == 0


@pytest.mark.parametrize("half", [b"", b"200 res", b"520-usage\n", b"200 result=1 (open\n"])
async def test_the_end_of_the_connection_ends_what_is_under_way(half: bytes) -> None:
    async def script(session: AgiSession) -> None:
        with pytest.raises(ChannelLost, match="was lost"):
            await session.command(PLAY)
        assert session.hangup.is_set()
        assert not session.hung_up
        with pytest.raises(ChannelLost):
            await session.command(command.noop())
        with pytest.raises(ChannelLost):
            await session.read("A")
        with pytest.raises(ChannelLost):
            await session.interrupt()

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        asterisk.say(half)
        asterisk.writer.close()

    await converse(script, peer)


async def test_a_flood_of_lines_that_answer_nothing_ends_the_call() -> None:
    async def script(session: AgiSession) -> None:
        with pytest.raises(ProtocolError, match="answer nothing"):
            await session.command(PLAY)

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.hear()
        asterisk.say(b"rubbish\n" * 200)

    await converse(script, peer)


async def test_the_gap_between_a_reply_and_the_next_line_is_measured() -> None:
    async def script(session: AgiSession) -> None:
        await session.command(command.noop())
        assert session.longest_gap == 0
        await session.command(command.noop())
        assert 0 < session.longest_gap < 5

    async def peer(asterisk: FakeAsterisk) -> None:
        await asterisk.answer(b"200 result=0")
        await asterisk.answer(b"200 result=0")

    await converse(script, peer)


@pytest.mark.parametrize(
    "behaviour",
    [
        test_a_command_returns_its_reply,
        test_an_interrupted_command_prints_nothing,
        test_a_command_that_ends_while_it_is_interrupted_gives_its_reply,
        test_a_cancelled_reading_is_cleared_away_by_the_next,
        test_after_a_time_out_the_session_is_in_step_again,
        test_an_asterisk_that_does_not_answer_is_left,
        test_hangup_is_an_event_and_bars_what_needs_a_caller,
        test_a_flood_of_lines_that_answer_nothing_ends_the_call,
    ],
)
def test_uvloop_behaves_alike(behaviour: Callable[[], Coroutine[None, None, None]]) -> None:
    uvloop.run(behaviour())
