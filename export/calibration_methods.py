"""How far int8 reaches: the magnitude of an activation that becomes 127, found in three ways.

What is larger is cut off, what is smaller gets coarser the larger this magnitude is. Min-max cuts
nothing, percentile a fixed share of the values, entropy as much as leaves their distribution most
alike (Migacz, "8-bit inference with TensorRT", GTC 2017). ONNX Runtime's own collectors are not
used: they hold every activation in memory, and their entropy takes minutes a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["minmax", "entropy", "percentile"]

BINS = 2048
_LEVELS = 128  # magnitudes that int8 tells apart
_STRIDE = 8  # bins between two tried magnitudes
_PERCENTILE = 99.99
_SMALLEST = 1e-6  # an activation that was zero throughout still needs a scale


@dataclass(frozen=True, slots=True, eq=False)
class Magnitudes:
    """How often an activation had which magnitude.

    Parameters
    ----------
    largest : of all
    counts : (BINS,) int64, values in bins of equal width from 0 to `largest`
    """

    largest: float
    counts: NDArray[np.int64]


def minmax(magnitudes: Magnitudes) -> float:
    """Return the largest magnitude.

    >>> minmax(Magnitudes(3.0, np.ones(BINS, dtype=np.int64)))
    3.0
    """
    return max(magnitudes.largest, _SMALLEST)


def percentile(magnitudes: Magnitudes) -> float:
    """Return the magnitude below which 99.99 % of the values lie.

    >>> percentile(Magnitudes(2.0, np.array([10**6] + [0] * 2046 + [1], dtype=np.int64)))
    0.0009765625
    """
    shares = np.cumsum(magnitudes.counts) / max(1, magnitudes.counts.sum())
    last = int(np.searchsorted(shares, _PERCENTILE / 100))
    return _edge(magnitudes, min(last + 1, BINS))


def entropy(magnitudes: Magnitudes) -> float:
    """Return the magnitude at which int8 leaves the distribution most alike.

    The measure is the Kullback-Leibler divergence of the values from what 128 levels keep of them.
    Zeros are left out of it: whatever the magnitude, they stay what they are, and behind a ReLU
    they would outweigh all others.
    """
    counts = magnitudes.counts.astype(np.float64)
    counts[0] = 0.0
    tried = range(_LEVELS, BINS + 1, _STRIDE)
    if not counts.any():
        return minmax(magnitudes)
    divergences = [_divergence(counts, end) for end in tried]
    return _edge(magnitudes, tried[int(np.argmin(divergences))])


METHODS: Mapping[Method, Callable[[Magnitudes], float]] = {
    "minmax": minmax,
    "entropy": entropy,
    "percentile": percentile,
}
"""The magnitude that becomes 127, by method; of equally good ones the first is taken."""


def _edge(magnitudes: Magnitudes, end: int) -> float:
    return max(magnitudes.largest * end / BINS, _SMALLEST)


def _divergence(counts: NDArray[np.float64], end: int) -> float:
    """Return how much the first `end` bins, with all beyond cut to the last, lose in 128 levels."""
    inside = counts[:end]
    wanted = inside.copy()
    wanted[-1] += counts[end:].sum()
    level = np.arange(end) * _LEVELS // end
    filled = inside > 0
    totals = np.bincount(level, inside, _LEVELS)
    shared = totals / np.maximum(1, np.bincount(level, filled, _LEVELS))
    kept = np.where(filled, shared[level], 0.0)
    if not kept.any():
        return np.inf
    p, q = wanted / wanted.sum(), kept / kept.sum()
    seen = p > 0
    # a value that nothing is left of: the last bin, empty but for what was cut off
    return float(np.sum(p[seen] * np.log(p[seen] / np.maximum(q[seen], 1e-9))))
