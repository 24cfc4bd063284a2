"""A channel without a telephone: played by a script, a terminal or a test."""

from ivr.simulator.caller import (
    Act,
    Caller,
    Does,
    Leave,
    Officer,
    Press,
    Quiet,
    ScriptedCaller,
    Speak,
    Wait,
)
from ivr.simulator.channel import Simulator
from ivr.simulator.line import Heard, Line
from ivr.simulator.muting import SimulatedMuting
from ivr.simulator.wishes import Fixed, WishedAnswers

__all__ = [
    "Act",
    "Caller",
    "Does",
    "Fixed",
    "Heard",
    "Leave",
    "Line",
    "Officer",
    "Press",
    "Quiet",
    "ScriptedCaller",
    "SimulatedMuting",
    "Simulator",
    "Speak",
    "Wait",
    "WishedAnswers",
]
