"""A channel without a telephone: played by a script, a terminal or a test."""

from ivr.simulator.caller import (
    Act,
    Caller,
    Leave,
    Press,
    Quiet,
    ScriptedCaller,
    Speak,
    Wait,
)
from ivr.simulator.channel import Simulator
from ivr.simulator.line import Line

__all__ = [
    "Act",
    "Caller",
    "Leave",
    "Line",
    "Press",
    "Quiet",
    "ScriptedCaller",
    "Simulator",
    "Speak",
    "Wait",
]
