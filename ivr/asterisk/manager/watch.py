"""What the manager interface tells about lines: why one ended, and which are there at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from panoramisk.message import Message

from ivr.asterisk.manager.manager import Account, AmiManager, Gap
from ivr.errors import ManagerAway

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Existing:
    """The lines that an Asterisk has. `system` is its name, in front of each unique id of its."""

    system: str
    lines: frozenset[str]

    def misses(self, line: str) -> bool:
        """Whether the line was of this Asterisk and is no more; another one's is not judged."""
        return line.rpartition("-")[0] == self.system and line not in self.lines


class Watcher(Protocol):
    """Whoever wants to know. A line is named by Asterisk's unique id."""

    async def hung_up(self, line: str, cause: int) -> None:
        """A line ended, for a cause of Q.850 (16: normal clearing)."""

    async def synced(self, existing: Existing, gap: Gap | None) -> None:
        """The connection is there (again): these lines exist now. `gap` is None the first time."""


async def watch(
    find: Callable[[], Account | None],
    watcher: Watcher,
    take: Callable[[AmiManager], None],
    on_state: Callable[[str], None] = lambda state: None,
) -> None:
    """Stay connected until cancelled and tell the watcher; `take` gets the manager at once.

    `find` and `on_state`: see `AmiManager`.
    """
    ups: asyncio.Queue[Gap | None] = asyncio.Queue()
    manager = AmiManager(find, ups.put_nowait, on_state)

    async def ended(_: object, event: Message) -> None:
        await watcher.hung_up(event.uniqueid, int(event.cause) if event.cause.isdigit() else 0)

    async def sync() -> None:
        untold: Gap | None = None
        while True:
            untold = _join(untold, await ups.get())
            try:
                await watcher.synced(await list_lines(manager), untold)
            except ManagerAway:
                continue  # it is told after the next login
            except Exception as error:
                _log.error("the lines could not be compared: %s", type(error).__name__)
            untold = None

    manager.register_event("Hangup", ended)
    take(manager)
    async with asyncio.TaskGroup() as group:
        group.create_task(sync())
        group.create_task(manager.run())


def _join(untold: Gap | None, gap: Gap | None) -> Gap | None:
    """Two times without the interface as one, when nobody could be asked between them."""
    if untold is None or gap is None:
        return gap or untold
    return Gap(untold.since, gap.until, untold.dropped + gap.dropped)


async def list_lines(manager: AmiManager) -> Existing:
    """The unique ids of all channels that exist now. Raises ManagerAway."""
    settings = await manager.ask({"Action": "CoreSettings"})
    answers = await manager.ask({"Action": "CoreShowChannels"})
    lines = frozenset(one.uniqueid for one in answers if one.event == "CoreShowChannel")
    return Existing(str(settings.systemname), lines)
