"""The files in which designers name voices and pronunciations."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import SpeechError
from ivr.speech.kinds import GRAMMARS
from ivr.speech.render import Voice
from ivr.speech.voices import Pronunciation, load_pronunciation, load_voices

PROMPTS = Path(__file__).parent.parent / "prompts"


def test_the_shipped_files_give_every_language_a_voice_of_its_own() -> None:
    voices = load_voices(PROMPTS / "voices.yaml")
    assert set(GRAMMARS) <= set(voices)
    assert not any(voice.draft for voice in voices.values())
    respell = load_pronunciation(PROMPTS / "pronunciation.yaml").respell
    assert respell("id", "pukul 08.00 WIB") == "pukul 08.00 Waktu Indonesia Barat"


def test_a_voice_is_read_with_its_rate_and_draft_mark(tmp_path: Path) -> None:
    path = tmp_path / "voices.yaml"
    path.write_text("id: {voice: id}\nno:\n  voice: nb\n  rate: 120\n  draft: true\n")
    assert load_voices(path) == {"id": Voice("id", "id"), "no": Voice("no", "nb", 120, True)}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("id: {rate: 150}", "'id' has no voice"),
        ("id: {voice: id, speed: 2}", "unknown entry 'speed'"),
        ("id: {voice: id, rate: fast}", "rate out of range"),
        ("id: {voice: id, rate: 9000}", "rate out of range"),
        ("id: {voice: id, draft: maybe}", "unclear draft"),
        ("id: id", "'id' is not a list of words"),
        ("- id", "not a list of languages"),
        ("id:\n  voice: [", "fault in line 2"),
        ("id: {voice: [a, b]}", "'id' is not a list of words"),
    ],
)
def test_a_fault_names_file_and_remedy(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "voices.yaml"
    path.write_text(content)
    with pytest.raises(SpeechError, match=fault) as caught:
        load_voices(path)
    assert caught.value.place == str(path)
    assert caught.value.remedy


def test_a_missing_file_of_voices_is_a_fault_and_of_pronunciation_is_not(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="cannot be read"):
        load_voices(tmp_path / "voices.yaml")
    assert load_pronunciation(tmp_path / "pronunciation.yaml") == Pronunciation()


def test_only_whole_words_are_respelt_and_the_longest_first() -> None:
    words = Pronunciation({"id": {"WIT": "timur", "WITA": "tengah", "KPP 1": "kantor"}})
    assert words.respell("id", "WIT, WITA; SWIT wit KPP 1.") == "timur, tengah; SWIT wit kantor."
    assert words.respell("en", "WIT") == "WIT"
