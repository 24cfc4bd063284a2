"""Every event of the journal is a sentence in `ivr calls show`: none is told by its raw fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from ivr.cli.sentences import FUNCTIONS, SENTENCES, write_sentence
from ivr.cli.transcript import Transcript
from ivr.engine.events import Event
from ivr.scripts.checks import select
from ivr.scripts.playing import Notebook, play
from tests.test_calls import scripts, shipped

ROOT = Path(__file__).parent.parent / "ivr"

ELSEWHERE = {"hours.checked", "prompt.played"}
"""Told with words of the flows."""

KNOWN = {*SENTENCES, *FUNCTIONS, *ELSEWHERE}

ENGINE = {one.__dataclass_fields__["type"].default for one in get_args(get_args(Event)[0])}

_FACT = re.compile(r'"type": "([a-z]+\.[a-z_]+)"|owe\(\s*"([a-z]+\.[a-z_]+)"')


def facts() -> set[str]:
    """The types of facts that stand in the source."""
    sources = (path.read_text() for path in ROOT.rglob("*.py") if path.parent.name != "engine")
    return {one or two for text in sources for one, two in _FACT.findall(text)}


def test_every_event_and_every_fact_has_a_sentence() -> None:
    ends = ("sealed", "short", "missing", "continued", "lost", "altered", "restored")
    recordings = {f"recording.{end}" for end in ends}
    assert len(facts()) > 8
    assert (ENGINE | facts() | recordings) - KNOWN == set()


TOLD = [
    (
        {"type": "universal.used", "keys": "0", "action": "flow shared/officer"},
        "pressed 0: on to flow shared/officer",
    ),
    ({"type": "universal.used", "keys": "*", "action": "repeat"}, "pressed *: the prompt again"),
    (
        {"type": "recording.continued", "outcome": {"type": "recording_set", "recording": None}},
        "the recording ended; a new one begins once a secret is over",
    ),
    ({"type": "input.silent", "count": 2}, "no key came, 2 times here so far"),
    (
        {
            "type": "input.accepted",
            "name": "npwp",
            "length": 15,
            "value": {"$secret": {"length": 15}},
        },
        "15 digits taken as npwp: (secret)",
    ),
    (
        {"type": "input.accepted", "name": "nik", "length": 2, "value": {"$personal": "12"}},
        "2 digits taken as nik: 12",
    ),
    ({"type": "input.confirmed", "right": False}, "the caller wants to enter it again"),
    ({"type": "tries.exhausted", "reason": "silence"}, "gave up: no key came too often"),
    ({"type": "case.taken", "case": 0}, "no condition holds"),
    ({"type": "variables.set", "values": {"a": 1, "b": None}}, "set: a is 1, b is none"),
    (
        {"type": "source.answered", "source": "beds", "result": "found", "fields": {"free": 3}},
        "source beds answered: free 3",
    ),
    (
        {"type": "webhook.answered", "webhook": "office", "result": "accepted"},
        "webhook office took the message",
    ),
    (
        {"type": "webhook.answered", "webhook": "office", "result": "failed", "reason": "dns"},
        "webhook office could not be told (dns)",
    ),
    (
        {"type": "source.answered", "source": "beds", "result": "failed", "reason": "timeout"},
        "source beds could not answer (timeout)",
    ),
    (
        {"type": "recording.switched", "on": False, "recording": None},
        "the call is not recorded from here on",
    ),
    (
        {"type": "transfer.begun", "destination": "officers", "told": {"language": "id"}},
        "handed to officers, who are told: language id",
    ),
    (
        {"type": "call.abandoned", "reason": "line"},
        "the call was given up: another call began on its line",
    ),
    (
        {"type": "recording.lost", "outcome": {"type": "unable", "reason": "disk"}},
        "the recording could not be taken up again (disk)",
    ),
    (
        {"type": "recording.short", "recording": "A-1", "muted": [[1000, 2500], [4000, None]]},
        "recording A-1 is shorter than it must be; "
        "silent on purpose from 1.0 s to 2.5 s, 4.0 s to its end",
    ),
    ({"type": "line.ended", "cause": 16}, "the line ended, cause 16 (normal clearing)"),
    (
        {"type": "call.ended", "turns": 1, "outcome": "putus_ivr"},
        "the call ended after 1 turn: left without a result (putus_ivr)",
    ),
    ({"type": "call.ended", "turns": 2, "outcome": "own"}, "the call ended after 2 turns: own"),
    (
        {
            "type": "manager.returned",
            "since": "2026-01-02T03:04:05.6+00:00",
            "until": "2026-01-02T17:04:06+00:00",
            "dropped": 0,
        },
        "Asterisk's manager is back, away from 2026-01-02 10:04:05 WIB to 2026-01-03 00:04:06 WIB,"
        " 0 lost",
    ),
    ({"type": "clock.stepped", "milliseconds": -3000}, "the machine's clock was set by -3.0 s"),
    ({"type": "some.later", "flow": "f", "node": "n", "a": 1}, "some.later: a 1"),
]


@pytest.mark.parametrize(("event", "told"), TOLD, ids=lambda one: str(one)[:40])
def test_a_sentence(event: Mapping[str, Any], told: str) -> None:
    assert write_sentence(event, {}) == told


@pytest.mark.parametrize(
    ("result", "talked", "told"),
    [
        (
            "ended",
            60_000,
            "an officer answered after 5.0 s and they talked for 60.0 s, then the officer hung up",
        ),
        (
            "left",
            9_000,
            "an officer answered after 5.0 s and they talked for 9.0 s, then the caller hung up",
        ),
        ("left", 0, "the caller hung up after waiting for 5.0 s"),
        ("key", 0, "the caller waited for 5.0 s and chose the option message instead"),
        ("queue_closed", 0, "came back after 5.0 s: no officer is on duty"),
        ("no_answer", 0, "came back after 5.0 s: nobody answered"),
    ],
)
def test_how_a_transfer_ended(result: str, talked: int, told: str) -> None:
    event = {
        "type": "transfer.ended",
        "result": result,
        "option": "message",
        "waited": 5_000,
        "talked": talked,
    }
    assert write_sentence(event, {}) == told


def test_the_clock_is_told_with_the_name_of_the_day() -> None:
    event = {"type": "hours.checked", "calendar": "officers", "exit": "holiday", "label": "x.y"}
    told = write_sentence(event, {"x.y": "Hari Raya Natal"})
    assert told == "calendar officers: closed for the whole day, Hari Raya Natal"


@pytest.mark.parametrize(
    "name",
    [
        "Petugas tidak bertugas malam ini: pengaduan",
        "Berbicara dengan petugas",
        "NPWP ditemukan, dengarkan lagi, selesai",
        "Pengaduan pajak direkam dan diberi nomor",
        "Tempat tidur: data baru",
    ],
)
async def test_a_whole_call_reads_as_sentences(name: str) -> None:
    [script] = select(scripts(), name)
    notebook = Notebook()
    await play(script, shipped(), notebook)
    [call] = await notebook.calls()
    lines = list(Transcript(shipped(), Path("rec")).lines(await notebook.turns(call.call), ()))
    assert len(lines) > 20
    raw = [line for line in lines if re.search(r"[a-z]=|[{}$]|^\S+ +[a-z]+\.[a-z]", line)]
    assert raw == []
