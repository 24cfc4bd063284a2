"""A call as lines that a person reads: what was said, pressed, decided, recorded, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.cli.sentences import SECRET, write_difference, write_sentence, write_value
from ivr.errors import SpeechError
from ivr.flow.bundle import Bundle
from ivr.flow.templates import parse_template
from ivr.ports import Fact, Turn
from ivr.recordings.comparing import compare, is_kept
from ivr.speech.compose import read_out


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
                return
            case "call.started":
                caller = write_value(event["caller"]) if event["caller"] else "a withheld number"
                test = ", as a test" if event.get("test") else ""
                yield f"{self._sentence(event)}, from {caller}{test}"
                yield f"    bundle {event['bundle']}"
                return
        yield self._sentence(event)
        match event["type"]:
            case "message.recorded" | "message.played":
                path = self._recordings / f"{event['recording']}.wav"
                yield f"    {path} sha256 {event['sha256']}"
            case "recording.sealed" | "recording.short" | "recording.missing":
                yield from self._legs(event)
        if is_kept(event):
            for difference in compare(self._recordings, event):
                yield f"    NOW {write_difference(asdict(difference))}"

    def _sentence(self, event: Mapping[str, Any]) -> str:
        return write_sentence(event, {} if self._bundle is None else self._texts())

    def _texts(self) -> Mapping[str, str]:
        """The texts in the hotline's first language."""
        assert self._bundle is not None
        return self._bundle.texts.get(self._bundle.hotline.languages[0], {})

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

    def _legs(self, event: Mapping[str, Any]) -> Iterator[str]:
        for leg, sound in event["legs"].items():
            path = self._recordings / sound["path"]
            yield f"    {leg}: {path} {sound['length'] / 1000:.1f} s sha256 {sound['sha256']}"


def _since(begun: datetime | None, at: datetime) -> str:
    seconds = 0.0 if begun is None else (at - begun).total_seconds()
    return f"{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def _spoken(utterance: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """The words of a value as the caller heard them; what cannot be spoken stands as it is."""
    written = write_value(one["value"])
    if written == SECRET:
        return f"({one['kind']} of a secret)"
    try:
        return read_out(utterance["language"], one["kind"], written).words
    except SpeechError:
        return written
