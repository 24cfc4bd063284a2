"""The line around a talk with an officer, and at its end: what is known of it is never lost."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.asterisk.channel import DONE, AgiChannel
from ivr.asterisk.fastagi import AgiSession
from ivr.engine.outcomes import HungUp, Transferred
from ivr.engine.steps import SetRecording, Transfer
from ivr.engine.utterance import Utterance
from ivr.recordings.segments import begin, list_unsealed
from ivr.speech.casting import load_casting
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from tests.fastagi_peer import FakeAsterisk, converse, expand

PROMPTS = Path(__file__).parent.parent / "prompts"
DIAL = Transfer((), "dial", "desk", 20_000, ())
CLOCK = "STRFTIME(,,%s%3q)"
DEAD = b"HANGUP\n511 result=-1 Command Not Permitted on a dead channel or intercept routine\n"


class Exchange:
    """Asterisk's side of a call: an officer answers after 2 s and hangs up after a talk of 30 s.

    `left` are variables from before. The caller leaves when a command begins with `leaves`; one
    that begins with `refused` fails.
    """

    def __init__(self, left: Mapping[str, str] | None = None, leaves: str = "never") -> None:
        self.leaves = leaves
        self.refused = "never"
        self._variables = {CLOCK: "1000000", **(left or {})}
        self._gone = False
        self.done = False

    async def run(self, peer: FakeAsterisk) -> None:
        while line := (await peer.hear()).decode():
            if said := self._answer(line):
                peer.say(said)

    def _answer(self, line: str) -> bytes:
        if line.startswith("GET FULL VARIABLE"):
            self.done = self.done or DONE in line
            known = {name: value.encode() for name, value in self._variables.items()}
            return expand(line.encode(), known)
        if self._gone or line.startswith(self.leaves):
            self._gone = True
            return DEAD
        if line.startswith(self.refused):
            return b"200 result=-1\n"
        if said := re.fullmatch('SET VARIABLE "([^"]*)" "([^"]*)"', line):
            self._variables[said[1]] = said[2]
            return b"200 result=1\n"
        if line.startswith('EXEC "Dial"'):
            talk = {"IVR_TALK": "1002000", CLOCK: "1032000", "DIALSTATUS": "ANSWER"}
            self._variables.update(talk)
        return b"" if line.startswith("STREAM FILE") else b"200 result=0\n"


async def talk(
    directory: Path, exchange: Exchange, caller: Callable[[AgiChannel], Awaitable[None]]
) -> None:
    library = PromptLibrary(directory / "sounds", load_casting(PROMPTS, Tones()))
    library.prepare([])
    (directory / "recorded").mkdir()

    async def act(session: AgiSession) -> None:
        await caller(AgiChannel(session, library, directory / "recorded", directory))

    await converse(act, exchange.run)


@pytest.mark.parametrize("leaves", ['EXEC "StoreDTMF" "RX', 'EXEC "MixMonitor"'])
async def test_a_caller_who_leaves_when_the_officer_does_has_talked(
    tmp_path: Path, leaves: str
) -> None:
    async def caller(channel: AgiChannel) -> None:
        await channel.perform(SetRecording(True), "a-1")
        exchange.leaves = leaves
        outcome = await channel.perform(DIAL, "a-2")
        assert isinstance(outcome, Transferred)
        assert (outcome.waited, outcome.talked, outcome.recording) == (2_000, 30_000, "a-2")
        assert isinstance(await channel.perform(DIAL, "a-3"), HungUp)

    exchange = Exchange()
    await talk(tmp_path, exchange, caller)


async def test_a_caller_is_connected_though_the_prompt_before_it_has_no_sound(
    tmp_path: Path,
) -> None:
    async def caller(channel: AgiChannel) -> None:
        prompt = Utterance("main.connect.say", "id", "Mohon tunggu.")
        outcome = await channel.perform(replace(DIAL, utterances=(prompt,)), "a-1")
        assert isinstance(outcome, Transferred)
        assert outcome.result == "ended"

    await talk(tmp_path, Exchange(), caller)


async def test_a_talk_counts_though_the_recording_cannot_go_on_after_it(tmp_path: Path) -> None:
    async def caller(channel: AgiChannel) -> None:
        await channel.perform(SetRecording(True), "a-1")
        shutil.rmtree(tmp_path / "recorded")  # a disk that is gone
        outcome = await channel.perform(DIAL, "a-2")
        assert isinstance(outcome, Transferred)
        assert (outcome.result, outcome.talked, outcome.recording) == ("ended", 30_000, None)

    await talk(tmp_path, Exchange(), caller)


async def test_of_an_attempt_that_was_never_made_no_recording_is_expected(tmp_path: Path) -> None:
    async def caller(channel: AgiChannel) -> None:
        await channel.perform(SetRecording(True), "a-1")
        assert isinstance(await channel.perform(DIAL, "a-2"), HungUp)
        expected = [one.name for one in list_unsealed(tmp_path / "recorded")]
        assert expected == ["a-1"]

    await talk(tmp_path, Exchange(leaves='SET VARIABLE "IVR_AWAY_FROM"'), caller)


async def test_a_recording_that_asterisk_refuses_after_a_talk_hides_no_talk(tmp_path: Path) -> None:
    async def caller(channel: AgiChannel) -> None:
        await channel.perform(SetRecording(True), "a-1")
        exchange.refused = 'EXEC "MixMonitor"'
        outcome = await channel.perform(DIAL, "a-2")
        assert isinstance(outcome, Transferred)
        assert (outcome.result, outcome.recording) == ("ended", "a-2")

    exchange = Exchange()
    await talk(tmp_path, exchange, caller)


async def test_what_was_recorded_before_a_talk_ends_where_the_talk_was_handed_over(
    tmp_path: Path,
) -> None:
    """The engine died in the talk; only the mark of the talk tells when it ended the recording."""
    now = time.time()
    begun, lent = now - 100, now - 60

    async def caller(channel: AgiChannel) -> None:
        recorded = tmp_path / "recorded"
        begin(recorded, "a-2", "line", lent)
        first = {"name": "a-1", "began": begun, "ended": None, "muted": []}
        recording = {"recording": "a-1", "withheld": False, "segments": [first]}
        channel.restore({"cursor": 0, "swallow": "", "language": "id", **recording})
        await channel.take_over()
        await channel.perform(SetRecording(True), "a-2-again", fresh=False)
        outcome = await channel.perform(DIAL, "a-2", fresh=False)
        assert isinstance(outcome, Transferred)
        assert (outcome.recording, outcome.waited, outcome.talked) == ("a-2", 2_000, 30_000)
        ends = {one["name"]: one["ended"] for one in channel.position()["segments"]}
        assert list(ends) == ["a-1", "a-2-again", "a-2"]
        assert ends["a-1"] == pytest.approx(lent, rel=0, abs=0.1)
        assert ends["a-2-again"] is None

    left = {"IVR_AWAY": "a-2", "IVR_AWAY_FROM": "1000000", "IVR_TALK": "1002000"}
    exchange = Exchange({**left, "IVR_BACK": "1032000", "DIALSTATUS": "ANSWER"})
    await talk(tmp_path, exchange, caller)


async def test_a_recorded_call_is_marked_as_done_when_the_caller_hangs_up(tmp_path: Path) -> None:
    """Else the dialplan asks every engine what is left to be done of it."""

    async def caller(channel: AgiChannel) -> None:
        await channel.perform(SetRecording(True), "a-1")
        exchange.leaves = 'EXEC "StopMixMonitor"'
        await channel.close(done=True)

    exchange = Exchange()
    await talk(tmp_path, exchange, caller)
    assert exchange.done
