"""G.711: sixteen-bit samples to and from the bytes of a telephone line (ITU-T G.711).

Nothing but the two companding laws. `PCMU` and `PCMA` are their RTP payload types (RFC 3551).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PCMU = 0
PCMA = 8
RATE = 8000

Samples = NDArray[np.int16]
_Ints = NDArray[np.int32]


def _decode_ulaw(code: _Ints) -> _Ints:
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)
    signed: _Ints = np.where(code & 0x80, 0x84 - size, size - 0x84)
    return signed


def _decode_alaw(code: _Ints) -> _Ints:
    code = code ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    size = np.where(segment > 0, (step + 0x100) << np.maximum(segment - 1, 0), step)
    signed: _Ints = np.where(code & 0x80, size, -size)
    return signed


def _encode_ulaw(sample: _Ints) -> _Ints:
    sign = np.where(sample < 0, 0x80, 0)
    size = np.minimum(np.abs(sample), 32635) + 0x84
    segment = np.floor(np.log2(size)).astype(np.int32) - 7
    code: _Ints = ~(sign | (segment << 4) | ((size >> (segment + 3)) & 0x0F)) & 0xFF
    return code


def _encode_alaw(sample: _Ints) -> _Ints:
    sign = np.where(sample >= 0, 0x80, 0)
    size = np.where(sample >= 0, sample, -sample - 1)
    segment = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(np.int32) - 7, 0)
    code: _Ints = (sign | (segment << 4) | ((size >> np.maximum(segment + 3, 4)) & 0x0F)) ^ 0x55
    return code


_CODES = np.arange(256, dtype=np.int32)
_SAMPLES = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
_DECODED = {
    PCMU: _decode_ulaw(_CODES).astype(np.int16),
    PCMA: _decode_alaw(_CODES).astype(np.int16),
}
_ENCODED = {
    PCMU: _encode_ulaw(_SAMPLES).astype(np.uint8),
    PCMA: _encode_alaw(_SAMPLES).astype(np.uint8),
}

SILENCE = {PCMU: b"\xff", PCMA: b"\xd5"}
"""The byte that stands for no sound, for each law."""

SIZES = {
    law: np.minimum(np.abs(table.astype(np.int32)) >> 5, 255).astype(np.uint8).tobytes()
    for law, table in _DECODED.items()
}
"""For `bytes.translate`: each code's amplitude in steps of 32, at most 255."""


def encode(law: int, samples: Samples) -> bytes:
    """Compress 16-bit samples to one byte each; `law` is PCMU or PCMA."""
    return _ENCODED[law][samples.view(np.uint16)].tobytes()


def decode(law: int, payload: bytes) -> Samples:
    """Expand the bytes of a payload to 16-bit samples; `law` is PCMU or PCMA."""
    return _DECODED[law][np.frombuffer(payload, np.uint8)]
