"""What a bad line does to messages and their bytes, by seed."""

from __future__ import annotations

import numpy as np

from firmware_bridge.virtual.faults import Faults


class LineFaults:
    """Lose, repeat, swap, cut and garble the messages of one direction.

    Parameters
    ----------
    faults : Faults
        Those whose names say frame, byte or bit.
    rng : numpy.random.Generator
    """

    def __init__(self, faults: Faults, rng: np.random.Generator) -> None:
        self._faults = faults
        self._rng = rng
        self._overtaken = b""

    def apply(self, message: bytes) -> bytes:
        """Return what arrives when one whole message is sent: perhaps nothing, or two."""
        it = self._faults
        if self._strikes(it.drop_frame_rate):
            return self._release()
        if self._strikes(it.truncate_frame_rate):
            message = message[: int(self._rng.integers(len(message)))]
        if self._strikes(it.duplicate_frame_rate):
            message += message
        if not self._overtaken and self._strikes(it.reorder_frame_rate):
            self._overtaken = self._spoilt(message)
            return b""
        return self._spoilt(message) + self._release()

    def _strikes(self, rate: float) -> bool:
        return rate > 0 and bool(self._rng.random() < rate)

    def _release(self) -> bytes:
        held, self._overtaken = self._overtaken, b""
        return held

    def _spoilt(self, wire: bytes) -> bytes:
        wire = self._with_noise(self._without_some(wire))
        return self._flip(wire) if self._faults.bit_error_rate > 0 else wire

    def _without_some(self, wire: bytes) -> bytes:
        if self._faults.drop_byte_rate == 0:
            return wire
        kept = self._rng.random(len(wire)) >= self._faults.drop_byte_rate
        return np.frombuffer(wire, dtype=np.uint8)[kept].tobytes()

    def _with_noise(self, wire: bytes) -> bytes:
        if self._faults.insert_byte_rate == 0:
            return wire
        (places,) = np.nonzero(self._rng.random(len(wire)) < self._faults.insert_byte_rate)
        noise = self._rng.integers(0, 256, places.size, dtype=np.uint8)
        return np.insert(np.frombuffer(wire, dtype=np.uint8), places, noise).tobytes()

    def _flip(self, wire: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(wire, dtype=np.uint8))
        flips = self._rng.random(bits.size) < self._faults.bit_error_rate
        return np.packbits(bits ^ flips).tobytes()
