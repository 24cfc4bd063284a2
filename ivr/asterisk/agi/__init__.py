"""AGI as bytes: the header, the commands, the replies, and the order in which they may come.

Pure: no socket, clock, logging or randomness. Commands are built by the functions of
`ivr.asterisk.agi.command`.
"""

from __future__ import annotations

from ivr.asterisk.agi.command import Command
from ivr.asterisk.agi.conversation import (
    Answered,
    Conversation,
    Ended,
    Event,
    Interrupted,
    Opened,
    State,
    Stray,
    Synchronised,
)
from ivr.asterisk.agi.environment import Environment, EnvironmentReader
from ivr.asterisk.agi.reply import HangupNotice, Reply, ReplyReader, Sync

__all__ = [
    "Answered",
    "Command",
    "Conversation",
    "Ended",
    "Environment",
    "EnvironmentReader",
    "Event",
    "HangupNotice",
    "Interrupted",
    "Opened",
    "Reply",
    "ReplyReader",
    "State",
    "Stray",
    "Sync",
    "Synchronised",
]
