"""The instruments of one engine, made where it begins and read by whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.operations.meters import Meters
from ivr.operations.readiness import Readiness
from ivr.supervision.heartbeat import Heart


@dataclass(frozen=True, slots=True)
class Instruments:
    """What an engine is measured with. `heart` is None when no supervisor listens.

    `name` tells engines apart; `last` says that no other engine is asked after this one.
    """

    meters: Meters = field(default_factory=Meters)
    readiness: Readiness = field(default_factory=Readiness)
    heart: Heart | None = None
    name: str = "engine"
    last: bool = True
