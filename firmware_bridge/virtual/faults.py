"""What a bad line does to frames, by seed."""

from __future__ import annotations

import numpy as np

from firmware_bridge.framing import DELIMITER


class LineFaults:
    """Lose frames and flip bits at given rates.

    Parameters
    ----------
    bit_error_rate : float, probability that a bit is flipped
    drop_frame_rate : float, probability that a frame is lost as a whole
    rng : numpy.random.Generator
    """

    def __init__(
        self, bit_error_rate: float, drop_frame_rate: float, rng: np.random.Generator
    ) -> None:
        self._bit_error_rate = bit_error_rate
        self._drop_frame_rate = drop_frame_rate
        self._rng = rng

    def apply(self, wire: bytes) -> bytes:
        """Return what arrives of whole frames, each with its delimiter."""
        if self._drop_frame_rate > 0:
            frames = wire.split(DELIMITER)[:-1]
            kept = self._rng.random(len(frames)) >= self._drop_frame_rate
            wire = b"".join(f + DELIMITER for f, keep in zip(frames, kept, strict=True) if keep)
        return self._flip(wire) if self._bit_error_rate > 0 else wire

    def _flip(self, wire: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(wire, dtype=np.uint8))
        flips = self._rng.random(bits.size) < self._bit_error_rate
        return np.packbits(bits ^ flips).tobytes()
