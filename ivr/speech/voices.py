"""Which voice speaks which language, and how words are pronounced that an engine would misread.

Two small YAML files that service designers edit. Must not know about engines.

    # prompts/voices.yaml               # prompts/pronunciation.yaml
    id:                                 id:
      voice: id                           WIB: Waktu Indonesia Barat
      rate: 150
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ivr.errors import SpeechError
from ivr.speech.render import Voice

RATES = range(80, 451)  # words per minute


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """Words of each language and what is said for them. Case counts, whole words only."""

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def respell(self, language: str, text: str) -> str:
        """Return `text` as an engine shall say it."""
        words = self.words.get(language, {})
        if not words:
            return text
        longest_first = sorted(words, key=len, reverse=True)
        pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        return re.sub(pattern, lambda match: words[match[0]], text)


def load_voices(path: Path) -> Mapping[str, Voice]:
    """Return the voice of each language. Raises SpeechError for a file that cannot be used."""
    voices = {}
    for language, entry in _load(path).items():
        unknown = set(entry) - {"voice", "rate", "draft"}
        rate, draft = entry.get("rate", "150"), entry.get("draft", "false")
        if unknown or not entry.get("voice"):
            fault = f"has an unknown entry {min(unknown)!r}" if unknown else "has no voice"
            raise _refuse(path, language, fault, "Write `voice`, and if need be `rate`, `draft`.")
        if not rate.isascii() or not rate.isdigit() or int(rate) not in RATES:
            raise _refuse(path, language, "has a rate out of range", "Write 80 to 450.")
        if draft not in ("true", "false"):
            raise _refuse(path, language, "has an unclear draft", "Write true or false.")
        voices[language] = Voice(language, entry["voice"], int(rate), draft == "true")
    return voices


def load_pronunciation(path: Path) -> Pronunciation:
    """Return the pronunciations, none when there is no file. Raises SpeechError for a bad one."""
    return Pronunciation(_load(path) if path.exists() else {})


def _load(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Two levels of words. Scalars stay text: `no` is Norwegian, not false."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}
    except OSError as error:
        raise _refuse(path, "", f"cannot be read ({error.strerror})", "Restore it.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"has a fault in line {mark.line + 1}" if mark else "is not YAML"
        raise _refuse(path, "", where, "Compare it with the documentation.") from error
    if not isinstance(data, dict):
        raise _refuse(path, "", "is not a list of languages", "Write `id:` and so on.")
    for language, entry in data.items():
        if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
            raise _refuse(path, language, "is not a list of words", "Write `word: text` below it.")
    return data


def _refuse(path: Path, language: str, fault: str, remedy: str) -> SpeechError:
    subject = f"the language {language!r}" if language else "this file"
    return SpeechError(f"{subject} {fault}", place=str(path), remedy=remedy)
