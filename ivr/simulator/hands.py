"""The caller's hands on a virtual clock: what is done while time goes by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ivr.engine.steps import Step
from ivr.simulator.caller import Act, Caller, Leave, Officer, Press, Quiet, Speak, Wait
from ivr.simulator.line import Line


class Hands:
    """Has the caller of a line act. `show` gets what is done, line by line."""

    def __init__(self, caller: Caller, line: Line, show: Callable[[str], None]) -> None:
        self._caller = caller
        self._show = show
        self.line = line

    def next(self, step: Step, *, playing: bool) -> Act | None:
        """What the caller is doing now; asks for the next act when the last one is over."""
        if self.line.act is None:
            self.line.act = self._caller.act(step, playing=playing)
        while isinstance(self.line.act, Officer):
            self.line.officer = self.line.act
            self.line.act = self._caller.act(step, playing=playing)
        return self.line.act

    def press(self, keys: str) -> None:
        """Press these keys now."""
        self.line.received += keys
        self.line.act, self.line.said = None, False
        self._show(f">> {keys}")

    def leave(self) -> None:
        """Hang up."""
        self.line.act, self.line.gone = None, True
        self._show("-- caller hangs up")

    def let_pass(self, step: Step, until: int, *, playing: bool) -> bool:
        """Let time go by until the caller does something; False when the time has come first."""
        while self.line.clock < until:
            act = self.next(step, playing=playing)
            if isinstance(act, Press | Leave):
                return True
            if isinstance(act, Wait | Speak):
                spent = min(act.length, until - self.line.clock)
                self.line.clock += spent
                rest = act.length - spent
                self.line.act = replace(act, length=rest) if rest else None
            elif isinstance(act, Quiet) and not playing and self.line.said:
                self.line.act = None
            else:
                self.line.clock = until
        return False

    def act(self) -> bool:
        """Have the caller do what is due; False when that is to hang up."""
        if isinstance(self.line.act, Press):
            self.press(self.line.act.keys)
            return True
        self.leave()
        return False
