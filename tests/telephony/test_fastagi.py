"""Our FastAGI server under a real Asterisk and real SIP calls."""

from __future__ import annotations

import asyncio
import wave

import pytest

from ivr.asterisk.agi import command
from ivr.asterisk.fastagi import AgiSession, Handler, Stats, serve
from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.errors import ChannelClosed, ChannelError, ProtocolError
from ivr.phone.agent import Phone

pytestmark = pytest.mark.telephony

KEYS = "0123456789*#"
ODD = 'a "b" \\ c ) | (d= ${SHELL(id)} é'


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Five seconds of silence; its name without extension."""
    path = tmp_path_factory.mktemp("sound") / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 5))
    return str(path.with_suffix(""))


async def call(pbx: Instance, handler: Handler, keys: str = "", hang_up: bool = False) -> Stats:
    """Dial once; return the server's counts when the handler has ended."""
    failures: list[Exception] = []
    over = asyncio.Event()

    async def guarded(session: AgiSession) -> None:
        try:
            await session.command(command.answer())
            await handler(session)
            await session.command(command.set_variable("IVR_DONE", "finished"))
        except Exception as error:
            failures.append(error)
        finally:
            over.set()

    async with asyncio.timeout(20), serve(guarded, port=0) as server, Phone() as phone:
        await asyncio.to_thread(point_at, pbx, f"agi://127.0.0.1:{server.port}/call?test=1,one")
        dialled = await phone.dial("1500", port=pbx.ports.sip, caller="0215550123")
        await dialled.answered()
        if keys:
            await dialled.press(keys, tone_ms=80, gap_ms=60)
        if hang_up:
            await dialled.wait(0.3)
            await dialled.hangup()
        await over.wait()
    if failures:
        raise failures[0]
    return server.stats


async def test_the_header_and_odd_values_come_through(pbx: Instance) -> None:
    async def handler(session: AgiSession) -> None:
        seen = session.environment
        assert (seen.path, seen.query, seen.arguments) == ("call", "test=1", ("one",))
        assert (seen.callerid, seen.extension) == ("0215550123", "1500")
        assert seen.version.startswith("22.")
        await session.command(command.set_variable("IVR_ODD", ODD))
        assert await session.read("IVR_ODD", "IVR_UNSET", "CHANNEL(state)") == (ODD, "", "Up")

    assert (await call(pbx, handler)).strays == 0


async def test_refusals_leave_the_conversation_in_step(pbx: Instance) -> None:
    async def handler(session: AgiSession) -> None:
        for wrong, code in ((command.build("GET DATA"), 520), (command.build("DANCE"), 510)):
            with pytest.raises(ProtocolError, match=f"code {code}"):
                await session.command(wrong)
            assert (await session.command(command.channel_status())).result == "6"

    assert (await call(pbx, handler)).strays == 0


async def test_a_prompt_that_is_interrupted_or_runs_too_long_prints_nothing(
    pbx: Instance, tone: str
) -> None:
    play = command.stream_file(tone, KEYS, duration=5)

    async def handler(session: AgiSession) -> None:
        for listening in (play, command.get_data(tone, 3000, 4, duration=5)):
            await session.start(listening)
            assert (await session.interrupt()).reply is None
        with pytest.raises(ChannelError, match="not answered within"):
            await session.command(play, 0.1)
        assert (await session.command(command.channel_status())).result == "6"

    assert (await call(pbx, handler)).strays == 0


async def test_the_end_of_a_prompt_and_its_interruption_may_coincide(
    pbx: Instance, tone: str
) -> None:
    """The last samples are played again and again, and interrupted around their end."""
    play = command.stream_file(tone, duration=1, offset=8000 * 5 - 800)
    ends: list[bool] = []

    async def handler(session: AgiSession) -> None:
        for n in range(40):
            listening = await session.start(play)
            await session.wait(listening, 0.08 + n * 0.001)
            ends.append((await session.interrupt()).reply is not None)

    assert (await call(pbx, handler)).strays == 0
    assert set(ends) == {True, False}


async def test_no_key_is_lost_or_doubled_over_many_interruptions(pbx: Instance, tone: str) -> None:
    play = command.stream_file(tone, KEYS, duration=5)
    read: list[str] = []

    async def handler(session: AgiSession) -> None:
        while not (read and read[-1].endswith("#")):
            listening = await session.start(play)
            await session.wait(listening, 0.05)
            read.extend((await session.interrupt("IVR_KEYS")).values)

    stats = await call(pbx, handler, keys="1234567890*12345#")
    assert read[-1] == "1234567890*12345#"
    assert len(read) > 20
    assert stats.strays == 0


async def test_after_a_hangup_only_what_needs_no_caller_is_done(pbx: Instance, tone: str) -> None:
    async def handler(session: AgiSession) -> None:
        reply = await session.command(command.stream_file(tone, duration=5))
        assert reply.result == "-1"
        await session.hangup.wait()
        with pytest.raises(ChannelClosed, match="hung up"):
            await session.command(command.answer())
        assert await session.read("IVR_KEYS") == ("12",)

    assert (await call(pbx, handler, keys="12", hang_up=True)).strays == 0
