"""The suite of the port `Muting`, over the manager interface on a socket and the simulated one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest

from ivr.asterisk.manager import Account, AmiManager, AmiMuting
from ivr.ports import Muting
from ivr.simulator import SimulatedMuting
from tests.ami_peer import Peer, agree, playing


class End(Protocol):
    """An adapter, and the Asterisk behind it."""

    @property
    def muting(self) -> Muting:
        """The adapter."""

    def muted(self) -> set[str]:
        """The channels that Asterisk has muted."""

    def lose(self) -> None:
        """From now on nothing is confirmed."""

    @property
    def unsure(self) -> bool:
        """Whether what is asked after that may be done all the same."""


class SimulatedEnd:
    def __init__(self, *, unsure: bool) -> None:
        self.muting = SimulatedMuting()
        self.unsure = unsure

    def muted(self) -> set[str]:
        return self.muting.muted

    def lose(self) -> None:
        self.muting.slow, self.muting.reachable = self.unsure, self.unsure


@dataclass
class ManagerEnd:
    """Of a manager whose peer, once lost, does what `loses` says."""

    muting: AmiMuting
    peer: Peer
    loses: Callable[[Peer], None]
    unsure: bool

    def muted(self) -> set[str]:
        channels: set[str] = set()
        for action in self.peer.actions:
            if action["Action"] == "MixMonitorMute":
                assert action["Direction"] == "both"
                change = channels.add if action["State"] == "1" else channels.discard
                change(action["Channel"])
        return channels

    def lose(self) -> None:
        self.loses(self.peer)


def go_away(peer: Peer) -> None:
    peer.answer = lambda action: []
    peer.drop()


def refuse(peer: Peer) -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        identity = action["ActionID"]
        return [f"Response: Error\r\nActionID: {identity}\r\nMessage: no\r\n\r\n".encode()]

    peer.answer = answer


def say_nothing(peer: Peer) -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        return [] if action["Action"] == "MixMonitorMute" else agree(action)

    peer.answer = answer


def simulated(*, unsure: bool) -> Callable[[], AbstractAsyncContextManager[End]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[End]:
        yield SimulatedEnd(unsure=unsure)

    return opened


def over_ami(
    loses: Callable[[Peer], None], *, unsure: bool
) -> Callable[[], AbstractAsyncContextManager[End]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[End]:
        up = asyncio.Event()
        async with playing() as peer:
            account = Account("127.0.0.1", peer.port, "ivr", "word")
            manager = AmiManager(lambda: account, lambda gap: up.set())
            task = asyncio.create_task(manager.run())
            await up.wait()
            yield ManagerEnd(AmiMuting(manager), peer, loses, unsure)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return opened


ENDS: dict[str, Callable[[], AbstractAsyncContextManager[End]]] = {
    "simulated": simulated(unsure=False),
    "simulated, slow": simulated(unsure=True),
    "manager breaks off": over_ami(go_away, unsure=True),
    "manager refuses": over_ami(refuse, unsure=False),
    "manager silent": over_ami(say_nothing, unsure=True),
}


@pytest.fixture(params=list(ENDS))
async def end(request: pytest.FixtureRequest) -> AsyncIterator[End]:
    async with ENDS[request.param]() as end:
        yield end


async def test_a_channel_is_muted_and_hears_again(end: End) -> None:
    assert await end.muting.mute("PJSIP/trunk-1", on=True)
    assert await end.muting.mute("PJSIP/trunk-2", on=True)
    assert end.muted() == {"PJSIP/trunk-1", "PJSIP/trunk-2"}
    assert await end.muting.mute("PJSIP/trunk-1", on=False)
    assert end.muted() == {"PJSIP/trunk-2"}


@pytest.mark.parametrize("on", [True, False])
async def test_what_is_not_confirmed_is_told_and_raises_nothing(end: End, on: bool) -> None:
    end.lose()
    assert await end.muting.mute("PJSIP/trunk-1", on=on) is (None if end.unsure else False)
