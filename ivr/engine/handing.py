"""What the engine concluded about a caller who was handed to an officer; see `events`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ivr.engine.values import Field


@dataclass(frozen=True, slots=True)
class TransferBegun:
    """The caller is being handed to a destination of the hotline; `told` is what the person gets
    to know of the call."""

    flow: str
    node: str
    destination: str
    told: Mapping[str, Field]
    type: Literal["transfer.begun"] = "transfer.begun"


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The caller is back, or gone. `option` is the name of the key that ended the waiting, empty
    for every other `result`; `talked` is 0 when nobody answered; `recording` names that of the
    talk, None without one."""

    flow: str
    node: str
    destination: str
    result: str
    option: str
    waited: int
    talked: int
    recording: str | None = None
    type: Literal["transfer.ended"] = "transfer.ended"
