"""What is special about espeak-ng as a program; the port's own suite is in `contract/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import SetupError, SpeechError
from ivr.speech.espeak import Espeak
from ivr.speech.render import Voice

VOICE = Voice("id", "id")


def make_program(tmp_path: Path, script: str) -> str:
    program = tmp_path / "speaker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_a_missing_program_is_named_with_its_remedy() -> None:
    missing = r"no-such-espeak.*\n.*apt-get install espeak-ng"
    with pytest.raises(SetupError, match=missing):
        _ = Espeak("no-such-espeak").name
    with pytest.raises(SetupError, match=missing):
        _speak("no-such-espeak")


def test_another_program_is_not_taken_for_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="does not say its version"):
        _ = Espeak(make_program(tmp_path, "exit 0")).name


def test_an_unknown_voice_is_an_error_and_not_english() -> None:
    with pytest.raises(SetupError, match=r"no voice 'xx-none'.*\n.*voices\.yaml"):
        Espeak().synthesise("tiga", Voice("jv", "xx-none"))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "no sound"),
        ("echo out of memory >&2; exit 3", "out of memory"),
        ("echo this is no sound", "not a sound file"),
    ],
)
def test_a_failed_synthesis_is_an_error(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(SpeechError, match=message):
        _speak(make_program(tmp_path, f"cat > /dev/null; {script}"))


def _speak(program: str) -> object:
    return Espeak(program).synthesise("tiga", VOICE)
