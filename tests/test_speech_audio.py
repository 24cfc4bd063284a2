"""Sound as numbers: levels, trimming, rates, formats, unreadable files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.errors import SpeechError
from ivr.speech import audio
from ivr.speech.audio import NARROW, WIDE, Pcm

RATE = 48000


def tone(hertz: float, dbfs: float, ms: int = 1000, rate: int = RATE) -> Pcm:
    """A sine whose peak is at `dbfs`."""
    time = np.arange(rate * ms // 1000) / rate
    return Pcm(np.float32(10 ** (dbfs / 20)) * np.sin(2 * np.pi * hertz * time, dtype="f4"), rate)


def join(*parts: Pcm) -> Pcm:
    return Pcm(np.concatenate([part.samples for part in parts]), parts[0].rate)


def middle(pcm: Pcm) -> Pcm:
    tenth = len(pcm.samples) // 10
    return Pcm(pcm.samples[tenth:-tenth], pcm.rate)


def hear(data: bytes, subtype: str, rate: int) -> Pcm:
    """What an independent decoder makes of a file for Asterisk."""
    samples, _ = soundfile.read(
        io.BytesIO(data),
        format="RAW",
        subtype=subtype,
        samplerate=rate,
        channels=1,
        dtype="float32",
        endian="LITTLE" if subtype == "PCM_16" else "FILE",
    )
    return Pcm(samples, rate)


def syllables(seed: int, dbfs: float) -> Pcm:
    """Noise bursts with sharp peaks, like speech: a high crest factor."""
    random = np.random.default_rng(seed)
    burst = random.laplace(0, 0.1, RATE // 8).astype("f4")
    return audio.scale_to_peak(join(Pcm(burst, RATE), audio.silence(80, RATE)), dbfs)


def test_levels_are_those_of_a_sine() -> None:
    assert audio.measure_peak(tone(1000, -9)) == pytest.approx(-9, abs=0.01)
    assert audio.measure_rms(tone(1000, -9)) == pytest.approx(-12.01, abs=0.01)
    assert audio.measure_rms(audio.silence(10, RATE)) == -np.inf


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    narrow = audio.resample(tone(6000, -9), NARROW)
    assert audio.measure_rms(middle(narrow)) < -60
    kept = audio.resample(tone(1000, -9), NARROW)
    assert audio.measure_rms(middle(kept)) == pytest.approx(-12.01, abs=0.1)


def test_trimming_keeps_a_little() -> None:
    hiss = tone(3000, -60, 500)
    trimmed = audio.trim(join(hiss, tone(1000, -9, 300), hiss))
    assert trimmed.ms == pytest.approx(300 + 2 * audio.KEEP_MS, abs=audio.FRAME_MS)
    assert audio.trim(hiss).ms == 0


def test_pauses_inside_stay() -> None:
    word = tone(1000, -9, 100)
    assert audio.trim(join(word, audio.silence(400, RATE), word)).ms == 600


@pytest.mark.parametrize("dbfs", [-40, -20, -3, 0])
@pytest.mark.parametrize("seed", [1, 2])
def test_speech_comes_to_the_same_level_whatever_it_was(seed: int, dbfs: float) -> None:
    levelled = audio.level(syllables(seed, dbfs))
    assert -20 <= audio.measure_speech(levelled) <= -16
    assert audio.measure_peak(levelled) <= -3


def test_the_limiter_does_not_clip_a_sine() -> None:
    levelled = audio.level(tone(1000, 0))
    spectrum = np.abs(np.fft.rfft(middle(levelled).samples))
    assert np.sort(spectrum)[-1] > 1000 * np.median(spectrum)
    assert audio.measure_rms(levelled) == pytest.approx(audio.TARGET_DBFS, abs=0.5)


def test_all_formats_are_the_same_sound() -> None:
    sounds = audio.encode(tone(1000, -9, 333))
    heard = {
        "ulaw": hear(sounds["ulaw"], "ULAW", NARROW),
        "alaw": hear(sounds["alaw"], "ALAW", NARROW),
        "sln16": hear(sounds["sln16"], "PCM_16", WIDE),
    }
    assert {name: pcm.ms for name, pcm in heard.items()} == dict.fromkeys(sounds, 333)
    for pcm in heard.values():
        assert audio.measure_rms(middle(pcm)) == pytest.approx(-12.01, abs=0.2)


def test_silence_is_the_silence_of_each_format() -> None:
    assert audio.encode(audio.silence(20, WIDE)) == {
        "ulaw": b"\xff" * 160,
        "alaw": b"\xd5" * 160,
        "sln16": bytes(640),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_treated_speech_meets_the_target_in_every_format(seed: int) -> None:
    spoken = join(audio.silence(300, RATE), syllables(seed, -30), syllables(seed + 9, -24))
    sounds = audio.treat(spoken, "test")
    for name, subtype, rate in (("ulaw", "ULAW", NARROW), ("sln16", "PCM_16", WIDE)):
        pcm = hear(sounds[name], subtype, rate)
        assert -20 <= audio.measure_speech(pcm) <= -16
        assert audio.measure_peak(pcm) <= -2.9  # G.711 rounds by up to 0.3 dB at this height
    assert len(sounds["sln16"]) == 4 * len(sounds["ulaw"]) == 4 * len(sounds["alaw"])


def test_a_beep_begins_and_ends_softly() -> None:
    beep = audio.beep(250, 1000, WIDE)
    assert beep.ms == 250
    assert audio.measure_rms(beep) == pytest.approx(audio.TARGET_DBFS, abs=0.5)
    assert abs(beep.samples[0]) < 0.001
    assert abs(beep.samples[-1]) < 0.001


@pytest.mark.parametrize("sound", [audio.silence(500, RATE), tone(1000, -50), tone(1000, -9, 10)])
def test_nothing_to_hear_is_refused(sound: Pcm) -> None:
    with pytest.raises(SpeechError, match="nothing is heard"):
        audio.treat(sound, "prompts/id/empty.wav")


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_reading_mixes_to_mono(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"stereo.{form.lower()}"
    left = tone(1000, -9).samples
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), RATE, format=form)
    pcm = audio.read(path)
    assert pcm.rate == RATE
    assert audio.measure_rms(middle(pcm)) == pytest.approx(-12.01 - 6.02, abs=0.2)


def test_unreadable_sound_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    cases = [None, b"", b"RIFF not a sound", _wav(np.zeros(0)), _wav(np.array([0.1, np.nan]))]
    for content in cases:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SpeechError) as caught:
            audio.read(path)
        assert caught.value.place == str(path)
        assert "WAV" in caught.value.remedy


def test_a_rate_below_the_telephone_is_refused() -> None:
    with pytest.raises(SpeechError, match="6000 Hz"):
        audio.decode(_wav(np.zeros(600), 6000), "slow.wav")


def _wav(samples: np.ndarray[tuple[int], np.dtype[np.float64]], rate: int = RATE) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, samples, rate, format="WAV", subtype="FLOAT")
    return target.getvalue()
