"""Confidence that means what it says: logits into calibrated probabilities.

A temperature (Guo et al. 2017) serves all classes alike. What it leaves over is corrected where it
matters, in the largest probability: its log-odds are stretched and moved (Platt 1999), the others
share what is left as before. The order of the classes never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import HeadError

_TINY = 1e-12
_LARGEST_ODDS = 80.0  # a float32 holds its exponential
_EVEN = 0.49
_AHEAD = 1.0001
"""The most probable class stays so, by this factor at least."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """Three numbers that make probabilities of logits.

    Parameters
    ----------
    temperature : logits are divided by it
    slope : the log-odds of the largest probability are multiplied with it
    offset : and this is added, nepers

    Raises
    ------
    HeadError
        If temperature or slope is not positive, or one is not a number.
    """

    temperature: float = 1.0
    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("temperature", self.temperature), ("slope", self.slope)):
            if not 0 < value < np.inf:
                raise HeadError(f"{name} must be positive, got {value}")
        if not np.isfinite(self.offset):
            raise HeadError(f"offset must be a number, got {self.offset}")

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated probabilities.

        Parameters
        ----------
        logits : (N, K)

        Returns
        -------
        (N, K) of the same type, rows sum to one, classes ordered as in `logits`

        >>> two = np.array([[2.0, 0.0]], dtype=np.float32)
        >>> Confidence().probabilities(two).round(3)
        array([[0.881, 0.119]], dtype=float32)
        >>> Confidence(offset=1.0).probabilities(two).round(3)
        array([[0.953, 0.047]], dtype=float32)
        """
        plain = softmax(logits / logits.dtype.type(self.temperature))
        if (self.slope, self.offset) == (1.0, 0.0) or plain.shape[1] < 2:
            return plain
        if len(plain) == 1:  # as a vector: its scalars are ten times as quick as arrays of one
            return self._correct(plain[0])[np.newaxis]
        return self._correct(plain)

    def _correct(self, plain: NDArray[np.float32]) -> NDArray[np.float32]:
        """Stretch and move the log-odds of the largest of each (…, K)."""
        best = plain.argmax(axis=-1)
        at = best if plain.ndim == 1 else (np.arange(len(plain)), best)
        others = np.maximum(plain, plain.dtype.type(_TINY))
        others[at] = 0.0
        rest = np.add.reduce(others, axis=-1)
        odds = self.slope * np.log(plain[at] / rest) + self.offset
        left: NDArray[Any] = 1 / (1 + np.exp(np.minimum(odds, _LARGEST_ODDS)))
        if np.logical_or.reduce(left > _EVEN):
            second = np.maximum.reduce(others, axis=-1)
            left = np.minimum(left, np.maximum(0.0, 1 - _AHEAD * second / (rest + second)))
        others *= (left / rest)[..., np.newaxis]
        others[at] = 1 - left
        return others


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax over the last axis, safe from overflow.

    >>> softmax(np.array([[1000.0, 1000.0]], dtype=np.float32))
    array([[0.5, 0.5]], dtype=float32)
    """
    powers: NDArray[np.float32] = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    scaled: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return scaled
