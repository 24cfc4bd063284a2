"""The caller's ends over which the suite of the port `Channel` runs, and the steps it asks for.

An adapter joins by an entry in `ENDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ivr.engine.steps import Collect, Menu, Record, Timing
from ivr.engine.utterance import Utterance
from ivr.ports import Channel
from ivr.simulator import (
    Act,
    Line,
    ScriptedCaller,
    Simulator,
)

TIMING = Timing(first_key=3000, next_key=1000, total=8000)
PROMPT = (Utterance("test.prompt", "id", "Selamat datang di layanan ini."),)
MENU = Menu(PROMPT, ("1", "2", "*"), TIMING)
NOTICE = Menu(PROMPT, ("8",), TIMING, pass_on=True)
FRESH = Menu(PROMPT, ("1", "2"), TIMING, flush=True)
COLLECT = Collect(PROMPT, 3, 5, "#", ("*0",), TIMING)
RECORD = Record(PROMPT, limit=10_000, silence=2_000, finish="#")


class End(Protocol):
    """A caller's end of a line, for the suite."""

    def open(self, *acts: Act) -> Channel:
        """A channel to a caller who does this."""

    def again(self) -> Channel:
        """The same line as another engine finds it, before `restore`."""


class SimulatedEnd:
    def __init__(self) -> None:
        self.caller = ScriptedCaller()
        self.line = Line()

    def open(self, *acts: Act) -> Channel:
        self.caller.acts = list(acts)
        return Simulator(self.caller, self.line)

    def again(self) -> Channel:
        return Simulator(self.caller, self.line)


ENDS: dict[str, Callable[[], End]] = {"simulator": SimulatedEnd}
