from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.errors import SpeechError
from ivr.phone import g711
from ivr.phone.g711 import PCMA, PCMU
from ivr.phone.heard import Heard
from ivr.phone.rtp import Packet
from ivr.phone.voice import make_voice, read_voice

LOUD = g711.encode(PCMU, np.full(160, 8000, np.int16))
SILENT = b"\xff" * 160


def voice(number: int, stamp: int, payload: bytes = LOUD, ssrc: int = 1) -> Packet:
    return Packet(PCMU, False, number & 0xFFFF, stamp & 0xFFFFFFFF, ssrc, payload)


def edges(heard: Heard, until: float) -> list[int]:
    """Give the samples where sound begins and ends, in turn."""
    loud = np.concatenate([[False], heard.render(until) > 4000, [False]])
    return [int(place) for place in np.flatnonzero(np.diff(loud.astype(np.int8)))]


def test_late_packet_lies_where_its_timestamp_says() -> None:
    heard = Heard()
    for n in range(20):
        late = 0.015 if n % 7 == 0 else 0.0
        heard.add(voice(n, 0xFFFFFF00 + n * 160), 1.0 + n * 0.02 + late)
    assert edges(heard, 2.0) == [8000, 8000 + 20 * 160]


def test_reordered_and_doubled_packets_leave_no_trace() -> None:
    heard = Heard()
    for n in (0, 1, 3, 2, 2, 4, 5):
        heard.add(voice(n, n * 160), 0.5 + n * 0.02)
    assert edges(heard, 1.0) == [4000, 4000 + 6 * 160]


def test_lost_packet_is_a_gap() -> None:
    heard = Heard()
    for n in (0, 1, 3):
        heard.add(voice(n, n * 160), n * 0.02)
    assert edges(heard, 0.1) == [0, 320, 480, 640]


def test_scheduler_that_is_late_half_of_the_time_tears_nothing() -> None:
    heard = Heard()
    late = [0, 3, 0, 3, 3, 0, 0, 3, 3, 3, 3, 0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 3, 0, 0, 3, 0]
    for n, milliseconds in enumerate(late):
        heard.add(voice(n, n * 160), 1.0 + n * 0.02 + milliseconds * 0.0011)
    assert edges(heard, 2.0) == [8000, 8000 + len(late) * 160]


def test_burst_of_seven_late_packets_tears_nothing() -> None:
    heard = Heard()
    for n in range(30):
        heard.add(voice(n, n * 160), 1.0 + (17 if 10 <= n < 17 else n) * 0.02)
    assert edges(heard, 2.0) == [8000, 8000 + 30 * 160]


@pytest.mark.parametrize("pause", [0.006, 0.033, 0.079, 0.5])
def test_pause_that_timestamps_hide_is_kept(pause: float) -> None:
    heard = Heard()
    for n in range(30):
        heard.add(voice(n, n * 160), 1.0 + n * 0.02 + (pause if n >= 15 else 0.0))
    gap = round(pause * 8000)
    assert edges(heard, 3.0) == [8000, 10400, 10400 + gap, 12800 + gap]


def test_sound_that_comes_earlier_than_its_timestamps_say_is_placed_by_its_arrival() -> None:
    heard = Heard()
    for n in range(30):
        payload = SILENT if 10 <= n < 20 else LOUD
        heard.add(voice(n, n * 160, payload), 1.0 + n * 0.02 - (0.009 if n >= 20 else 0.0))
    assert edges(heard, 3.0) == [8000, 9600, 11128, 12728]


def test_short_last_packet_that_asterisk_stamps_too_early_is_joined() -> None:
    heard = Heard()
    for n in range(9):
        heard.add(voice(n, n * 160), 1.0 + n * 0.02 + n % 2 * 0.0003)
    heard.add(voice(9, 8 * 160 + 138, LOUD[:138]), 1.1803)
    assert edges(heard, 2.0) == [8000, 8000 + 9 * 160 + 138]


def test_new_stream_is_placed_by_its_arrival() -> None:
    heard = Heard()
    heard.add(voice(0, 5000), 0.1)
    heard.add(voice(9, 123456, ssrc=2), 0.2)
    assert edges(heard, 0.3) == [800, 960, 1600, 1760]


def test_sound_past_the_end_is_cut() -> None:
    heard = Heard()
    heard.add(voice(0, 0), 0.19)
    assert len(heard.render(0.2)) == 1600
    assert edges(heard, 0.2) == [1520, 1600]
    assert len(heard.render(0.0)) == 0


def test_loud_packets_are_found_and_quiet_ones_are_not() -> None:
    heard = Heard()
    assert heard.quiet_since == 0.0
    for n in range(10):
        heard.add(voice(n, n * 160, LOUD if 3 <= n < 7 else SILENT), n * 0.02)
    assert heard.find_sound(0.0, 1) == pytest.approx(0.06)
    assert heard.find_sound(0.07, 3) == pytest.approx(0.08)
    assert heard.find_sound(0.07, 4) is None
    assert heard.quiet_since == pytest.approx(0.14)
    assert heard.measure_sound(0.0) == pytest.approx(0.08)


def test_other_payloads_are_not_sound() -> None:
    heard = Heard()
    heard.add(Packet(101, True, 0, 0, 1, b"\x01\x0a\x00\xa0"), 0.1)
    heard.add(Packet(PCMU, True, 0, 0, 1, b""), 0.1)
    assert not heard.render(0.2).any()


@pytest.mark.parametrize(("law", "name"), [(PCMU, "ULAW"), (PCMA, "ALAW")])
def test_decode_agrees_with_libsndfile(law: int, name: str) -> None:
    codes = bytes(range(256))
    other, _ = soundfile.read(
        io.BytesIO(codes), dtype="int16", samplerate=8000, channels=1, format="RAW", subtype=name
    )
    assert np.array_equal(g711.decode(law, codes), other)


def encode_with_libsndfile(samples: g711.Samples, name: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="RAW", subtype=name)
    return file.getvalue()


SAMPLES = np.arange(-32768, 32768).astype(np.int16)


def test_encode_ulaw_agrees_with_libsndfile() -> None:
    assert g711.encode(PCMU, SAMPLES) == encode_with_libsndfile(SAMPLES, "ULAW")


def test_encode_alaw_agrees_with_libsndfile_but_on_negative_decision_values() -> None:
    ours = np.frombuffer(g711.encode(PCMA, SAMPLES), np.uint8)
    theirs = np.frombuffer(encode_with_libsndfile(SAMPLES, "ALAW"), np.uint8)
    differ = SAMPLES[ours != theirs]
    # There G.711 leaves the choice open; ITU-T G.191 takes the smaller amplitude, as we do.
    assert np.all(differ < 0)
    assert np.all(differ % 16 == 0)
    assert len(differ) == 127


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_every_code_comes_back(law: int) -> None:
    codes = bytes(range(256))
    negative_zero = bytes([0x7F]) if law == PCMU else b""
    expected = codes.replace(negative_zero, b"\xff") if negative_zero else codes
    assert g711.encode(law, g711.decode(law, codes)) == expected


def test_silence_bytes_are_the_smallest_amplitude() -> None:
    for law, byte in g711.SILENCE.items():
        assert abs(int(g711.decode(law, byte)[0])) <= 8


def test_made_up_voice_is_the_same_every_time_and_of_level() -> None:
    sound = make_voice(1.0)
    assert len(sound) == 8000
    assert np.array_equal(sound, make_voice(1.0))
    assert np.max(np.abs(sound)) == 8000
    assert len(make_voice(0.0)) == 0


def test_voice_file_of_another_rate_and_two_channels(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000) / 2
    soundfile.write(path, np.column_stack([tone, tone]), 48000)
    samples = read_voice(path)
    assert len(samples) == 8000
    assert 16000 < np.max(samples) < 16800


def test_file_that_is_no_sound_is_a_speech_error(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_text("no sound")
    with pytest.raises(SpeechError, match=r"voice\.wav"):
        read_voice(path)
    with pytest.raises(SpeechError, match=r"missing\.wav"):
        read_voice(tmp_path / "missing.wav")
