"""Sound as numbers: reading, resampling, trimming, levelling, encoding for the telephone.

Levels are in dBFS: 0 is a full-scale square wave. Down-sampling goes through soxr, whose filter
keeps what a telephone cannot carry from folding back into what it can. Must not know about texts,
voices or the cache.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ivr.errors import SpeechError

Samples: TypeAlias = NDArray[np.float32]

NARROW, WIDE = 8000, 16000  # Hz: the telephone's rate, and that of wideband calls
TARGET_DBFS, TOLERANCE_DB, PEAK_DBFS = -18.0, 2.0, -3.0
FLOOR_DBFS = -45.0  # what is quieter counts as silence
KEEP_MS = 20  # left at both ends when silence is trimmed
FRAME_MS = 5
PIPELINE = "1"  # part of every cache key: raise it when the treatment of sound changes

_REMEDY = "Save it again as a WAV file, 16 bit, mono, 16 kHz or more."


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono sound: samples from -1 to 1, and how many of them make a second."""

    samples: Samples
    rate: int

    @property
    def ms(self) -> int:
        """Its length in milliseconds."""
        return round(len(self.samples) * 1000 / self.rate)


def read(path: Path) -> Pcm:
    """Read a sound file of any format of libsndfile, mixed to mono. Raises SpeechError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpeechError(
            f"the sound cannot be read ({error.strerror})", place=str(path), remedy=_REMEDY
        ) from error
    return decode(data, str(path))


def decode(data: bytes, place: str) -> Pcm:
    """Read a sound file's bytes. Raises SpeechError, naming `place`, when they are not sound."""
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        raise SpeechError("this is not a sound file", place=place, remedy=_REMEDY) from error
    mono = samples.mean(axis=1, dtype=np.float32)
    if not len(mono) or not np.isfinite(mono).all():
        raise SpeechError("this sound file is empty or damaged", place=place, remedy=_REMEDY)
    if rate < NARROW:
        raise SpeechError(f"{rate} Hz is too low for a telephone", place=place, remedy=_REMEDY)
    return Pcm(mono, rate)


def resample(pcm: Pcm, rate: int) -> Pcm:
    """Return the sound at `rate` Hz, filtered so that nothing folds back."""
    if pcm.rate == rate:
        return pcm
    return Pcm(soxr.resample(pcm.samples, pcm.rate, rate, quality="VHQ"), rate)


def measure_peak(pcm: Pcm) -> float:
    """Return the highest sample in dBFS; -inf for silence."""
    return _decibels(float(np.abs(pcm.samples).max(initial=0.0)))


def measure_rms(pcm: Pcm) -> float:
    """Return the level of the whole sound in dBFS; -inf for silence."""
    return _decibels(float(np.sqrt(np.mean(np.square(pcm.samples, dtype=np.float64)))))


def measure_speech(pcm: Pcm) -> float:
    """Return the level in dBFS of what is not silence, pauses left out; -inf when all is."""
    power = _frame_power(pcm)
    loud = power[power > 10 ** (FLOOR_DBFS / 10)]
    return _decibels(float(np.sqrt(loud.mean()))) if len(loud) else -np.inf


def trim(pcm: Pcm, keep_ms: int = KEEP_MS) -> Pcm:
    """Cut silence (below -45 dBFS) from both ends, but for `keep_ms`; empty when all is silent."""
    frame = pcm.rate * FRAME_MS // 1000
    loud = np.flatnonzero(_frame_power(pcm) > 10 ** (FLOOR_DBFS / 10))
    if not len(loud):
        return Pcm(pcm.samples[:0], pcm.rate)
    keep = pcm.rate * keep_ms // 1000
    start = max(0, int(loud[0]) * frame - keep)
    return Pcm(pcm.samples[start : (int(loud[-1]) + 1) * frame + keep], pcm.rate)


def scale_to_peak(pcm: Pcm, peak_dbfs: float = PEAK_DBFS) -> Pcm:
    """Return the sound with its highest sample at `peak_dbfs`; silence stays as it is."""
    gain = peak_dbfs - measure_peak(pcm)
    return _amplify(pcm, gain) if np.isfinite(gain) else pcm


def level(pcm: Pcm) -> Pcm:
    """Bring speech to -18 dBFS (2 dB either way), peaks rounded off below -3 dBFS.

    How loud it was before does not count. Silence is returned as it is.
    """
    pcm = scale_to_peak(pcm)
    for _ in range(6):
        missing = TARGET_DBFS - measure_speech(pcm)
        if not np.isfinite(missing):
            return pcm
        pcm = _limit(_amplify(pcm, missing))
        if abs(TARGET_DBFS - measure_speech(pcm)) <= TOLERANCE_DB / 4:
            break
    return pcm


def silence(ms: int, rate: int) -> Pcm:
    """Return `ms` milliseconds of nothing."""
    return Pcm(np.zeros(rate * ms // 1000, dtype=np.float32), rate)


def beep(ms: int, hertz: float, rate: int) -> Pcm:
    """Return a tone at -18 dBFS that begins and ends softly."""
    time = np.arange(rate * ms // 1000, dtype=np.float64) / rate
    wave = np.sin(2 * np.pi * hertz * time) * 10 ** (TARGET_DBFS / 20) * np.sqrt(2)
    ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.005)
    return Pcm((wave * ramp).astype(np.float32), rate)


def encode(pcm: Pcm) -> Mapping[str, bytes]:
    """Return the sound as Asterisk reads it, by file extension.

    `ulaw` and `alaw` are one byte a sample at 8 kHz (ITU-T G.711), `sln16` is 16-bit little-endian
    at 16 kHz. All three have the same length in time, a whole number of milliseconds.
    """
    return _encode(resample(pcm, NARROW), resample(pcm, WIDE), pcm.ms)


def treat(pcm: Pcm, place: str) -> Mapping[str, bytes]:
    """Trim, level and encode what a voice said. Raises SpeechError when nothing is heard.

    Both rates are levelled for themselves: a telephone loses the hiss of an "s", which is most of
    some short clips.
    """
    spoken = trim(scale_to_peak(pcm))
    if measure_peak(pcm) < FLOOR_DBFS or spoken.ms < 2 * KEEP_MS:
        raise SpeechError("nothing is heard in this sound", place=place, remedy="Record it again.")
    narrow, wide = (level(resample(spoken, rate)) for rate in (NARROW, WIDE))
    return _encode(narrow, wide, spoken.ms)


def _encode(narrow: Pcm, wide: Pcm, ms: int) -> Mapping[str, bytes]:
    narrow, wide = _fit(narrow, ms), _fit(wide, ms)
    return {
        "ulaw": _write_raw(narrow, "ULAW"),
        "alaw": _write_raw(narrow, "ALAW"),
        "sln16": _quantise(wide).tobytes(),
    }


def _decibels(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else -np.inf


def _amplify(pcm: Pcm, decibels: float) -> Pcm:
    return Pcm(pcm.samples * np.float32(10 ** (decibels / 20)), pcm.rate)


def _frame_power(pcm: Pcm) -> NDArray[np.float64]:
    """The mean power of each frame of 5 ms; the last one is filled up with silence."""
    frame = pcm.rate * FRAME_MS // 1000
    padded = np.pad(pcm.samples.astype(np.float64), (0, -len(pcm.samples) % frame))
    power: NDArray[np.float64] = np.square(padded).reshape(-1, frame).mean(axis=1)
    return power


def _limit(pcm: Pcm) -> Pcm:
    """Turn the volume down around samples above -3 dBFS, smoothly over 5 ms, and up again."""
    ceiling = np.float32(10 ** ((PEAK_DBFS - 0.1) / 20))
    if float(np.abs(pcm.samples).max(initial=0.0)) <= ceiling:
        return pcm
    reach = pcm.rate * FRAME_MS // 1000
    gain = np.minimum(1.0, ceiling / np.maximum(np.abs(pcm.samples), ceiling))
    lowest = np.lib.stride_tricks.sliding_window_view(
        np.pad(gain, 2 * reach, constant_values=1.0), 2 * reach + 1
    ).min(axis=1)
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.convolve(lowest, window / window.sum(), mode="valid")
    return Pcm((pcm.samples * smooth).astype(np.float32), pcm.rate)


def _fit(pcm: Pcm, ms: int) -> Pcm:
    size = pcm.rate * ms // 1000
    return Pcm(np.pad(pcm.samples, (0, max(0, size - len(pcm.samples))))[:size], pcm.rate)


def _quantise(pcm: Pcm) -> NDArray[np.int16]:
    return np.clip(np.rint(pcm.samples * 32767), -32768, 32767).astype("<i2")


def _write_raw(pcm: Pcm, subtype: str) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, _quantise(pcm), pcm.rate, format="RAW", subtype=subtype)
    return target.getvalue()
