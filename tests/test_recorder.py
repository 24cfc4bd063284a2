"""What is ordered from Asterisk, and in which order, so that no secret gets into a recording."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ivr.asterisk.fastagi import AgiSession
from ivr.asterisk.line import Line, Unperformed
from ivr.asterisk.recorder import AFTER, Recorder
from ivr.errors import ChannelClosed
from ivr.recordings.segments import Segment, list_unsealed
from ivr.simulator import SimulatedMuting
from ivr.speech.casting import load_casting
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from tests.fastagi_peer import FakeAsterisk, converse, expand

PROMPTS = Path(__file__).parent.parent / "prompts"


class Diary(SimulatedMuting):
    """Asterisk as the recorder meets it: what was ordered, by whichever way, in order."""

    def __init__(self, *, reachable: bool = True, answer: bytes = b"200 result=0\n") -> None:
        super().__init__()
        self.reachable = reachable
        self.reply = answer
        self.told: list[str] = []
        self.moments: list[float] = []

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """See `ivr.ports.Muting`."""
        self.tell("muted" if on else "heard")
        return await super().mute(channel, on=on)

    def tell(self, word: str) -> None:
        self.told.append(word)
        self.moments.append(asyncio.get_running_loop().time())

    async def answer(self, peer: FakeAsterisk) -> None:
        """Do what comes over AGI; a silent file plays until the next command."""
        while line := await peer.hear():
            if line.startswith(b"GET FULL VARIABLE"):
                peer.say(expand(line, {}))
            elif not line.startswith(b"STREAM FILE"):
                _, name, *paths = line.decode().replace('"', "").partition(",")[0].split()
                self.tell(" ".join([name, *(Path(path).name.partition(".")[0] for path in paths)]))
                peer.say(self.reply)


async def record(
    directory: Path, diary: Diary, act: Callable[[Recorder], Awaitable[None]]
) -> list[str]:
    """What was ordered while `act` was done with the recorder of a line."""
    library = PromptLibrary(directory / "sounds", load_casting(PROMPTS, Tones()))

    async def order(session: AgiSession) -> None:
        line = Line(session, library, directory)
        await act(Recorder(line, "PJSIP/trunk-1", "pintu-1.1", directory, diary))

    await converse(order, diary.answer)
    return diary.told


async def begin(recorder: Recorder) -> None:
    await recorder.set("c1-1", on=True, fresh=True, masked=False)


async def test_a_secret_is_muted_and_its_time_is_noted_as_it_happens(tmp_path: Path) -> None:
    noted: list[int] = []

    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        await recorder.mask("c1-2", on=True)
        [segment] = list_unsealed(tmp_path)
        noted.extend(until is None for _, until in segment.muted)
        await recorder.mask("c1-3", on=True)
        await recorder.mask("c1-4", on=False)

    diary = Diary()
    assert await record(tmp_path, diary, act) == ["MixMonitor c1-1", "muted", "heard"]
    assert diary.moments[2] - diary.moments[1] >= AFTER
    assert noted == [True]
    [segment] = list_unsealed(tmp_path)
    [[since, until]] = segment.silences
    assert since is not None
    assert until is not None
    assert until - since >= 1000 * AFTER


async def test_what_is_not_confirmed_ends_the_segment(tmp_path: Path) -> None:
    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        await recorder.mask("c1-2", on=True)
        assert recorder.name is None
        await recorder.mask("c1-3", on=False)

    diary = Diary(reachable=False)
    assert await record(tmp_path, diary, act) == [
        "MixMonitor c1-1",
        "muted",
        "StopMixMonitor",
        "MixMonitor c1-3",
    ]
    assert diary.moments[3] - diary.moments[2] >= AFTER
    first, second = list_unsealed(tmp_path)
    assert [until for _, until in first.muted] == [None]
    assert second.muted == ()


async def test_a_recording_that_cannot_hear_again_is_followed_by_another(tmp_path: Path) -> None:
    diary = Diary()

    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        await recorder.mask("c1-2", on=True)
        diary.reachable = False
        await recorder.mask("c1-3", on=False)

    assert (await record(tmp_path, diary, act))[2:] == [
        "heard",
        "StopMixMonitor",
        "MixMonitor c1-3",
    ]


async def test_what_cannot_be_noted_is_not_muted_but_ended(tmp_path: Path) -> None:
    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        mark = tmp_path / "c1-1.open"
        mark.unlink()
        mark.mkdir()
        await recorder.mask("c1-2", on=True)

    diary = Diary()
    assert await record(tmp_path, diary, act) == ["MixMonitor c1-1", "StopMixMonitor"]


@pytest.mark.parametrize("known", ["c1-1", None])
async def test_after_a_death_in_a_secret_nothing_is_recorded_until_it_is_over(
    tmp_path: Path, known: str | None
) -> None:
    """The dead engine may have begun a segment of which the live row does not know."""

    async def act(recorder: Recorder) -> None:
        segments = [Segment("c1-1", 100.0).plain()]
        recorder.restore({"recording": known, "withheld": known is None, "segments": segments})
        await recorder.set("c1-2-x", on=True, fresh=False, masked=True)
        await recorder.mask("c1-2", on=True)
        await recorder.mask("c1-3", on=False)

    assert await record(tmp_path, Diary(), act) == ["StopMixMonitor", "MixMonitor c1-3"]


async def test_a_secret_after_a_talk_is_muted_though_one_was_spoken_before_it(
    tmp_path: Path,
) -> None:
    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        await recorder.mask("c1-2", on=True)
        await recorder.lend("c1-2")
        await recorder.go_on("c1-2")
        await recorder.mask("c1-3", on=True)

    assert (await record(tmp_path, Diary(), act))[1:] == [
        "muted",
        "StopMixMonitor",
        "MixMonitor c1-2-after",
        "muted",
    ]


@pytest.mark.parametrize("slow", [False, True])
async def test_a_mute_that_may_come_late_is_revoked_in_the_next_segment(
    tmp_path: Path, slow: bool
) -> None:
    """Asterisk does what it is asked in order: once it hears again, the late one is over."""
    diary = Diary()

    async def act(recorder: Recorder) -> None:
        await begin(recorder)
        diary.slow = True
        await recorder.mask("c1-2", on=True)
        diary.slow = slow
        await recorder.mask("c1-3", on=False)
        await recorder.set("c1-4", on=True, fresh=True, masked=False)

    again = ["heard"] if slow else []
    assert await record(tmp_path, diary, act) == [
        *("MixMonitor c1-1", "muted", "StopMixMonitor"),
        *("MixMonitor c1-3", "heard", "StopMixMonitor"),
        *("MixMonitor c1-4", *again),
    ]
    told = {one.name: [until is None for _, until in one.muted] for one in list_unsealed(tmp_path)}
    assert told == {
        "c1-1": [True],
        "c1-3": [slow],
        "c1-4": [True] if slow else [],
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"200 result=-2\n", Unperformed),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", ChannelClosed),
    ],
)
async def test_a_recording_that_nobody_confirms_is_marked_as_doubted(
    tmp_path: Path, answer: bytes, error: type[Exception]
) -> None:
    async def act(recorder: Recorder) -> None:
        with pytest.raises(error):
            await begin(recorder)
        assert recorder.name is None
        assert recorder.position()["segments"] == []

    await record(tmp_path, Diary(answer=answer), act)
    assert [(one.name, one.doubted) for one in list_unsealed(tmp_path)] == [("c1-1", True)]
