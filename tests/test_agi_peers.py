"""Two other AGI libraries, pyst2 and panoramisk, beside ours: same wire, same meaning.

Only what they do right is compared; what they do wrong (HANGUP lines, usage over several lines,
values with line breaks, quotes in arguments) is what our own tests are about.
"""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Callable
from typing import Any

import pytest
from asterisk.agi import AGI
from panoramisk.fast_agi import Application, Request

from ivr.asterisk.agi import Answered, Command, Conversation, Environment, Opened, Reply, command
from ivr.asterisk.fastagi import AgiSession, serve
from tests.fastagi_peer import HEADER, connect
from tests.test_agi_command import split

PLAY = command.stream_file("menu", "123", duration=3)


def ours(sent: Command, reply: bytes) -> tuple[list[str], Reply, Environment]:
    conversation = Conversation()
    (opened,) = conversation.receive(HEADER)
    line = conversation.send(sent)
    (answered,) = conversation.receive(reply)
    assert isinstance(opened, Opened)
    assert isinstance(answered, Answered)
    return split(line), answered.reply, opened.environment


def theirs(call: Callable[[Any], Any], reply: bytes) -> tuple[list[str], Any, dict[str, str]]:
    before = signal.getsignal(signal.SIGHUP)
    sent = io.StringIO()
    try:
        agi = AGI(io.StringIO((HEADER + reply).decode()), sent, io.StringIO())
        result = call(agi)
    finally:
        signal.signal(signal.SIGHUP, before)
    (line,) = sent.getvalue().splitlines()
    return split(line.encode()), result, agi.env


@pytest.mark.parametrize(
    ("sent", "call", "reply", "meaning"),
    [
        (command.answer(), lambda a: a.answer(), b"200 result=0\n", lambda r: None),
        (PLAY, lambda a: a.stream_file("menu", "123"), b"200 result=49 endpos=8\n", lambda r: "1"),
        (PLAY, lambda a: a.stream_file("menu", "123"), b"200 result=0 endpos=8\n", lambda r: ""),
        (
            command.wait_for_digit(900),
            lambda a: a.wait_for_digit(900),
            b"200 result=35\n",
            lambda r: chr(int(r.result)),
        ),
        (
            command.get_data("ask", 4000, 4, duration=1),
            lambda a: a.get_data("ask", 4000, 4),
            b"200 result=1234\n",
            lambda r: r.result,
        ),
        (
            command.get_variable("DIALSTATUS"),
            lambda a: a.get_variable("DIALSTATUS"),
            b"200 result=1 (NO ANSWER (x))\n",
            lambda r: r.text,
        ),
        (
            command.set_variable("IVR_DONE", "a b"),
            lambda a: a.set_variable("IVR_DONE", "a b"),
            b"200 result=1\n",
            lambda r: None,
        ),
        (command.channel_status(), lambda a: a.channel_status(), b"200 result=6\n", lambda r: 6),
        (command.hangup(), lambda a: a.hangup(), b"200 result=1\n", lambda r: None),
        (
            command.set_extension("7"),
            lambda a: a.set_extension("7"),
            b"200 result=0\n",
            lambda r: None,
        ),
    ],
)
def test_pyst2_sends_the_same_words_and_understands_the_same(
    sent: Command, call: Callable[[Any], Any], reply: bytes, meaning: Callable[[Reply], Any]
) -> None:
    our_words, our_reply, environment = ours(sent, reply)
    their_words, their_result, their_environment = theirs(call, reply)
    verb = sent.verb.split()
    assert our_words[: len(verb)] == verb == [word.upper() for word in their_words[: len(verb)]]
    assert our_words[len(verb) :] == their_words[len(verb) :]
    assert their_result == meaning(our_reply)
    assert {k: v.strip() for k, v in environment.headers.items()} == their_environment


WIRE: list[tuple[Command, bytes]] = [
    (command.answer(), b"200 result=0"),
    (PLAY, b"200 result=50 endpos=4000"),
    (command.get_data("ask", 4000, 4, duration=1), b"200 result=12 (timeout)"),
    (command.get_variable("DIALSTATUS"), b"200 result=1 (NO ANSWER (x))"),
    (command.execute("StoreDTMF", "RX", "IVR_KEYS"), b"200 result=0"),
    (command.set_variable("IVR_DONE", "ok"), b"200 result=1"),
]


async def play(port: int) -> list[bytes]:
    """Be Asterisk for one call; return what was sent to it."""
    async with connect(port) as asterisk:
        for _, reply in WIRE:
            await asterisk.answer(reply)
        await asterisk.ended()
        return asterisk.lines


async def test_panoramisk_and_we_have_the_same_conversation() -> None:
    our_replies: list[Reply] = []
    their_replies: list[dict[str, Any]] = []

    async def ours(session: AgiSession) -> None:
        for sent, _ in WIRE:
            our_replies.append(await session.command(sent))

    async def theirs(request: Request) -> None:
        for sent, _ in WIRE:
            their_replies.append(await request.send_command(sent.line.decode().rstrip("\n")))

    async with serve(ours, port=0) as server:
        our_lines = await play(server.port)
    application = Application(loop=asyncio.get_running_loop())
    application.add_route("hotline/tax?test=1", theirs)
    async with await asyncio.start_server(application.handler, "127.0.0.1", 0) as other:
        their_lines = await play(other.sockets[0].getsockname()[1])

    assert our_lines == their_lines == [sent.line.rstrip(b"\n") for sent, _ in WIRE]
    for ours_, theirs_ in zip(our_replies, their_replies, strict=True):
        assert theirs_["status_code"] == ours_.code
        assert theirs_["result"] == (ours_.result, ours_.text or "")
        assert theirs_.get("endpos", (None,))[0] == (
            None if ours_.endpos is None else str(ours_.endpos)
        )
