"""A call with the pure engine alone: outcomes in, steps and events out; and tiny bundles for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.engine.engine import advance, begin
from ivr.engine.events import Event
from ivr.engine.outcomes import Digits, Keys, Outcome, Played, Started
from ivr.engine.plain import run_from_plain, run_to_plain
from ivr.engine.run import Run
from ivr.engine.steps import Step, utterances_of
from ivr.engine.values import Personal
from ivr.flow.assembly import assemble
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.flow.loader import load_phrases

START = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
"""A Monday, 10:04:05 in Jakarta."""

HOTLINE = """
hotline: test
numbers: {"1": main}
languages: [id]
person: person
keys:
  "*": repeat
  "7": back
  "0":
    next: {flow: person}
limits: {call: 15m, turns: 50}
defaults:
  first_key: 8s
  next_key: 4s
  total: 60s
  tries: 3
  on_silence:
    - say: Belum ada pilihan.
  on_wrong_key:
    - say: Pilihan itu tidak ada.
  on_give_up:
    say: Baik.
    next: {flow: person}
"""

PERSON = """
flow: person
title: Petugas
start: person
nodes:
  person: {type: hangup, outcome: petugas}
"""


def write_flow(name: str, nodes: str) -> str:
    """A flow file. `nodes` may begin with lines of the flow itself, before a line `nodes:`."""
    head, _, body = nodes.rpartition("nodes:\n")
    first = next(line for line in body.splitlines() if line.strip())
    start = first.strip().partition(":")[0]
    return f"flow: {name}\ntitle: Uji\nstart: {start}\n{head}\nnodes:\n{body}"


def load_texts(files: Mapping[str, str], hotline: str = "") -> Bundle:
    """The bundle of files given as text, with the usual hotline and way to a person."""
    texts = {"hotline.yaml": hotline or HOTLINE, "person.yaml": PERSON, **files}
    data = {name.replace("__", "/"): text.encode() for name, text in texts.items()}
    bundle, faults = assemble(data, load_phrases())
    if bundle is None:
        raise FaultyFlows(faults)
    return bundle


class Talk:
    """A call. The run goes through JSON before every turn, so that nothing in it can be lost."""

    def __init__(
        self, bundle: Bundle, dialled: str = "1", caller: str | None = None, at: datetime = START
    ) -> None:
        self.bundle = bundle
        self.at = at
        self.events: list[Event] = []
        self.all: list[Event] = []
        started = Started(dialled, None if caller is None else Personal(caller))
        self.run: Run = begin(bundle, "call", started, at)
        self.step: Step | None = None
        self.hear(started)

    def hear(self, outcome: Outcome, *, later: timedelta = timedelta()) -> Step | None:
        """One turn; returns the step that follows."""
        self.at += later
        run = run_from_plain(json.loads(json.dumps(run_to_plain(self.run))))
        assert run == self.run
        went = advance(self.bundle, run, outcome, self.at)
        self.run, self.step, self.events = went.run, went.step, list(went.events)
        self.all += went.events
        assert went.run.step == went.step
        return self.step

    def press(self, keys: str, *, heard: int = 0, waited: int = 0) -> Step | None:
        """The answer to a menu."""
        return self.hear(Keys(keys, heard, waited))

    def type(self, digits: str) -> Step | None:
        """The answer to a collect that is neither secret nor public."""
        return self.hear(Digits(Personal(digits), len(digits), "finish", 0))

    def listen(self) -> Step | None:
        """The prompt was played to its end."""
        return self.hear(Played(1000))

    @property
    def node(self) -> str:
        """Where the call stands."""
        return f"{self.run.frame.flow}.{self.run.frame.node}"

    @property
    def said(self) -> list[str]:
        """The ids of the prompts of the present step."""
        return [] if self.step is None else [one.prompt for one in utterances_of(self.step)]

    @property
    def told(self) -> list[str]:
        """The types of the last turn's events."""
        return [event.type for event in self.events]

    def event(self, kind: str) -> Any:
        """The only event of its type in the last turn."""
        (found,) = [event for event in self.events if event.type == kind]
        return found


def kinds(events: Sequence[Event]) -> list[str]:
    """The types of events."""
    return [event.type for event in events]
