"""The ports between the driver and the world: small protocols, each with a shipped fake.

Every adapter of a port passes the suite of that port in `tests/contract/`. The docstrings say what
an adapter raises; nothing else may come out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ivr.engine.outcomes import Failed, Found, NotFound, Notified, Outcome
from ivr.engine.run import Run
from ivr.engine.steps import Step
from ivr.engine.utterance import Utterance
from ivr.engine.values import Scalar


@dataclass(frozen=True, slots=True)
class Secrets:
    """Digits behind the references of `ivr.engine.values.Secret`; hidden from printing."""

    digits: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Input:
    """What a channel gathered for a `Collect` step, digits in clear and hidden from printing.

    Only the driver sees one: it turns it into the outcome `Digits` by the step's class of data.
    """

    digits: str = field(repr=False)
    ended: str
    heard: int
    waited: int = 0


class Channel(Protocol):
    """The caller's end: a telephone call, a terminal, a script.

    Between two calls of `perform` the channel goes on listening: a key that arrives then belongs
    to the next step that wants one. A key is used by one step only.
    """

    async def perform(
        self, step: Step, act: str, *, fresh: bool = True, masked: bool = False
    ) -> Outcome | Input:
        """Do what the step says and return what the caller did.

        `act` names this performance, the same for whoever takes it up again: files that come of it
        bear the name.

        Takes `Say`, `Menu`, `Collect` (the only one that returns `Input` instead of `Digits`),
        `Record`, `SetRecording`, `Transfer` and `Hangup`. A caller who is gone is the outcome
        `HungUp` (or `Recorded` with `ended="hangup"`, `Transferred` with `result="left"`), never
        an exception. `fresh` is False when the same act was begun by an engine that died: a
        `Record` then reports the file that is there, a `Transfer` how it ended, and either
        `Resumed` when there is nothing to tell. With `masked` nothing of the step may get into a
        recording of the call.

        Raises ProtocolError when the peer breaks the protocol, SpeechError when a prompt has no
        sound.
        """

    async def hold(self, utterances: Sequence[Utterance], *, masked: bool = False) -> None:
        """Play something while the caller waits; returns at once. The next `perform` cuts it.

        `masked` as in `perform`.
        """

    def position(self) -> dict[str, Any]:
        """What another engine needs to take this channel over: key cursor, recording state.

        JSON-ready. It is read after each `perform` and kept in the live row.
        """

    def restore(self, position: Mapping[str, Any]) -> None:
        """Take over from another engine, before the first `perform`."""

    async def close(self, *, done: bool) -> None:
        """Leave the channel. `done` tells Asterisk that the call is over for the engine's part."""


class Muting(Protocol):
    """Keeps what is said and keyed out of a recording that goes on."""

    async def mute(self, channel: str, *, on: bool) -> bool | None:
        """Mute every recording of this channel in both directions, or let it hear again.

        True once that is confirmed, within about a second; with it all is done that was asked
        before. False: it is not done, and will not be. None: it may have been done, or may be done
        yet. Never raises.
        """


@dataclass(frozen=True, slots=True)
class Turn:
    """One record of the journal: what came in, what was concluded, what is asked next.

    `n` counts from 1 without a gap in its call. `at` is UTC. `step` is None in the last turn.
    The three are JSON-ready data as `ivr.engine.plain` writes them, marks of class included;
    personal values stand in clear behind their marks, so they are hidden from printing.
    """

    call: str
    n: int
    at: datetime
    outcome: Mapping[str, Any] = field(repr=False)
    events: Sequence[Mapping[str, Any]] = field(repr=False)
    step: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A call in progress, so that another engine can go on with it. Encrypted at rest.

    `line` names the channel as long as the call lasts (Asterisk's unique id). `position` is
    `Channel.position()`, `secrets` the digits behind the run's references. `at` is the time of the
    turn that wrote the row.
    """

    call: str
    line: str
    run: Run
    position: Mapping[str, Any]
    secrets: Secrets
    at: datetime


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case that is opened in the same transaction as the turn that asks for it.

    `number` is digits with a Luhn check digit, personal data. `recording` names the message.
    """

    kind: str
    number: str = field(repr=False)
    recording: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened outside the engine's turns: a recording sealed, an engine started.

    `call` is None for a fact about no call. `event` is JSON-ready, with a `type` in the past tense.
    `id` is a UUID that the fact keeps wherever it is stored: the same one is stored once. Empty:
    the journal draws one.
    """

    call: str | None
    at: datetime
    source: str
    event: Mapping[str, Any] = field(repr=False)
    id: str = field(default="", compare=False)


class Journal(Protocol):
    """The record of everything, durable before anybody acts on it.

    Every method may raise JournalBroken: nothing was acknowledged, and through a socket it may be
    unknown whether the record was stored. A record that cannot be a leaf (a float in it, too long)
    raises JournalError. What is handed over must not be changed afterwards.
    """

    async def append(self, turn: Turn, live: LiveRow | None, case: NewCase | None = None) -> int:
        """Store the turn, replace the live row (None removes it) and open the case: all or nothing.

        Returns the record's sequence number, from 0 without a gap, once it is durable. A negative
        number: it is durable in the spool, and gets its number when the store is back. Raises
        JournalConflict when the turn is not the next one of its call, or the case's number or the
        line is taken. The last turn of a call may be sent again by a writer in doubt: when it is
        the same, word for word, nothing is stored and the number of the first time comes back.
        """

    async def note(self, fact: Fact) -> int:
        """Store a fact; returns its sequence number as `append` does. A fact whose `id` is there
        already is not stored again.
        """

    async def live(self, line: str) -> LiveRow | None:
        """The call in progress on this line, None when there is none."""

    async def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a live row and the time of its last turn, oldest first."""

    async def case(self, call: str, n: int) -> str | None:
        """The number of the case that was opened with turn `n` of a call, None when none was."""


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A line in a list of calls. `ended` is None while the call goes on, `caller` when withheld."""

    call: str
    started: datetime
    ended: datetime | None
    dialled: str
    caller: str | None = field(repr=False)
    turns: int
    outcome: str | None


class CallReader(Protocol):
    """Reading the journal back. Opens the store read-only; may raise JournalBroken.

    What a leaf does not keep comes back empty: an utterance's template (it is in the bundle) and a
    secret's reference. `ivr.audit.leaf.as_recorded` does the same to a turn, for comparing.
    """

    async def calls(self, *, limit: int = 50, prefix: str = "") -> Sequence[CallSummary]:
        """The newest calls first, of those whose id begins with `prefix`."""

    async def turns(self, call: str) -> Sequence[Turn]:
        """The turns of a call in order, personal values in clear while their key exists.

        A value whose key was destroyed reads as the text `(erased)`.
        """

    async def facts(self, call: str) -> Sequence[Fact]:
        """The facts about a call in order, personal values as in `turns`."""


class Source(Protocol):
    """Something that a `lookup` node asks."""

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """Ask `source`. `key` is the same for the same act, whoever repeats it.

        Arguments are in clear, secrets included: an adapter must not print or keep them. A source
        that cannot answer is `Failed`, never an exception.
        """


class Notifier(Protocol):
    """Somebody whom a `notify` node tells something."""

    async def notify(
        self, webhook: str, fields: Mapping[str, Scalar], key: str
    ) -> Notified | Failed:
        """Tell `webhook`. `key` is the same for the same act: who is told twice can see that.

        Fields are in clear: an adapter must not print or keep them. Whoever cannot be told is
        `Failed`, never an exception.
        """
