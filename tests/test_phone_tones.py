"""Keys as tones: the right two frequencies, the right lengths, nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.errors import UsageError
from ivr.phone import g711
from ivr.phone.tones import HIGH, LOW, frequencies, key_tones

KEYS = "123A456B789C*0#D"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_has_its_two_tones(key: str) -> None:
    sound = key_tones(key, tone_ms=200, gap_ms=20)[:1600].astype(np.float64)
    power = np.abs(np.fft.rfft(sound * np.hanning(1600))) ** 2
    hertz = np.fft.rfftfreq(1600, 1 / g711.RATE)
    loudest = {min(LOW + HIGH, key=lambda one: abs(one - hertz[n])) for n in np.argsort(power)[-2:]}
    assert loudest == set(frequencies(key))
    near = sum(power[np.abs(hertz - one) < 25].sum() for one in frequencies(key))
    assert near > 0.99 * power.sum()


def test_keys_stand_side_by_side() -> None:
    sound = key_tones("17", tone_ms=80, gap_ms=60)
    assert len(sound) == 2 * 140 * 8
    assert not sound[80 * 8 : 140 * 8].any()
    assert np.abs(sound[:640]).max() > 8_000
    assert len(key_tones("")) == 0


def test_what_no_telephone_has_is_refused() -> None:
    with pytest.raises(UsageError, match="not a telephone key"):
        key_tones("1x")
