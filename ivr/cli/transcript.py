"""A call as lines that a person reads: what was said, pressed, decided, recorded, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.engine.values import PERSONAL_KEY, SECRET_KEY
from ivr.errors import SpeechError
from ivr.flow.bundle import Bundle
from ivr.flow.templates import parse_template
from ivr.ports import Fact, Turn
from ivr.speech.compose import read_out

CAUSES = {16: "normal clearing", 17: "busy", 18: "no answer", 19: "no answer", 31: "normal"}
"""Causes of Q.850 in words, where a line of ours can end so."""

SECRET = "(secret)"
"""Stands for digits that the journal does not have."""


class Transcript:
    """Writes the lines of a call. `bundle` has the words of its prompts, None: ids only."""

    def __init__(self, bundle: Bundle | None, recordings: Path) -> None:
        self._bundle = bundle
        self._recordings = recordings

    def lines(self, turns: Sequence[Turn], facts: Sequence[Fact]) -> Iterator[str]:
        """Every event in order, each with the seconds since the call began."""
        begun = turns[0].at if turns else None
        told = [(turn.at, event) for turn in turns for event in turn.events]
        told += [(fact.at, fact.event) for fact in facts]
        for at, event in sorted(told, key=lambda one: one[0]):
            for line in self._tell(event):
                yield f"{_since(begun, at)}  {line}"

    def _tell(self, event: Mapping[str, Any]) -> Iterator[str]:
        match event["type"]:
            case "prompt.played":
                yield from self._played(event)
            case "recording.sealed" | "recording.missing":
                yield from self._sealed(event)
            case "node.entered":
                yield f"at {event['flow']}.{event['node']} ({event['kind']})"
            case "menu.chosen":
                yield f"pressed {event['keys']}: option {event['option']}{_waited(event)}"
            case "call.started":
                caller = _value(event["caller"]) if event["caller"] else "a withheld number"
                yield f"call to {event['dialled']} from {caller}, flow {event['flow']}"
                yield f"    bundle {event['bundle']}"
            case "caller.hung_up":
                yield f"caller hung up, {event['heard'] / 1000:.1f} s into the prompt"
            case "line.ended":
                cause = event["cause"]
                yield f"the line ended, cause {cause} ({CAUSES.get(cause, 'other')})"
            case "case.opened":
                yield f"case {_value(event['number'])} opened: {event['kind']}"
            case "message.recorded":
                yield from self._recorded(event)
            case kind:
                rest = {k: v for k, v in event.items() if k not in ("type", "flow", "node")}
                yield f"{kind} {_flat(rest)}".rstrip()

    def _played(self, event: Mapping[str, Any]) -> Iterator[str]:
        if not event["heard"]:
            prompts = ", ".join(utterance["prompt"] for utterance in event["utterances"])
            faster = "not heard, the caller was faster"
            yield f"{faster if event['interrupted'] else 'nothing was heard'}: {prompts}"
            return
        cut = " (cut short)" if event["interrupted"] else ""
        for utterance in event["utterances"]:
            words = self._words(utterance)
            yield f"said {utterance['prompt']} [{utterance['language']}] {words}".rstrip()
        yield f"    heard {event['heard'] / 1000:.1f} s{cut}"

    def _words(self, utterance: Mapping[str, Any]) -> str:
        if self._bundle is None:
            return ""
        text = self._bundle.texts.get(utterance["language"], {}).get(utterance["prompt"], "")
        values = {name: _spoken(utterance, one) for name, one in utterance["values"].items()}
        words = [
            part if isinstance(part, str) else values.get(part.name, "…")
            for part in parse_template(text)
        ]
        return f"“{''.join(words)}”"

    def _recorded(self, event: Mapping[str, Any]) -> Iterator[str]:
        yield f"message of {event['length'] / 1000:.1f} s, ended by {event['ended']}"
        path = self._recordings / f"{event['recording']}.wav"
        yield f"    {path} sha256 {event['sha256']}"

    def _sealed(self, event: Mapping[str, Any]) -> Iterator[str]:
        yield f"{event['type']} {event['recording']}"
        for leg, sound in event["legs"].items():
            path = self._recordings / sound["path"]
            yield f"    {leg}: {path} {sound['length'] / 1000:.1f} s sha256 {sound['sha256']}"


def _since(begun: datetime | None, at: datetime) -> str:
    seconds = 0.0 if begun is None else (at - begun).total_seconds()
    return f"{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def _waited(event: Mapping[str, Any]) -> str:
    return f", {event['waited'] / 1000:.1f} s after the prompt" if event["waited"] else ""


def _flat(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in fields.items())


def _spoken(utterance: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """The words of a value as the caller heard them; what cannot be spoken stands as it is."""
    written = _value(one["value"])
    if written == SECRET:
        return f"({one['kind']} of a secret)"
    try:
        return read_out(utterance["language"], one["kind"], written).words
    except SpeechError:
        return written


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        if set(value) == {PERSONAL_KEY}:
            return str(value[PERSONAL_KEY])
        if set(value) == {SECRET_KEY}:
            return SECRET
        return "{" + _flat(value) + "}"
    return str(value)
