"""Muting a recording while a secret is keyed: `ivr.ports.Muting` over the manager interface."""

from __future__ import annotations

from ivr.asterisk.manager.manager import AmiManager
from ivr.errors import ManagerAway

CONFIRM = 1.0
"""Seconds within which Asterisk must confirm."""


class AmiMuting:
    """Asterisk writes silence into every recording of a muted channel and keeps its time line
    (`MixMonitorMute`, apps/app_mixmonitor.c)."""

    def __init__(self, manager: AmiManager) -> None:
        self._manager = manager

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """See `ivr.ports.Muting`. Asterisk does the actions of a connection one after the other
        (`session_do`, main/manager.c).

        A MixMonitorID in the action would not keep a late one off the next recording: it is an
        address in memory, and 30 recordings of one call in a row had 14 of them.
        """
        if not self._manager.connected:
            return False
        action = {
            "Action": "MixMonitorMute",
            "Channel": channel,
            "Direction": "both",
            "State": "1" if on else "0",
        }
        try:
            answer = await self._manager.ask(action, CONFIRM)
        except ValueError:
            return False
        except ManagerAway:
            return None
        return bool(answer.success)
