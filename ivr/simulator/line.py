"""The line of a simulated call: what stays when one engine dies and another comes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.engine.outcomes import Recorded, Transferred
from ivr.engine.utterance import Utterance
from ivr.simulator.caller import Act, Officer

LETTER_MS = 65
"""How long a written letter takes to be spoken: about 150 words a minute."""


@dataclass
class Heard:
    """A prompt that was begun, and how many milliseconds of its `length` were heard."""

    utterance: Utterance
    length: int
    heard: int


@dataclass
class Line:
    """What outlives an engine: the keys that came, the messages on disk, the caller, the time.

    `act` is what the caller is doing, `said` whether anything was said since the last key, `clock`
    counts milliseconds. `cut` is how many of the received keys are gone for every engine, as on the
    telephone, where they are cut off the store before the tone of a message. `handed` are the
    transfers that are over, by their act; without an `Officer` act nobody is on duty. `prompts` are
    those that were begun, the last one as it stands now.
    """

    received: str = ""
    cut: int = 0
    gone: bool = False
    act: Act | None = None
    said: bool = False
    clock: int = 0
    messages: dict[str, Recorded] = field(default_factory=dict)
    officer: Officer = field(default_factory=Officer)
    handed: dict[str, Transferred] = field(default_factory=dict)
    prompts: list[Heard] = field(default_factory=list)

    def cut_prompts(self, rest: int) -> None:
        """The prompts were cut so many milliseconds before the end of the last one."""
        for one in reversed(self.prompts):
            if rest <= 0:
                return
            one.heard = max(0, one.length - rest)
            rest -= one.length
