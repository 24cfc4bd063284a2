"""What one engine does with the manager interface: mutes recordings, and tells why lines ended.

A call goes on without it: while it is away, a secret stops the recording instead of muting it.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from ivr.asterisk.manager import Account, AmiManager, AmiMuting, Existing, Gap, watch
from ivr.asterisk.pbx.instance import AMI_USER, load_instance
from ivr.config import Settings
from ivr.operations.clock import now
from ivr.operations.readiness import Readiness
from ivr.ports import Fact, Journal

_log = logging.getLogger(__name__)

PART = "ami"

KNOWN = 2_000
"""Calls of which it is remembered that they ended, until Asterisk tells why, or the reverse."""


class Exchange:
    """`end_gone` ends the calls whose line is gone, as what it is given says."""

    def __init__(
        self,
        journal: Journal,
        name: str,
        readiness: Readiness,
        end_gone: Callable[[Callable[[str], bool]], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._name = name
        self._readiness = readiness
        self._end_gone = end_gone
        self._manager: AmiManager | None = None
        self._calls: OrderedDict[str, str] = OrderedDict()
        self._causes: OrderedDict[str, int] = OrderedDict()

    async def run(self, find: Callable[[], Account | None]) -> None:
        """Stay connected until cancelled, as whom `find` says."""
        await watch(find, self, self._take, self._tell)

    def _take(self, manager: AmiManager) -> None:
        self._manager = manager

    def _tell(self, state: str) -> None:
        """How the connection is: `up`, `away`, `refused`. Calls go on while it is away; a refused
        account is a fault that nobody but an operator mends."""
        fault = "the manager interface refuses the account" if state == "refused" else ""
        self._readiness.report(PART, fault)

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """See `ivr.ports.Muting`."""
        return self._manager is not None and await AmiMuting(self._manager).mute(channel, on=on)

    async def ended(self, line: str, call: str) -> None:
        """A call of this engine ended."""
        cause = self._causes.pop(line, None)
        if cause is None:
            _remember(self._calls, line, call)
        else:
            await self._note(call, cause)

    async def hung_up(self, line: str, cause: int) -> None:
        """See `ivr.asterisk.manager.Watcher`."""
        call = self._calls.pop(line, None)
        if call is None:
            _remember(self._causes, line, cause)
        else:
            await self._note(call, cause)

    async def synced(self, existing: Existing, gap: Gap | None) -> None:
        """See `ivr.asterisk.manager.Watcher`."""
        if gap is not None:
            event = {
                "type": "manager.returned",
                "since": _written(gap.since),
                "until": _written(gap.until),
                "dropped": gap.dropped,
            }
            await self._journal.note(Fact(None, now(), self._name, event))
        await self._end_gone(existing.misses)

    async def _note(self, call: str, cause: int) -> None:
        await self._journal.note(
            Fact(call, now(), self._name, {"type": "line.ended", "cause": cause})
        )


def account_finder(settings: Settings) -> Callable[[], Account | None]:
    """Finds the account that the settings name; without one that of the local Asterisk.

    It reads files, so it is nothing for the event loop.
    """

    def find() -> Account | None:
        if settings.ami_secret != Path():
            secret = settings.ami_secret.read_text("utf-8").strip()
            return Account(settings.ami_host, settings.ami_port, settings.ami_user, secret)
        local = load_instance(settings.pbx / "instance")
        if local is None:
            return None
        return Account("127.0.0.1", local.ports.ami, AMI_USER, local.ami_secret)

    return find


Value = TypeVar("Value")


def _remember(known: OrderedDict[str, Value], line: str, value: Value) -> None:
    known[line] = value
    while len(known) > KNOWN:
        known.popitem(last=False)


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
