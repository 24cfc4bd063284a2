"""What a caller meets in `extensions.conf` when engines come, die and stay away."""

from __future__ import annotations

import asyncio
import csv
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    point_at,
    run_command,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.asterisk.pbx.sounds import write_sounds
from ivr.errors import CallRefused
from ivr.phone.agent import Phone

pytestmark = pytest.mark.telephony

CALLS = "core show channels count"
NOBODY = "agi://127.0.0.1:9/call"
BURSTS = [(40, 20), (80, 40), (60, 40), (80, 60)]
"""Milliseconds of tone and of gap; Asterisk mistrusts a gap of less than 45."""


class Talk:
    """The engine's end of one AGI session, on bare lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.hung_up = asyncio.Event()

    async def ask(self, command: str) -> str:
        """Give a command, return its reply."""
        self._writer.write(command.encode() + b"\n")
        while (line := (await self._reader.readline()).decode().strip()) == "HANGUP":
            self.hung_up.set()
        return line

    async def read_keys(self) -> str:
        """The keys that are stored on the channel."""
        return (await self.ask("GET FULL VARIABLE ${IVR_KEYS}")).partition("(")[2][:-1]


Engine = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def serve(engine: Engine, port: int = 0) -> AsyncIterator[int]:
    """An engine on a port, until the end of the block."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (await reader.readline()).strip():
                pass
            await engine(Talk(reader, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def finish(talk: Talk) -> None:
    await talk.ask("ANSWER")
    await talk.ask("SET VARIABLE IVR_DONE finished")


@contextmanager
def given(line: Instance, **values: object) -> Iterator[None]:
    """Set globals of the dialplan until the end of the block."""
    shipped = Settings()
    before = {"PATIENCE": shipped.patience, "LIMIT": shipped.limit, "LANGUAGE": shipped.language}
    for name, value in values.items():
        run_command(line, f"dialplan set global IVR_{name} {value}")
    try:
        yield
    finally:
        for name in values.keys() & before.keys():
            run_command(line, f"dialplan set global IVR_{name} {before[name]}")


@pytest.fixture(scope="module")
def line(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An Asterisk whose apologies are the beep."""
    home = tmp_path_factory.mktemp("line")
    write_sounds(home)
    for name in ("apology", "time-over"):
        target = home / "sorry" / "id" / f"{name}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(home / "sounds" / "en" / "beep.wav")
    settings = Settings(ports=find_ports(), sounds=home / "sorry")
    yield start_instance(asterisk, home / "pbx", settings)
    stop_instance(home / "pbx")


async def test_finished_call_is_hung_up_and_noted(line: Instance) -> None:
    before = await written_cdrs(line)
    async with serve(finish) as port, Phone() as phone:
        await point(line, port)
        call = await phone.dial("1500", port=line.ports.sip, caller="0811000001")
        await call.answered()
        ending = await call.ended(within=3)
    assert ending.by == "far end"
    assert await next_cdr(line, before) == "finished"


async def test_engine_answers_and_not_the_dialplan(line: Instance) -> None:
    looked = asyncio.Event()

    async def hesitate(talk: Talk) -> None:
        await looked.wait()
        await finish(talk)

    async with serve(hesitate) as port, Phone() as phone:
        await point(line, port)
        call = await phone.dial("+62215550100", port=line.ports.sip)
        with pytest.raises(CallRefused):
            await call.answered(within=0.3)
        looked.set()


async def test_second_engine_takes_the_call(line: Instance) -> None:
    async with serve(finish) as port, Phone() as phone:
        await asyncio.to_thread(point_at, line, NOBODY, f"agi://127.0.0.1:{port}/call")
        call = await phone.dial("1500", port=line.ports.sip)
        await call.answered()
        assert call.answered_at is not None
        assert call.answered_at < 0.3


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port that nobody accepts at: its queue is full, so that a connection is never made."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = int(listener.getsockname()[1])
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


async def test_an_engine_that_accepts_nobody_is_passed_by(line: Instance) -> None:
    """Asterisk waits two seconds for a connection (res_agi.c, MAX_AGI_CONNECT)."""
    with deaf_port() as deaf:
        async with serve(finish) as port, Phone() as phone:
            engines = (f"agi://127.0.0.1:{one}/call" for one in (deaf, port))
            await asyncio.to_thread(point_at, line, *engines)
            call = await phone.dial("1500", port=line.ports.sip)
            await call.answered(within=3)
            await call.ended(within=3)


@pytest.mark.parametrize(("tone", "gap"), BURSTS)
async def test_keys_survive_the_death_of_the_engine(line: Instance, tone: int, gap: int) -> None:
    """Pressed while no engine is there, each key is stored once, in order."""
    before, after = asyncio.Event(), asyncio.Event()
    stored: list[str] = []

    async def die(talk: Talk) -> None:
        await talk.ask("ANSWER")
        before.set()

    async def resume(talk: Talk) -> None:
        stored.append(await talk.read_keys())
        await finish(talk)
        after.set()

    async with Phone() as phone:
        async with serve(die) as port:
            await point(line, port)
            call = await phone.dial("1500", port=line.ports.sip)
            await before.wait()
            await call.answered()
        await call.press("1234567890*#", tone_ms=tone, gap_ms=gap)
        await call.wait(0.1)
        async with serve(resume, port):
            await after.wait()
    assert stored == ["1234567890*#"]


@pytest.mark.parametrize(("tone", "gap"), BURSTS)
async def test_keys_are_stored_once_while_a_command_listens(
    line: Instance, tone: int, gap: int
) -> None:
    stored: list[str] = []

    async def listen(talk: Talk) -> None:
        await talk.ask("ANSWER")
        while not (await talk.read_keys()).endswith("#"):
            await talk.ask("WAIT FOR DIGIT 2000")
        stored.append(await talk.read_keys())
        await finish(talk)

    async with serve(listen) as port, Phone() as phone:
        await point(line, port)
        call = await phone.dial("1500", port=line.ports.sip)
        await call.answered()
        await call.press("123456789#", tone_ms=tone, gap_ms=gap)
        await call.ended(within=5)
    assert stored == ["123456789#"]


async def test_without_an_engine_the_caller_hears_an_apology(line: Instance) -> None:
    before = await written_cdrs(line)
    with given(line, AGI=NOBODY, PATIENCE=2):
        async with Phone() as phone:
            call = await phone.dial("1500", port=line.ports.sip, caller="0811000002")
            await call.answered(within=5)
            assert call.answered_at is not None
            assert call.answered_at > 1.0
            await call.wait_sound(since=0.0)
            assert (await call.ended(within=3)).by == "far end"
    assert await next_cdr(line, before) == "fallback"


async def test_engine_that_dies_at_once_does_not_hold_the_caller(line: Instance) -> None:
    async def die(_: Talk) -> None:
        """Close at once."""

    async with serve(die) as port, Phone() as phone:
        await point(line, port)
        with given(line, PATIENCE=1):
            call = await phone.dial("1500", port=line.ports.sip)
            await call.answered(within=5)
            await call.wait_sound(since=0.0)


async def test_engine_that_served_gives_new_patience(line: Instance) -> None:
    """Killed after a while, it may take its time to come back."""
    back = asyncio.Event()

    async def serve_and_die(talk: Talk) -> None:
        await talk.ask("ANSWER")
        await talk.ask("WAIT FOR DIGIT 3000")

    async def resume(talk: Talk) -> None:
        back.set()
        await finish(talk)

    with given(line, PATIENCE=2):
        async with Phone() as phone:
            async with serve(serve_and_die) as port:
                await point(line, port)
                call = await phone.dial("1500", port=line.ports.sip)
                await call.answered()
                await call.wait(2.5)
            await call.wait(0.8)
            async with serve(resume, port):
                await back.wait()
            await call.ended(within=2)


async def test_missing_apology_is_no_fault_of_the_call(line: Instance) -> None:
    with given(line, AGI=NOBODY, PATIENCE=1, LANGUAGE="xx"):
        async with Phone() as phone:
            call = await phone.dial("1500", port=line.ports.sip)
            await call.answered(within=5)
            assert (await call.ended(within=3)).by == "far end"


async def test_absolute_limit_ends_politely(line: Instance) -> None:
    told = asyncio.Event()

    async def talk_on(talk: Talk) -> None:
        await talk.ask("ANSWER")
        await talk.ask("STREAM FILE silence/10 #")
        await talk.ask("NOOP")
        if talk.hung_up.is_set():
            told.set()

    async with serve(talk_on) as port, Phone() as phone:
        await point(line, port)
        with given(line, LIMIT=1):
            call = await phone.dial("1500", port=line.ports.sip)
            await call.answered()
            await call.wait_sound(since=0.0)
            await call.ended(within=3)
            await told.wait()


async def test_engine_may_finish_after_the_caller_hung_up(line: Instance) -> None:
    before = await written_cdrs(line)

    async def outlive(talk: Talk) -> None:
        await talk.ask("ANSWER")
        await talk.ask("WAIT FOR DIGIT 5000")
        await talk.ask("SET VARIABLE IVR_DONE caller-left")

    async with serve(outlive) as port, Phone() as phone:
        await point(line, port)
        call = await phone.dial("1500", port=line.ports.sip, caller="0811000003")
        await call.answered()
        await call.hangup()
        assert await next_cdr(line, before) == "caller-left"


async def point(line: Instance, port: int) -> None:
    await asyncio.to_thread(point_at, line, f"agi://127.0.0.1:{port}/call")


async def written_cdrs(line: Instance) -> int:
    """How many calls are on record once none is in progress any more."""
    while True:
        if "0 active calls" in await asyncio.to_thread(run_command, line, CALLS):
            return len(_lines(line.cdr))
        await asyncio.sleep(0.02)


async def next_cdr(line: Instance, before: int) -> str:
    """The userfield of the call that came after so many, once Asterisk has written it."""
    while True:
        rows = list(csv.reader(_lines(line.cdr)))[before:]
        if rows:
            return rows[0][-1]
        await asyncio.sleep(0.02)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
