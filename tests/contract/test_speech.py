"""The suite of the port `Speech`, over every adapter that is shipped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ivr.errors import SetupError, SpeechError
from ivr.speech import audio
from ivr.speech.espeak import Espeak
from ivr.speech.render import Speech, Voice, render
from ivr.speech.tones import Tones

VOICE = Voice("id", "id")
TEXT = "Selamat datang di layanan pajak."


@pytest.fixture(params=[Espeak, Tones], ids=["espeak", "tones"])
def speech(request: pytest.FixtureRequest) -> Speech:
    adapter: Speech = request.param()
    return adapter


def test_it_has_a_name_with_a_version(speech: Speech) -> None:
    program, _, version = speech.name.rpartition(" ")
    assert program
    assert version[0].isdigit()


def test_a_text_is_heard(speech: Speech) -> None:
    sound = speech.synthesise(TEXT, VOICE)
    assert sound.rate >= audio.WIDE
    assert sound.ms > 200
    assert audio.measure_speech(sound) > -30


def test_the_same_text_is_the_same_sound_from_any_thread(speech: Speech) -> None:
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: speech.synthesise(TEXT, VOICE), range(2))
    assert np.array_equal(first.samples, second.samples)


def test_text_voice_and_rate_are_heard(speech: Speech) -> None:
    sounds = [
        speech.synthesise(TEXT, VOICE),
        speech.synthesise("Tekan satu.", VOICE),
        speech.synthesise(TEXT, Voice("en", "en-us")),
        speech.synthesise(TEXT, Voice("id", "id", rate=220)),
    ]
    assert len({sound.samples.tobytes() for sound in sounds}) == 4


@pytest.mark.parametrize("text", ["", "  \n", "…", "-"])
def test_nothing_to_say_is_refused(speech: Speech, text: str) -> None:
    with pytest.raises(SpeechError, match="nothing to say"):
        speech.synthesise(text, VOICE)


@pytest.mark.parametrize("text", ["-v en", "$(id) `id` tiga", "<b>tiga</b>", "Ä é 三", "*", "B"])
def test_text_is_only_text(speech: Speech, text: str) -> None:
    assert speech.synthesise(text, VOICE).ms > 100


def test_an_unknown_voice_is_named_with_its_remedy(speech: Speech) -> None:
    with pytest.raises(SetupError, match=r"'jv'.*\n.*voices\.yaml"):
        speech.synthesise(TEXT, Voice("jv", ""))


def test_rendered_sound_is_level_in_every_format(speech: Speech) -> None:
    sounds = render(speech, TEXT, VOICE, "test")
    wide = audio.Pcm(
        np.frombuffer(sounds["sln16"], "<i2").astype(np.float32) / np.float32(32768), audio.WIDE
    )
    assert -20 <= audio.measure_speech(wide) <= -16
    assert audio.measure_peak(wide) <= -3
    assert len(sounds["ulaw"]) == len(sounds["alaw"]) == len(sounds["sln16"]) // 4
