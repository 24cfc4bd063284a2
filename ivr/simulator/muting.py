"""Muting without an Asterisk: it remembers which channels are muted."""

from __future__ import annotations


class SimulatedMuting:
    """Confirms what it is asked while it is `reachable`. `muted` holds channels."""

    def __init__(self) -> None:
        self.reachable = True
        self.muted: set[str] = set()

    async def mute(self, channel: str, *, on: bool) -> bool:
        """See `ivr.ports.Muting`."""
        if self.reachable:
            (self.muted.add if on else self.muted.discard)(channel)
        return self.reachable
