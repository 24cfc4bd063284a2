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
from ivr.simulator.line import Line
from ivr.simulator.muting import SimulatedMuting

__all__ = [
    "Act",
    "Caller",
    "Does",
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
]
