"""An utterance as text: the words that the caller hears, values included."""

from __future__ import annotations

from ivr.engine.utterance import Utterance
from ivr.flow.templates import Placeholder, parse_template
from ivr.speech.compose import read_out


def write_out(utterance: Utterance) -> str:
    """The words of an utterance. Raises SpeechError for a value that its kind cannot speak."""
    return "".join(
        _words(utterance, part) if isinstance(part, Placeholder) else part
        for part in parse_template(utterance.template)
    )


def _words(utterance: Utterance, part: Placeholder) -> str:
    spoken = utterance.values[part.name]
    return read_out(utterance.language, spoken.kind, spoken.text).words
