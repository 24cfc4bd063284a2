"""The manager interface, against a peer that speaks its bytes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ivr.asterisk.manager import Account, AmiManager, AmiMuting, Existing, Gap, watch
from ivr.asterisk.manager.manager import QUEUE
from ivr.errors import ManagerAway
from tests.ami_peer import Peer, agree, playing, reply


@asynccontextmanager
async def running(peer: Peer) -> AsyncIterator[tuple[AmiManager, asyncio.Queue[Gap | None]]]:
    """A manager that stays connected to the peer, and what it tells of its logins."""
    ups: asyncio.Queue[Gap | None] = asyncio.Queue()
    manager = AmiManager(lambda: Account("127.0.0.1", peer.port, "ivr", "word"), ups.put_nowait)
    task = asyncio.create_task(manager.run())
    try:
        yield manager, ups
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Diary:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[object] = asyncio.Queue()
        self.gaps: list[Gap | None] = []

    async def hung_up(self, line: str, cause: int) -> None:
        self.told.put_nowait((line, cause))

    async def synced(self, existing: Existing, gap: Gap | None) -> None:
        self.gaps.append(gap)
        self.told.put_nowait((existing, gap is None))


@asynccontextmanager
async def watching(peer: Peer, diary: Diary, states: list[str]) -> AsyncIterator[None]:
    """What the peer says, written in the diary."""
    find = lambda: Account("127.0.0.1", peer.port, "ivr", "word")  # noqa: E731 - one line says it
    task = asyncio.create_task(watch(find, diary, lambda manager: None, states.append))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_logs_in_and_is_answered() -> None:
    async with playing() as peer, running(peer) as (manager, ups):
        assert await ups.get() is None
        assert manager.connected
        answer = await manager.ask({"Action": "CoreStatus"})
        assert answer.success
    assert peer.names()[0] == "Login"
    assert (peer.actions[0]["Username"], peer.actions[0]["Secret"]) == ("ivr", "word")


async def test_the_account_is_not_looked_for_on_the_event_loop() -> None:
    looked: list[int] = []

    def find() -> Account:
        looked.append(threading.get_ident())
        return Account("127.0.0.1", peer.port, "ivr", "word")

    ups: asyncio.Queue[Gap | None] = asyncio.Queue()
    async with playing() as peer:
        task = asyncio.create_task(AmiManager(find, ups.put_nowait).run())
        await ups.get()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(looked) == 1
    assert threading.get_ident() not in looked


@pytest.mark.parametrize(
    "value", ["1\r\n\r\nAction: Originate", "a\nb", "a\rb", "a\0b", "x" * 1100]
)
async def test_no_value_can_become_another_action(value: str) -> None:
    async with playing() as peer, running(peer) as (manager, ups):
        await ups.get()
        with pytest.raises(ValueError, match="Variable"):
            manager.send_action({"Action": "Setvar", "Variable": value})
        await manager.ask({"Action": "CoreStatus"})
    assert "Setvar" not in peer.names()
    assert "Originate" not in peer.names()


async def test_an_action_that_was_not_answered_fails_and_is_never_sent_again() -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        return [] if action["Action"] == "Setvar" else agree(action)

    async with playing(answer) as peer, running(peer) as (manager, ups):
        await ups.get()
        waiting = manager.send_action({"Action": "Setvar", "Variable": "A", "Value": "1"})
        await peer.until(lambda seen: "Setvar" in seen.names())
        peer.drop()
        with pytest.raises(ManagerAway):
            await waiting
        gap = await ups.get()
        assert gap is not None
        assert gap.since <= gap.until
        await manager.ask({"Action": "CoreStatus"})
    assert peer.names().count("Setvar") == 1
    assert peer.connections == 2


async def test_without_a_connection_nothing_can_be_asked() -> None:
    manager = AmiManager(lambda: None)
    with pytest.raises(ManagerAway):
        manager.send_action({"Action": "Ping"})
    assert await AmiMuting(manager).mute("PJSIP/trunk-1", on=True) is False


async def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        return [] if action["Action"] == "CoreStatus" else agree(action)

    async with playing(answer) as peer, running(peer) as (manager, ups):
        await ups.get()
        with pytest.raises(ManagerAway, match="does not answer"):
            await manager.ask({"Action": "CoreStatus"}, 0.01)
        assert manager.connected


async def test_a_refused_account_is_known_and_not_tried_at_once_again() -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        identity = action["ActionID"]
        return [f"Response: Error\r\nActionID: {identity}\r\nMessage: no\r\n\r\n".encode()]

    async with playing(answer) as peer, running(peer) as (manager, _):
        await peer.until(lambda seen: bool(seen.actions))
        async with asyncio.timeout(5):
            while not manager.refused:  # noqa: ASYNC110 - only the flag tells
                await asyncio.sleep(0)
        assert not manager.connected
    assert peer.connections == 1


async def test_characters_and_messages_may_be_split_anywhere() -> None:
    event = "Event: Hangup\r\nUniqueid: 1.2\r\nCause: 16\r\nCallerIDName: José\r\n\r\n".encode()
    names: asyncio.Queue[str] = asyncio.Queue()

    async def ended(_: object, message: object) -> None:
        names.put_nowait(message.calleridname)  # type: ignore[attr-defined]

    async with playing() as peer, running(peer) as (manager, ups):
        manager.register_event("Hangup", ended)
        await ups.get()
        for at in range(1, len(event)):
            peer.say(event[:at])
            await asyncio.sleep(0)
            peer.say(event[at:])
            assert await names.get() == "José"


async def test_an_event_that_answers_an_action_is_handed_over_too() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    def answer(action: dict[str, str]) -> list[bytes]:
        if action["Action"] == "QueueStatus":
            return [
                reply(action, "EventList: start", "Message: Queue status will follow"),
                reply(action, "Event: QueueParams", "Queue: pajak", event=True),
                reply(action, "Event: QueueStatusComplete", event=True),
            ]
        return agree(action)

    async def heard(_: object, message: object) -> None:
        told.put_nowait(message.queue)  # type: ignore[attr-defined]

    async with playing(answer) as peer, running(peer) as (manager, ups):
        manager.register_event("QueueParams", heard)
        await ups.get()
        answers = await manager.ask({"Action": "QueueStatus"})
        assert [one.event for one in answers[1:]] == ["QueueParams", "QueueStatusComplete"]
        assert await told.get() == "pajak"


async def test_events_wait_in_a_queue_that_has_an_end() -> None:
    manager = AmiManager(lambda: None)
    for _ in range(QUEUE + 3):
        manager.dispatch({"event": "Hangup"})
    assert manager.dropped == 3


async def test_a_handler_that_fails_does_not_stop_the_next_one() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def ended(_: object, message: object) -> None:
        if message.uniqueid == "1":  # type: ignore[attr-defined]
            raise OSError("no room")
        told.put_nowait(message.uniqueid)  # type: ignore[attr-defined]

    async with playing() as peer, running(peer) as (manager, ups):
        manager.register_event("Hangup", ended)
        await ups.get()
        peer.say(b"Event: Hangup\r\nEvent: Hangup\r\nUniqueid: 0\r\n\r\n")
        peer.say(b"Event: Hangup\r\nActionID: a\r\nActionID: b\r\nUniqueid: 1\r\n\r\n")
        peer.say(b"Event: Hangup\r\nUniqueid: 1\r\n\r\nEvent: Hangup\r\nUniqueid: 2\r\n\r\n")
        assert await told.get() == "2"


async def test_a_watcher_learns_which_lines_there_are_and_why_one_ended() -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        if action["Action"] == "CoreSettings":
            return [reply(action, "SystemName: pintu")]
        if action["Action"] != "CoreShowChannels":
            return agree(action)
        first, last = agree(action)
        channel = reply(action, "Event: CoreShowChannel", "Uniqueid: 17.1", event=True)
        return [first, channel, last]

    diary = Diary()
    states: list[str] = []
    async with playing(answer) as peer, watching(peer, diary, states):
        assert await diary.told.get() == (Existing("pintu", frozenset({"17.1"})), True)
        peer.say(b"Event: Hangup\r\nUniqueid: 17.1\r\nCause: 16\r\n\r\n")
        assert await diary.told.get() == ("17.1", 16)
        peer.say(b"Event: Hangup\r\nUniqueid: 17.2\r\nCause: what\r\n\r\n")
        assert await diary.told.get() == ("17.2", 0)
        peer.drop()
        assert await diary.told.get() == (Existing("pintu", frozenset({"17.1"})), False)
    assert states[:3] == ["up", "away", "up"]


async def test_a_gap_is_told_though_the_next_one_comes_before_anybody_could_be_asked() -> None:
    diary = Diary()
    again: list[float] = []

    def answer(action: dict[str, str]) -> list[bytes]:
        if action["Action"] == "CoreShowChannels" and peer.connections == 2:
            again.append(time.time())
            peer.drop()
            return []
        return agree(action)

    async with playing(answer) as peer, watching(peer, diary, []):
        await diary.told.get()
        peer.drop()
        await diary.told.get()
    assert peer.connections == 3
    (_, gap) = diary.gaps
    assert gap is not None
    assert gap.since < again[0] < gap.until


async def test_a_refusal_holds_until_nobody_is_there_to_refuse() -> None:
    def answer(action: dict[str, str]) -> list[bytes]:
        identity = action["ActionID"]
        return [f"Response: Error\r\nActionID: {identity}\r\nMessage: no\r\n\r\n".encode()]

    states: asyncio.Queue[str] = asyncio.Queue()
    async with playing(answer) as peer:
        found = iter([Account("127.0.0.1", peer.port, "ivr", "word")])
        manager = AmiManager(lambda: next(found, None), on_state=states.put_nowait, pause=0.0)
        task = asyncio.create_task(manager.run())
        assert [await states.get(), await states.get()] == ["refused", "away"]
        assert not manager.refused
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(("on", "state"), [(True, "1"), (False, "0")])
async def test_muting_is_both_ways_and_confirmed(on: bool, state: str) -> None:
    async with playing() as peer, running(peer) as (manager, ups):
        await ups.get()
        assert await AmiMuting(manager).mute("PJSIP/trunk-1", on=on) is True
    (action,) = [one for one in peer.actions if one["Action"] == "MixMonitorMute"]
    assert (action["Direction"], action["State"]) == ("both", state)
    assert action["Channel"] == "PJSIP/trunk-1"


def test_only_lines_of_the_same_asterisk_are_judged() -> None:
    existing = Existing("pintu", frozenset({"pintu-1.1"}))
    told = [existing.misses(line) for line in ("pintu-1.1", "pintu-1.2", "other-1.2", "1.2")]
    assert told == [False, True, False, False]
    assert Existing("", frozenset()).misses("1.2")
