"""Muting without an Asterisk: it remembers which channels are muted."""

from __future__ import annotations


class SimulatedMuting:
    """Confirms what it is asked while it is `reachable`. `muted` holds channels.

    While it is `slow` it does what it is asked, and nobody is told.
    """

    def __init__(self) -> None:
        self.reachable = True
        self.slow = False
        self.muted: set[str] = set()

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """See `ivr.ports.Muting`."""
        if self.reachable:
            (self.muted.add if on else self.muted.discard)(channel)
        return None if self.reachable and self.slow else self.reachable
