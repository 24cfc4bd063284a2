"""How the store and its spool are, for readiness and metrics. Holds no record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class StoreState:
    """What readiness and metrics want to know.

    `store`: here, away (it is tried again), bad (only a restart tries again). `since` is when it
    went away, None while it is here; `drained` when the last of what had waited was in it, None
    when nothing had to wait since the start. `waiting` counts records in the spool, `room` the
    bytes that are free of its `size`; `spool` says whether it can take records. `unrecorded` counts
    the records that neither took, `refused` those that the store will never take, both since the
    start.
    """

    store: Literal["here", "away", "bad"]
    since: datetime | None
    drained: datetime | None
    spool: Literal["ready", "unusable"]
    waiting: int
    room: int
    size: int
    unrecorded: int
    refused: int

    @property
    def records(self) -> bool:
        """Whether a record can be made durable now, here or there."""
        return self.store == "here" or self.spool == "ready"

    @property
    def fill(self) -> float:
        """How much of the spool is used, from 0 to 1; 1 when it cannot be used."""
        return 1.0 - self.room / self.size
