"""The one loop that joins engine, channel and journal: `run_call()`.

Write-ahead: the outcome that came in and the step that is asked for are durable before the step is
performed. So whatever a caller hears follows from choices that cannot be lost, and an engine that
dies is followed by one that reads the live row and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.disclosure import SecretDigits
from ivr.engine.engine import advance, begin
from ivr.engine.events import CallEnded
from ivr.engine.outcomes import CaseOpened, Failed, Outcome, RecordingSet, Resumed, Started
from ivr.engine.plain import event_to_plain, outcome_to_plain, step_to_plain
from ivr.engine.run import Run
from ivr.engine.steps import (
    RECOVERY,
    Collect,
    Lookup,
    Notify,
    OpenCase,
    Recovery,
    SetRecording,
    Step,
    is_masked,
)
from ivr.engine.values import Personal
from ivr.errors import JournalConflict
from ivr.flow.bundle import Bundle
from ivr.ports import Channel, Fact, Input, Journal, LiveRow, NewCase, Notifier, Source, Turn

DRAWS = 5
"""How often a case number is drawn before giving up."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a call needs from the rest of the system.

    `bundle` is for new calls, `shelf` finds the bundle that an older call began with (None: gone),
    `older` who answers its lookups and sends its messages (None: as for new calls).
    `now` gives UTC. `new_id` names calls and secrets, `draw_case` gives a case number. `patience`
    is how many seconds a lookup may take before the caller is told to wait, `source_limit` how many
    before it has failed, whatever the adapter does: more than a source may declare. Without a
    `notifier` every message fails.
    """

    journal: Journal
    source: Source
    bundle: Bundle
    shelf: Callable[[str], Bundle | None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    draw_case: Callable[[], str]
    name: str = "engine"
    patience: float = 0.4
    source_limit: float = 31.0
    notifier: Notifier | None = None
    older: Callable[[Bundle], tuple[Source, Notifier | None]] | None = None


async def run_call(desk: Desk, channel: Channel, line: str, started: Started) -> Run:
    """Lead a call from where it stands to its end; returns the last run.

    `line` names the channel: with a live row in the journal the call is taken up where another
    engine left it, else it begins with `started`. Raises JournalError and ChannelError; the channel
    is then left without its mark of being done, so that the dialplan tries again.
    """
    async with _leaving(channel):
        call = await _take_up(desk, channel, line) or _begin(desk, channel, line, started)
        return await call.run_on()


async def finish_call(desk: Desk, channel: Channel, line: str) -> Run | None:
    """Lead what another engine left of a call to its end, as `run_call`; None when nothing is."""
    async with _leaving(channel):
        call = await _take_up(desk, channel, line)
        return None if call is None else await call.run_on()


@asynccontextmanager
async def _leaving(channel: Channel) -> AsyncIterator[None]:
    """Leave the channel after the block: done, or for the next engine when the block failed."""
    done = False
    try:
        yield
        done = True
    finally:
        await channel.close(done=done)


def _begin(desk: Desk, channel: Channel, line: str, started: Started) -> Conversation:
    run = begin(desk.bundle, desk.new_id(), started, desk.now())
    return Conversation(desk, desk.bundle, channel, line, run, {}, started)


async def _take_up(desk: Desk, channel: Channel, line: str) -> Conversation | None:
    live = await desk.journal.live(line)
    if live is None:
        return None
    bundle = desk.shelf(live.run.bundle)
    if bundle is None:
        await _abandon(desk, live)
        return None
    channel.restore(live.position)
    if desk.older is not None:
        source, notifier = desk.older(bundle)
        desk = replace(desk, source=source, notifier=notifier)
    return Conversation(desk, bundle, channel, line, live.run, live.secrets.digits, None)


async def _abandon(desk: Desk, live: LiveRow) -> None:
    """Close a call whose bundle is gone, so that its line is free for a new one."""
    await _note(desk, live.call, {"type": "call.abandoned", "reason": "bundle"})
    n = live.run.turn + 1
    ended = CallEnded(turns=n, outcome=live.run.result or "galat")
    told = outcome_to_plain(Resumed()), [event_to_plain(ended)]
    await desk.journal.append(Turn(live.call, n, desk.now(), *told, None), None)


def _is_recorded(position: Mapping[str, object]) -> bool:
    """Whether the call is being recorded, or will be after the secret that is being keyed."""
    return bool(position.get("recording") or position.get("withheld"))


async def _note(desk: Desk, call: str, event: Mapping[str, object]) -> None:
    await desk.journal.note(Fact(call, desk.now(), desk.name, event))


class Conversation:
    """A call between its first and its last turn."""

    def __init__(
        self,
        desk: Desk,
        bundle: Bundle,
        channel: Channel,
        line: str,
        run: Run,
        secrets: Mapping[str, str],
        started: Started | None,
    ) -> None:
        self._desk = desk
        self._bundle = bundle
        self._channel = channel
        self._line = line
        self._digits = SecretDigits(secrets, desk.new_id)
        self._started = started
        self._case: str | None = None
        self.run = run

    async def run_on(self) -> Run:
        """Step by step to the end of the call."""
        step = await self.open()
        while step is not None:
            step = await self.turn(await self.perform(step))
        return self.run

    async def open(self) -> Step | None:
        """The first step to perform: of the new call, or after the engine's death."""
        if self._started is not None:
            return await self.turn(self._started)
        step = self.run.step
        assert step is not None, "a call that is over has no live row"
        await _note(self._desk, self.run.call, {"type": "call.taken_over", "step": step.type})
        if _is_recorded(self._channel.position()) and not isinstance(step, SetRecording):
            await self._new_segment(is_masked(step))
        return await self._recover(step)

    async def _new_segment(self, masked: bool) -> None:
        """The recording's state is unknown after a death: begin a new segment, and say so.

        With `masked` a secret was being keyed: it begins after that.
        """
        outcome = await self._set_again(SetRecording(on=True), masked=masked)
        kind = "continued" if isinstance(outcome, RecordingSet) else "lost"
        event = {"type": f"recording.{kind}", "outcome": outcome_to_plain(outcome)}
        await _note(self._desk, self.run.call, event)

    async def _set_again(self, step: SetRecording, *, masked: bool = False) -> Outcome:
        """Under a new name: the dead engine may have begun files under the act's own."""
        act = self._act(self._desk.new_id())
        return await self.perform(step, act=act, fresh=False, masked=masked)

    async def _recover(self, step: Step) -> Step | None:
        """Take up the step whose outcome nobody knows, by the recovery table."""
        match RECOVERY[step.type]:
            case Recovery.REPEAT:
                return await self.turn(Resumed())
            case Recovery.QUERY:
                return await self.turn(await self.perform(step, fresh=False))
            case Recovery.REISSUE if isinstance(step, SetRecording):
                return await self.turn(await self._set_again(step))
            case Recovery.KEYED | Recovery.REISSUE:
                return step

    async def turn(self, outcome: Outcome) -> Step | None:
        """Let the engine decide and make the turn durable; returns the step to perform."""
        at = self._desk.now()
        went = advance(self._bundle, self.run, outcome, at)
        turn = Turn(
            call=went.run.call,
            n=went.run.turn,
            at=at,
            outcome=outcome_to_plain(outcome),
            events=[event_to_plain(event) for event in went.events],
            step=None if went.step is None else step_to_plain(went.step),
        )
        live = None if went.step is None else self._live(went.run, at)
        await self._append(turn, live, went.step)
        self.run = went.run
        return went.step

    def _live(self, run: Run, at: datetime) -> LiveRow:
        position = self._channel.position()
        return LiveRow(run.call, self._line, run, position, self._digits.keep(run), at)

    async def _append(self, turn: Turn, live: LiveRow | None, step: Step | None) -> None:
        if not isinstance(step, OpenCase):
            await self._desk.journal.append(turn, live)
            return
        for draw in range(DRAWS):
            number = self._desk.draw_case()
            try:
                await self._desk.journal.append(
                    turn, live, NewCase(step.kind, number, step.recording)
                )
            except JournalConflict:
                if draw == DRAWS - 1:
                    raise
            else:
                self._case = number
                return

    async def perform(
        self, step: Step, *, act: str = "", fresh: bool = True, masked: bool = False
    ) -> Outcome:
        """Have the step done by whom it concerns. `act` names the performance, empty: its turn."""
        match step:
            case Lookup() | Notify():
                return await self._ask_outside(step)
            case OpenCase():
                return await self._open_case()
            case _:
                act = act or self._act()
                got = await self._channel.perform(
                    self._digits.resolved(step), act, fresh=fresh, masked=masked or is_masked(step)
                )
        if not isinstance(got, Input):
            return got
        assert isinstance(step, Collect), "only a collect gives input"
        return self._digits.take(step, got)

    def _act(self, *more: str) -> str:
        return "-".join((self.run.call, str(self.run.turn), *more))

    async def _ask_outside(self, step: Lookup | Notify) -> Outcome:
        """Ask or tell, and hold the caller meanwhile. An error comes out as it is, ungrouped."""
        try:
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(self._ask(step))
                done, _ = await asyncio.wait({asking}, timeout=self._desk.patience)
                if not done and step.meanwhile:
                    words = [self._digits.resolve(one) for one in step.meanwhile]
                    await self._channel.hold(words, masked=is_masked(step))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return asking.result()

    async def _ask(self, step: Lookup | Notify) -> Outcome:
        given = step.arguments if isinstance(step, Lookup) else step.fields
        clear = {name: self._digits.clear(value) for name, value in given.items()}
        try:
            async with asyncio.timeout(self._desk.source_limit):
                if isinstance(step, Lookup):
                    return await self._desk.source.fetch(step.source, clear, self._act())
                if self._desk.notifier is None:
                    return Failed("unknown_source")
                return await self._desk.notifier.notify(step.webhook, clear, self._act())
        except TimeoutError:
            return Failed("timeout")

    async def _open_case(self) -> Outcome:
        number = self._case or await self._desk.journal.case(self.run.call, self.run.turn)
        if number is None:
            raise JournalConflict("the case that this turn opened is not in the journal")
        return CaseOpened(Personal(number))
