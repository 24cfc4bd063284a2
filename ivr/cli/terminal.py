"""A person at the terminal as the caller of a simulated call."""

from __future__ import annotations

import click

from ivr.engine.steps import Record, Step
from ivr.simulator import Act, Leave, Press, Quiet, Speak, Wait

ASK = "keys, Enter for silence, h to hang up"
ASK_RECORD = "Enter to speak, # to end, h to hang up"


class TerminalCaller:
    """Asks what the caller does whenever the call waits."""

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """One line of input as an act; end of input hangs up."""
        if playing:
            return Quiet()
        recording = isinstance(step, Record)
        try:
            line = click.prompt(
                f"[{ASK_RECORD if recording else ASK}]", default="", show_default=False
            ).strip()
        except (click.Abort, EOFError):
            return Leave()
        if line == "h":
            return Leave()
        if not line:
            return Speak(2_000) if recording else None
        keys = "".join(key for key in line if key in "0123456789*#")
        return Press(keys) if keys else Wait(0)
