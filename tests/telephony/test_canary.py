"""Marked numbers are keyed in real calls, and stand in clear in no file that any process writes.

Five calls; with IVR_SOAK=1 fifty. Two are whole, one caller hangs up in the middle of a number, and
in two the engine is killed there. The files are searched while half a number is keyed, while no
engine lives, and when all is over: store, write-ahead log, live rows, logs of both, call records,
recordings, bundle shelf, scratch, Asterisk's own database.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.flow.identifiers import check, luhn_digit
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.voice import make_voice
from tests.disguises import find_leaks, find_spread, list_files
from tests.telephony.engine import ROOT, Engine, Story
from tests.telephony.visits import call_up

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(600)]

FLOWS = ROOT / "tests" / "data" / "flows" / "canary"
ROUNDS = 10 if os.environ.get("IVR_SOAK") else 1
QUIET = 400
"""Milliseconds of silence that end a prompt."""

PART = 9
"""Digits that are keyed before something happens; no fewer are searched for."""


@dataclass(frozen=True)
class Person:
    """What one caller keys; every number is this caller's alone."""

    n: int

    @property
    def caller(self) -> str:
        return f"+62877{os.getpid() % 100_000:05}{self.n:03}"

    @property
    def npwp(self) -> str:
        begin = f"{61_283_700 + self.n}"
        return f"{begin}{luhn_digit(begin)}{407_000 + self.n}"

    @property
    def nik(self) -> str:
        return f"3273{26 + self.n % 60:02}47{1 + self.n % 12:02}8{self.n % 10}{6_403 + self.n}"

    @property
    def card(self) -> str:
        begin = f"5264{37_019_482_000 + self.n}"
        return begin + luhn_digit(begin)

    @property
    def phone(self) -> str:
        return f"0859{73_106_400 + self.n}"

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for: of what is keyed, the part that was always keyed."""
        keyed = (self.npwp, self.nik, self.card, self.phone)
        return (self.caller, self.caller[1:], *(number[:PART] for number in keyed))


@pytest.fixture
def canary(tmp_path: Path, pbx: Instance) -> Iterator[Engine]:
    engine = Engine(tmp_path / "engine", FLOWS)
    point_at(pbx, engine.address)
    engine.start()
    yield engine
    engine.stop()


class Search:
    """Looks through every file of an engine and its Asterisk; at each look only through those that
    have changed, since callers wait meanwhile."""

    def __init__(self, engine: Engine, pbx: Instance, people: Sequence[Person]) -> None:
        self._places = (engine.state, pbx.directory)
        self._words = [word for person in people for word in person.words]
        self._clean: dict[Path, tuple[int, int]] = {}

    def run(self) -> dict[str, list[str]]:
        """File → words in it."""
        found = {}
        for path in list_files(*self._places):
            try:
                state = path.stat()
                data = b"" if self._is_clean(path, state) else path.read_bytes()
            except FileNotFoundError:
                continue  # a scratch file whose call has just ended
            data += str(path).encode()
            if leaks := find_leaks(data, self._words) + find_spread(data, self._words):
                found[path.name] = leaks
            else:
                self._clean[path] = state.st_mtime_ns, state.st_size
        return found

    def _is_clean(self, path: Path, state: os.stat_result) -> bool:
        return self._clean.get(path) == (state.st_mtime_ns, state.st_size)

    async def expect_nothing(self) -> None:
        assert await asyncio.to_thread(self.run) == {}


async def enter(call: Call, keys: str, since: float) -> float:
    """Hear a prompt that began after `since` out, then key; gives the moment after the last key."""
    await hear(call, since)
    await call.press(keys, tone_ms=60, gap_ms=60)
    return call.clock()


async def hear(call: Call, since: float) -> None:
    await call.wait_sound(since=since, at_least_ms=200)
    await call.wait_quiet(QUIET)


async def key_all(call: Call, person: Person) -> None:
    """The whole call: every number, a message, to the end."""
    since = 0.0
    for keys in (f"{person.npwp}#", person.nik, "1", person.card, f"{person.phone}#"):
        since = await enter(call, keys, since)
    await hear(call, since)
    await call.speak(make_voice(1.0))
    await call.ended(within=30)


async def whole(phone: Phone, pbx: Instance, person: Person) -> None:
    await key_all(await call_up(phone, pbx, "1600", person.caller), person)


async def leave(phone: Phone, pbx: Instance, person: Person, search: Search) -> None:
    """Hangs up in the middle of the card's number."""
    call = await call_up(phone, pbx, "1600", person.caller)
    since = 0.0
    for keys in (f"{person.npwp}#", person.nik, "1", person.card[:PART]):
        since = await enter(call, keys, since)
    await search.expect_nothing()
    await call.hangup()


async def survive(
    phone: Phone, pbx: Instance, people: tuple[Person, Person], engine: Engine, search: Search
) -> None:
    """The engine dies in the middle of an NPWP and of a NIK, and the callers begin those again."""
    first, second = [await call_up(phone, pbx, "1600", one.caller) for one in people]
    since = await enter(second, f"{people[1].npwp}#", 0.0)
    await enter(second, people[1].nik[:PART], since)
    await enter(first, people[0].npwp[:PART], 0.0)
    await asyncio.to_thread(engine.kill)
    await search.expect_nothing()
    await asyncio.to_thread(engine.start)
    for call, rest in ((first, people[0].npwp[PART:] + "#"), (second, people[1].nik[PART:])):
        await call.press(rest, tone_ms=60, gap_ms=60)
        await hear(call, call.clock())
    await search.expect_nothing()
    for call in (first, second):
        await call.hangup()


def accepted(story: Story) -> list[int]:
    return [event["length"] for event in story.all("input.accepted")]


async def test_no_number_is_anywhere_in_clear(canary: Engine, pbx: Instance) -> None:
    people = [Person(n) for n in range(5 * ROUNDS)]
    assert {check("npwp", one.npwp) for one in people} == {None}
    assert {check("nik", one.nik) for one in people} == {None}
    for group in zip(*[iter(people)] * 5, strict=True):
        search = Search(canary, pbx, group)
        await search.expect_nothing()
        async with Phone() as phone:
            await asyncio.gather(
                whole(phone, pbx, group[0]),
                whole(phone, pbx, group[1]),
                leave(phone, pbx, group[2], search),
            )
            await survive(phone, pbx, (group[3], group[4]), canary, search)
        stories = [await canary.story(one.caller) for one in group]
        # What was searched for had really arrived, or the search would prove nothing.
        assert [accepted(story) for story in stories[:3]] == [[15, 16, 16, 12]] * 2 + [[15, 16]]
        assert accepted(stories[4])[:1] == [15]
        assert [story.summary.outcome for story in stories[:2]] == ["tiket"] * 2
        assert "call.resumed" in {*stories[3].kinds, *stories[3].noted}
    await Search(canary, pbx, people).expect_nothing()
    names = {path.name for path in list_files(canary.state, pbx.directory)}
    assert {"journal.db", "engine.log", "messages.log", "Master.csv"} <= names
    assert list(canary.recordings.rglob("*.wav"))


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    person = Person(1)
    (tmp_path / "a.log").write_text(f"User entered '{person.npwp}'")
    (tmp_path / "b.log").write_text("".join(f"DTMF {key}\n" for key in person.nik))
    (tmp_path / "c.csv").write_text(" ".join(person.card))
    texts = {path.name: path.read_bytes() for path in list_files(tmp_path)}
    assert find_leaks(texts["a.log"], person.words) == [person.npwp[:PART]]
    assert find_spread(texts["c.csv"], person.words) == [person.card[:PART]]
