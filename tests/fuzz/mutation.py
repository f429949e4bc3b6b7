"""Bytes that are almost right: flipped, lost, doubled, cut, joined with others, set to extremes."""

from __future__ import annotations

import random
from collections.abc import Sequence

_EXTREMES = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0A, 0x0D, 0x2C, 0x2D, 0x2E, 0x45, 0x65)
_LONGEST_RUN = 48


class Mutator:
    """Mutate inputs, by seed.

    Parameters
    ----------
    corpus : good inputs, from which pieces are taken too
    seed : int
    """

    def __init__(self, corpus: Sequence[bytes], seed: int) -> None:
        self._corpus = [it for it in corpus if it]
        self._rng = random.Random(seed)

    def some(self) -> bytes:
        """Return a mutated member of the corpus."""
        return self.mutated(self._rng.choice(self._corpus))

    def mutated(self, data: bytes) -> bytes:
        """Return it with one to four changes."""
        changed = bytearray(data)
        for _ in range(1 + int(self._rng.random() ** 2 * 4)):
            self._change(changed)
        return bytes(changed)

    def _change(self, it: bytearray) -> None:
        rng = self._rng
        at, length = int(rng.random() * (len(it) + 1)), 1 + int(rng.random() * _LONGEST_RUN)
        match int(rng.random() * 9):
            case 0 | 1 if at < len(it):
                it[at] ^= 1 << int(rng.random() * 8)
            case 2 if at < len(it):
                it[at] = _EXTREMES[int(rng.random() * len(_EXTREMES))]
            case 3:
                it.insert(at, int(rng.random() * 256))
            case 4:
                del it[at : at + length]
            case 5:
                it[at:at] = it[at : at + length]
            case 6:
                del it[at:]
            case 7:
                other = self._corpus[int(rng.random() * len(self._corpus))]
                it[at:] = other[int(rng.random() * len(other)) :]
            case _:
                it[at : at + length] = rng.randbytes(length)
