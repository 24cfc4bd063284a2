"""The caller with an officer: Dial or Queue, and how it ended, from the variables that they leave.

What an officer is told goes into headers of a SIP request, so of each value only harmless signs are
passed on. Nothing that is said here becomes an expression: names of endpoints and queues come from
the hotline's file, everything else is a variable's value, which Asterisk does not expand.

Before the talk the key store is taken away, so that keys pressed in it are nobody's choices and
are kept nowhere; afterwards it is put back. The absolute time limit is lifted meanwhile: a talk is
never cut. The engine may die in the talk, which goes on: the dialplan then puts both back, and the
next engine reads how it ended.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ivr.asterisk.agi import Command, command
from ivr.asterisk.agi.command import NOW
from ivr.asterisk.keystore import STORE
from ivr.asterisk.line import Line, Unperformed
from ivr.engine.outcomes import Resumed, Transferred
from ivr.engine.steps import Transfer
from ivr.engine.values import Field, Secret, reveal
from ivr.errors import ChannelClosed, SpeechError

_log = logging.getLogger(__name__)

LONGEST: Final = 120
"""Characters of a value that an officer is told. Headers of a SIP request must fit a datagram."""

KEYS: Final = "officer-keys"
"""The context of the dialplan where the keys exist that end the waiting."""

AWAY: Final = "IVR_AWAY"
"""The act while the caller is handed over. The dialplan looks at it when an engine has died."""

LEFT_BEHIND: Final = (
    AWAY,
    "IVR_AWAY_FROM",
    "IVR_TALK",
    "IVR_BACK",
    "IVR_EXIT",
    "DIALSTATUS",
    "QUEUESTATUS",
)
"""When the caller was handed over, the officer answered, the caller came back (milliseconds of
Asterisk's clock); the key that ended the waiting; what Dial and Queue say."""

Result: TypeAlias = Literal[
    "ended", "left", "key", "busy", "no_answer", "queue_full", "queue_closed", "failed"
]
_DIALLED: Final[Mapping[str, Result]] = {"BUSY": "busy", "NOANSWER": "no_answer"}
_QUEUED: Final[Mapping[str, Result]] = {
    "FULL": "queue_full",
    "TIMEOUT": "no_answer",
    "JOINEMPTY": "queue_closed",
    "JOINUNAVAIL": "queue_closed",
    "LEAVEEMPTY": "queue_closed",
    "LEAVEUNAVAIL": "queue_closed",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What an attempt left on the channel, as LEFT_BEHIND names it."""

    away: str
    begun: str
    talk: str
    back: str
    key: str
    dialled: str
    queued: str

    def outcome(self, step: Transfer, now: str, *, gone: bool) -> Transferred | None:
        """How it ended; None when nothing can be told. `now` is Asterisk's clock.

        `gone`: the caller has hung up.
        """
        end = _number(self.back) or _number(now)
        answered = _number(self.talk)
        waited = max(0, (answered or end) - (_number(self.begun) or end))
        talked = max(1, end - answered) if answered else 0
        result = self._result(step, gone=gone)
        if result is None:
            return None
        return Transferred(result, self.key if result == "key" else "", waited, talked)

    def _result(self, step: Transfer, *, gone: bool) -> Result | None:
        if gone:
            return "left"
        if self.talk:
            return "ended"
        if self.key in step.keys:
            return "key"
        status, words = (self.dialled, _DIALLED) if step.way == "dial" else (self.queued, _QUEUED)
        return words.get(status, "failed") if status else None


def _number(written: str) -> int:
    return int(written) if re.fullmatch("[0-9]{1,15}", written) else 0


class Handover:
    """Hands the caller of one line over, and takes the line back."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def announce(self, step: Transfer) -> None:
        """Play what the caller should hear first. A person who helps matters more than a sound."""
        if not step.utterances:
            return
        try:
            await self._line.play(await self._line.ready(step.utterances))
        except (SpeechError, Unperformed) as fault:
            _log.error("a caller is connected without the prompt: %s", fault)

    async def forget_keys(self, step: Transfer) -> str:
        """Throw away what was pressed; gives the first key that ends the waiting, else none."""
        key = next((key for key in self._line.keys.waiting if key in step.keys), "")
        self._line.keys.drop()
        await self._line.trim()
        return key

    async def perform(self, step: Transfer) -> Transferred:
        """The attempt and the talk, after `set_out`. A caller who leaves hides nothing of it."""
        await self._attempt(step)
        *left, now, context, exten = await self._line.read(*LEFT_BEHIND, NOW, "CONTEXT", "EXTEN")
        trace = Trace(*left)
        if context == KEYS and exten in step.keys and not trace.talk:
            trace = replace(trace, key=exten)
        if not self._line.hung_up:
            with suppress(ChannelClosed):  # many callers hang up in the instant that officers do
                await self._come_back(pressed=context == KEYS)
        return trace.outcome(step, now, gone=self._line.hung_up) or Transferred("failed")

    async def learn(self, step: Transfer, act: str) -> Transferred | Resumed:
        """How it ended, after the engine died that began it. The dialplan took the line back."""
        *left, now = await self._line.read(*LEFT_BEHIND, NOW)
        trace = Trace(*left)
        if not self._line.hung_up:
            with suppress(ChannelClosed):
                await self._line.run(command.set_variable(AWAY, ""))
                await self.forget_keys(step)
        outcome = None
        if trace.away == act:
            outcome = trace.outcome(step, now, gone=self._line.hung_up)
        return outcome or Resumed()

    async def set_out(self, step: Transfer, act: str, record: Path | None) -> None:
        """Prepare the line. The prompts have been played, and the keys forgotten.

        `record` is where the talk is recorded, without `.mix.wav`; None: nowhere. Raises
        ChannelClosed when the caller is gone, and nobody will be called.
        """
        (now,) = await self._line.read(NOW)
        told = list(tell(step.context).items())
        language = step.utterances[-1].language if step.utterances else self._line.language
        values = {
            **dict.fromkeys(LEFT_BEHIND, ""),
            "IVR_AWAY_FROM": now,
            "IVR_EXITS": "".join(step.keys) or "a",
            "EXITCONTEXT": KEYS,
            "__IVR_TOLD": "&".join(name for name, _ in told),
            "__IVR_TOLD_AS": "&".join(value for _, value in told),
            "__IVR_RECORD": "" if record is None else str(record),
            "CHANNEL(language)": language or "id",
            AWAY: act,
            "TIMEOUT(absolute)": "0",
        }
        for name, value in values.items():
            await self._line.run(command.set_variable(name, value))
        await self._line.run(command.execute("StoreDTMF", "remove"))

    async def _attempt(self, step: Transfer) -> None:
        try:
            await self._line.run(order(step))
        except ChannelClosed:
            return  # what it left behind can be read all the same

    async def _come_back(self, *, pressed: bool) -> None:
        (limit,) = await self._line.read("IVR_LIMIT")
        await self._line.run(command.execute("StoreDTMF", "RX", STORE))
        if limit.isdigit():
            await self._line.run(command.set_variable("TIMEOUT(absolute)", limit))
        if pressed:  # Asterisk went to the key's extension; the engine is still here
            await self._line.run(command.set_extension("back"))
        await self._line.run(command.set_variable(AWAY, ""))


def order(step: Transfer) -> Command:
    """The command that hands the caller over. It comes back when the officer has hung up."""
    seconds = str(max(1, step.limit // 1000))
    told = "b(officer-told^s^1)"
    if step.way == "dial":
        keys = "d" if step.keys else ""
        options = f"gm(default){keys}{told}U(officer-talk^s^1)"
        return command.execute("Dial", f"PJSIP/{step.name}", seconds, options)
    return command.execute("Queue", step.name, f"c{told}", "", "", seconds, "", "officer-talk")


def tell(context: Mapping[str, Field]) -> dict[str, str]:
    """What the officer is told, by the end of its header's name, of harmless signs only."""
    told: dict[str, str] = {}
    for name, value in context.items():
        if isinstance(value, Secret):
            raise AssertionError("a secret is never told")
        header = "-".join(part.capitalize() for part in name.split("_") if part)
        told[header] = clean(str(reveal(value)))
    return told


def clean(text: str) -> str:
    """Letters without accents, digits, spaces and . _ / : + - of a text, LONGEST of them."""
    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"\s+", " ", re.sub(r"[^A-Za-z0-9._/:+\- ]", "", plain)).strip()[:LONGEST]
